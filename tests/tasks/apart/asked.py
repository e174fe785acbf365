"""What ``test_process.py`` asks of another process."""

import hashlib
import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import NoReturn

import numpy as np

from daycast.storage.terms.network import ModelSpec


def weights(cell: str) -> str:
    """The hash of a small network's weights after two epochs on made-up windows."""
    from daycast.models.networks.backend import load_keras, share_cores

    load_keras()
    segments = {"segment": 4} if cell.startswith("segment") else {}
    model = ModelSpec.model_validate(
        {"cell": cell, "units": (8,), "epochs": 2, "batch_size": 16, "seed": 3, "dropout": 0.2, **segments}
    )
    share_cores(model)
    import tensorflow as tf

    from daycast.models.networks.build import Frame, build
    from daycast.models.networks.fitting import in_order, ready, run, shuffled
    from daycast.models.series.gathering import Gathered

    tf.config.experimental.enable_op_determinism()
    generator = np.random.default_rng(1)
    pairs = []
    for count in (96, 32):
        inputs = generator.normal(size=(count, 8, 1)).astype("float32")
        pairs.append(Gathered.of(inputs, generator.normal(size=(count, 2)).astype("float32")))
    network = ready(build(model, frame=Frame(lookback=8, features=1, horizon=2)), model=model)
    run(
        network,
        training=shuffled(pairs[0], model=model),
        validation=in_order(pairs[1]),
        model=model,
        warm=False,
        on_epoch=print,
        expired=lambda: False,
    )
    return hashlib.sha256(b"".join(each.tobytes() for each in network.get_weights())).hexdigest()


def loaded() -> tuple[bool, bool, bool]:
    """Whether Keras and the training are there, and Prefect."""
    names = ("keras", "daycast.tasks.apart.training", "prefect")
    return tuple(name in sys.modules for name in names)  # type: ignore[return-value]


def counted(most: int, *, told: Callable[..., None]) -> int:
    """Tells each number below another."""
    for number in range(most):
        told(number, f"of {most}")
    return most


def fail(error: Exception) -> NoReturn:
    """Raises it."""
    raise error


def divide() -> float:
    """Fails."""
    return 1 / 0


def fail_unportably() -> NoReturn:
    """Raises what cannot be pickled."""

    class Unportable(Exception):  # noqa: N818
        pass

    raise Unportable(timedelta(1))


def kill_itself() -> None:
    """Ends as if the machine were out of memory."""
    os.kill(os.getpid(), signal.SIGKILL)
