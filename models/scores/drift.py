"""Whether what came lately is like what a network was trained on: by column, and for its errors.

Two numbers are told of each. The population stability index says how large the difference is; it is the sum over the
ten bins that the training part fills alike of ``(p - q) ln(p / q)``, and .25 and more is called a large one. The
Kolmogorov-Smirnov distance is the test: neighbours in time are alike, so that its textbook distribution rings every
other night. Here the training part says itself how far a stretch of it lies from the rest: the logarithm of that
distance over its blocks, each as long as what is recent, is near enough to normal to hold the recent one against them
by Student's t of one further value.

Sources: Siddiqi, "Credit Risk Scorecards", 2006 (the index and its .25); Politis, Romano and Wolf, "Subsampling", 1999,
chapter 3 (blocks of a dependent series as the reference of a test).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from daycast.models.series.differencing import Floats

ERROR = "*error"
"""The name under which a network's errors stand beside the columns."""
ASSURANCE = 0.01
"""False alarms a night at most, over all columns."""
_RECENT, _BLOCKS = 100, 10
"""Steps that are recent, at most; and blocks of that length that the training part must have."""
_BINS, _FINE = 10, 50
"""Bins of the index, and of the distance."""
_LEAST = 20
"""Values that are recent, at least."""
_EMPTY = 1e-4
"""The share of a bin in which there is nothing."""


@dataclass(frozen=True, kw_only=True)
class Drift:
    """How far recent values of one column lie from those of the training part.

    Attributes:
        name: the column, or :data:`ERROR`.
        psi: the population stability index.
        distance: of Kolmogorov and Smirnov, from 0 to 1.
        p_value: how often a column that has not changed shows as much, times the columns looked at, 1 at most.
        n: recent values.
        training_n: values of the training part.
    """

    name: str
    psi: float
    distance: float
    p_value: float
    n: int
    training_n: int

    def beyond(self, limit: float) -> bool:
        """Whether it is larger than a limit of the index, and more than chance gives."""
        return self.psi > limit and self.p_value < ASSURANCE


def recent_steps(training: int, *, season: int) -> int:
    """How many steps are recent: whole seasons, some hundred steps, and few enough for blocks of the training part.

    0 where there are too few to compare.

    >>> recent_steps(12000, season=24), recent_steps(700, season=5), recent_steps(90, season=7)
    (96, 70, 0)
    """
    most = min(_RECENT, training // _BLOCKS)
    steps = most // season * season if most >= season else most
    return steps if steps >= _BLOCKS else 0


def drift(
    name: str, training: NDArray[Any], recent: NDArray[Any], *, columns: int, one_sided: bool = False
) -> Drift | None:
    """Hold recent values against those of the training part.

    Args:
        name: of the column.
        training: ``(series, steps)`` in time order, NaN where there is none.
        recent: ``(series, recent steps)``, likewise.
        columns: how many are looked at.
        one_sided: whether smaller values are no drift.

    Returns:
        What was found; none where there are too few values to tell.
    """
    codes, later = _places(training, recent)
    blocks = _by_block(codes, width=recent.shape[1])
    late, total = _histogram(later), _histogram(codes)
    if late.sum() < _LEAST or len(blocks) < _BLOCKS or not np.count_nonzero(total) > 1:
        return None
    usual = np.array([_apart(block, total - block)[0] for block in blocks])
    distance, larger = _apart(late, total)
    share = _share_beyond(usual, distance, n=float(late.sum())) if larger or not one_sided else 1.0
    return Drift(
        name=name,
        psi=_index(late, total),
        distance=distance,
        p_value=min(1.0, columns * share),
        n=int(late.sum()),
        training_n=int(total.sum()),
    )


def _places(training: NDArray[Any], recent: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """In which fine bin of the training part each value is, every series in its own measure; -1 where there is none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        there = np.isfinite(training)
        count = np.maximum(there.sum(axis=1, keepdims=True), 1)
        mean = np.where(there, training, 0.0).sum(axis=1, keepdims=True) / count
        std = np.sqrt(np.square(np.where(there, training - mean, 0.0)).sum(axis=1, keepdims=True) / count)
    scale = np.where(std > 0, std, 1.0)
    one, other = (training - mean) / scale, (recent - mean) / scale
    known = one[np.isfinite(one)]
    edges = np.quantile(known, np.arange(1, _FINE) / _FINE) if len(known) else np.zeros(_FINE - 1)
    first, second = (np.where(np.isfinite(of), np.searchsorted(edges, of, side="right"), -1) for of in (one, other))
    return first, second


def _histogram(codes: NDArray[np.intp]) -> Floats:
    return np.bincount(codes[codes >= 0], minlength=_FINE).astype(np.float64)


def _by_block(codes: NDArray[np.intp], *, width: int) -> list[Floats]:
    """The histograms of the whole blocks of the training part that hold enough, the newest ones whole."""
    stops = range(codes.shape[1], width - 1, -width) if width else range(0)
    found = (_histogram(codes[:, stop - width : stop]) for stop in stops)
    return [block for block in found if block.sum() >= _LEAST]


def _apart(one: Floats, other: Floats) -> tuple[float, bool]:
    """Kolmogorov's and Smirnov's distance, and whether the one's values are the larger ones where it is reached."""
    apart = np.cumsum(other / max(other.sum(), 1.0) - one / max(one.sum(), 1.0))
    return float(np.abs(apart).max()), bool(apart.max() >= -apart.min())


def _index(recent: Floats, training: Floats) -> float:
    """The population stability index over ten bins."""
    p, q = (of.reshape(_BINS, -1).sum(axis=1) / max(of.sum(), 1.0) for of in (recent, training))
    p, q = np.maximum(p, _EMPTY), np.maximum(q, _EMPTY)
    return float(((p - q) * np.log(p / q)).sum())


def _share_beyond(usual: Floats, distance: float, *, n: float) -> float:
    """How often one further block would lie as far away as this."""
    logs, at = np.log(usual + 1 / n), np.log(distance + 1 / n)
    spread = logs.std(ddof=1) * np.sqrt(1 + 1 / len(logs))
    if spread <= 0:
        return 1.0 if at <= logs[0] else 0.0
    return float(student.sf((at - logs.mean()) / spread, len(logs) - 1))
