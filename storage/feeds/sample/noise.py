"""Randomness that depends on a name and a place in time alone."""

import hashlib

import numpy as np
import pandas as pd


def noise(name: str, count: int) -> np.ndarray:
    """The first ``count`` standard normal numbers of a name; more of them begin with the same.

    >>> bool((noise("a", 3) == noise("a", 5)[:3]).all())
    True
    """
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.random.Generator(np.random.PCG64(seed)).standard_normal(count)


def share(name: str) -> float:
    """A number from 0 to 1 that stands for a name."""
    return int.from_bytes(hashlib.sha256(f"share/{name}".encode()).digest()[:6], "big") / 2**48


def smooth(values: np.ndarray, *, keep: float) -> np.ndarray:
    """A first-order autoregression of unit variance, driven by values of unit variance.

    Args:
        values: shape ``(rows,)``.
        keep: the share of a value that is left after one step, from 0 to 1.
    """
    path = pd.Series(values).ewm(alpha=1 - keep, adjust=False).mean().to_numpy()
    scaled: np.ndarray = path / np.sqrt((1 - keep) / (1 + keep))
    return scaled
