"""What was told night by night, as a column beside a series: each instant has what its own run knew, and no more."""

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.differencing import Floats

Instants = NDArray[np.datetime64]


def means_by_instant(available: Instants, *, told_at: Instants, means: Floats, counts: NDArray[np.int64]) -> Floats:
    """The mean of what was told since the instant before, ``(instants,)``; NaN where nothing was.

    Of an instant is what was told by the first night on which it could be known, and whatever was since that of the
    instant before: a run that forecasts from it that night has read just that. What was told later, on a weekend or by
    a second run of the day, belongs to the next instant.

    Args:
        available: ``(instants,)`` ascending, from when each can be known.
        told_at: ``(nights,)`` ascending, each once.
        means: ``(nights,)`` of what was told then.
        counts: ``(nights,)`` of how much.

    >>> days = np.arange("2024-01-05", "2024-01-08", dtype="datetime64[D]")
    >>> nights = np.array(["2024-01-05T04", "2024-01-05T20", "2024-01-06T01"], dtype="datetime64[h]")
    >>> means_by_instant(days, told_at=nights, means=np.array([0.2, 0.4, 0.8]), counts=np.array([5, 3, 1])).tolist()
    [0.2, 0.5, nan]
    """
    place = np.searchsorted(available, told_at, side="right") - 1
    closes = (place >= 0) & (np.diff(place, prepend=-1) > 0)
    # Of each night the next that closes an instant, itself included; of those after the last there is none yet.
    following = np.searchsorted(np.flatnonzero(closes), np.arange(len(place)))
    told = following < closes.sum()
    instant = place[closes][following[told]]
    weights = np.bincount(instant, weights=counts[told], minlength=len(available))
    sums = np.bincount(instant, weights=counts[told] * means[told], minlength=len(available))
    return np.asarray(np.divide(sums, weights, out=np.full(len(available), np.nan), where=weights > 0))
