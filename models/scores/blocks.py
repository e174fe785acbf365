"""How sure it is that one forecaster errs less than another on the same windows: errors by blocks of time.

Errors of neighbouring windows resemble one another, as do those of series on the same day, so that the windows' number
says nothing of how sure their mean is. Over whole blocks of time, all series together, sums of errors are nearly
independent. The standard error is that of the mean under a bootstrap of such blocks (Carlstein, "The Use of Subseries
Values for Estimating the Variance of a General Statistic from a Stationary Sequence", 1986), which for a mean needs no
drawing; the ratio of difference and standard error is the statistic of Diebold and Mariano ("Comparing Predictive
Accuracy", 1995), held against Student's distribution as Harvey, Leybourne and Newbold propose ("Testing the Equality of
Prediction Mean Squared Errors", 1997).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from daycast.models.series.differencing import Floats

MOST = 20
"""Blocks of a part at most."""
FEWEST = 4
"""With fewer, nothing is said of how sure a difference is."""
ASSURANCE = 0.95
"""How sure it has to be that a difference is none of chance."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """One forecaster's errors by block of time, over all leads and series; those of shards can be added up.

    Attributes:
        sums: ``(blocks,)``.
        n: ``(blocks,)`` errors that were summed.
    """

    sums: Floats
    n: Floats

    def __add__(self, other: "Blocks") -> "Blocks":
        return Blocks(self.sums + other.sums, self.n + other.n)

    @classmethod
    def of(cls, errors: Floats, *, place: NDArray[np.intp], count: int) -> "Blocks":
        """Sum up ``(n, horizon)`` errors of windows that each belong to a block."""
        windows = np.bincount(place, minlength=count).astype(np.float64)
        totals = np.bincount(place, weights=errors.sum(axis=1), minlength=count)
        return cls(np.asarray(totals, dtype=np.float64), windows * errors.shape[1])


@dataclass(frozen=True, kw_only=True)
class Apart:
    """How far one forecaster's mean error lies from another's.

    Attributes:
        difference: of the means; below zero where the one errs less.
        error: its standard error.
        blocks: of how many blocks.
    """

    difference: float
    error: float
    blocks: int

    @property
    def errors(self) -> float:
        """The difference in standard errors."""
        if self.error > 0:
            return self.difference / self.error
        return 0.0 if self.difference == 0 else float(np.copysign(np.inf, self.difference))

    @property
    def required(self) -> float:
        """Standard errors that a difference has to be away from zero."""
        return float(student.ppf(ASSURANCE, self.blocks - 1))


def block_count(instants: int, *, horizon: int, season: int) -> int:
    """How many blocks a part of so many instants is cut into.

    Each is two horizons long at least, and whole seasons where that leaves enough of them: a part of a season would be
    good or bad for a forecaster of itself.

    >>> block_count(2880, horizon=24, season=24), block_count(48, horizon=2, season=7)
    (20, 6)
    >>> block_count(30, horizon=2, season=12)
    7
    """
    least = 2 * horizon
    seasons = -(-least // season) * season
    return max(1, min(MOST, instants // (seasons if instants // seasons >= FEWEST else least)))


def apart(one: Blocks, other: Blocks) -> Apart | None:
    """How far two forecasters' mean errors on the same windows lie apart; none where there are too few blocks."""
    there = one.n > 0
    count = int(there.sum())
    if count < FEWEST:
        return None
    n = one.n[there]
    differences = one.sums[there] - other.sums[there]
    mean = differences.sum() / n.sum()
    spread = np.square(differences - mean * n).sum() * count / (count - 1)
    return Apart(difference=float(mean), error=float(np.sqrt(spread) / n.sum()), blocks=count)
