"""Keras on TensorFlow, loaded without the lines that TensorFlow prints while it starts."""

import contextlib
import importlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator

from daycast.storage.terms.cells import CELLS
from daycast.storage.terms.network import ModelSpec

_EPSILON = 1e-7
"""Keras' default of the smallest number that it tells from zero."""


def load_keras() -> None:
    """Import Keras and TensorFlow, with Keras' own defaults whatever ``~/.keras/keras.json`` says.

    What they print on the way is shown only if that fails.

    TensorFlow's C++ code writes to the process's standard error before its log level is read, so that the file
    descriptor itself is held back.
    """
    if "keras" not in sys.modules:
        with _stderr_held():
            importlib.import_module("tensorflow")
            importlib.import_module("keras")
    # Its hints on speed speak to who wrote the code; what goes wrong is an error.
    sys.modules["tensorflow"].get_logger().setLevel(logging.ERROR)
    config = sys.modules["keras"].config
    config.set_floatx("float32")
    config.set_dtype_policy("float32")
    config.set_image_data_format("channels_last")
    config.set_epsilon(_EPSILON)


CORES = os.cpu_count() or 1


def share_cores(model: ModelSpec) -> None:
    """Suit the process to the network it will train, after :func:`load_keras` and before anything is computed.

    Where parts of a batch are computed side by side, one a core, each operation has one core: a step is so short that
    handing pieces of it to another costs more than it gives. The GRU's loops, read step by step, are slower that way. A
    process that has computed already stays as it is.
    """
    if not CELLS[model.cell].in_parts:
        return
    threading = sys.modules["tensorflow"].config.threading
    with contextlib.suppress(RuntimeError):
        threading.set_intra_op_parallelism_threads(1)
        threading.set_inter_op_parallelism_threads(CORES)


def accelerators() -> int:
    """GPUs that TensorFlow sees, after :func:`load_keras`."""
    return len(sys.modules["tensorflow"].config.list_physical_devices("GPU"))


@contextlib.contextmanager
def _stderr_held() -> Iterator[None]:
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
