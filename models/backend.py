"""Keras on TensorFlow, loaded without the lines that TensorFlow prints while it starts."""

import contextlib
import importlib
import os
import sys
import tempfile
from collections.abc import Iterator


def load_keras() -> None:
    """Import Keras and TensorFlow; what they print on the way is shown only if that fails.

    TensorFlow's C++ code writes to the process's standard error before its log level is read, so that the file
    descriptor itself is held back.
    """
    if "keras" in sys.modules:
        return
    # TensorFlow has oneDNN on by default on some processors only; on all it multiplies small matrices faster, and keeps
    # large blocks of memory instead of giving them back after each step.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    with _stderr_held():
        importlib.import_module("tensorflow")
        importlib.import_module("keras")


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
