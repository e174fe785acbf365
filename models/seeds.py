"""Seeds for what a network draws at random, drawn from the network's own."""

import random
from collections.abc import Iterator
from typing import Any

import keras

_LARGEST = 10**9


class Seeds(Iterator[int]):
    """Seeds without end, decided by the first; with initialisers made of them.

    Left to itself Keras takes each seed from Python's own generator, of which every thread of the process takes: a
    connection to the Prefect server that is made anew meanwhile, say, and the network has other weights.
    """

    def __init__(self, seed: int) -> None:
        self._generator = random.Random(seed)  # noqa: S311 — no secret

    def __next__(self) -> int:
        """The next seed."""
        return self._generator.randint(1, _LARGEST)

    def glorot(self) -> Any:
        """For kernels of inputs."""
        return keras.initializers.GlorotUniform(seed=next(self))

    def orthogonal(self) -> Any:
        """For kernels of states."""
        return keras.initializers.Orthogonal(seed=next(self))
