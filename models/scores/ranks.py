"""A few order statistics of very many values, without sorting them."""

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.differencing import Floats

_BINS = 1 << 14
_REACH = 16
"""Means that the bins reach to; what is larger shares the last one."""


def ranked(values: Floats, places: NDArray[np.intp]) -> Floats:
    """What would stand at some places if the values were sorted, to the last bit.

    Values are counted in bins; only those in the bins that hold one of the places are sorted. Of some hundred thousand
    values that takes a sixth of the time of a selection by NumPy.

    Args:
        values: ``(n,)``, none below zero; infinite ones stand last.
        places: ``(m,)`` from 0 to n - 1, in any order.

    >>> ranked(np.array([3.0, np.inf, 1.0, 2.0]), np.array([0, 2, 3])).tolist()
    [1.0, 3.0, inf]
    """
    finite = np.isfinite(values)
    mean = np.mean(values, where=finite) if finite.any() else 0.0
    factor = _BINS / (_REACH * mean) if mean > np.finfo(float).tiny * _BINS else 1.0
    bins = np.minimum(values * factor, _BINS - 1).astype(np.int32)
    counts = np.bincount(bins, minlength=_BINS)
    ends = np.cumsum(counts)
    wanted = np.searchsorted(ends, places, side="right")
    chosen = np.zeros(_BINS, dtype=bool)
    chosen[wanted] = True
    some = np.sort(values[chosen[bins]])
    sizes = np.where(chosen, counts, 0)
    return np.asarray(some[places - (ends - counts)[wanted] + (np.cumsum(sizes) - sizes)[wanted]])
