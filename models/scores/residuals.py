"""How far actual values lay from a forecaster's means, window by window, and which of it was known when."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.differencing import POSITIVE, Floats
from daycast.models.series.windows import Windows
from daycast.storage.terms.pipeline import DifferenceKind

_FLOOR = 1e-6
"""A mean that is not positive counts as this share of the base, where only positive levels exist."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Residuals:
    """Absolute residuals of one forecaster, ordered by series and end.

    A window counts as realised once the last of its targets is known, so that short leads are known a little later
    than they could be: by a horizon at most.

    Attributes:
        names: the series ids.
        first: ``(series + 1,)`` where the windows of each series begin, and where those of the last end.
        origin: ``(n,)`` datetime64[us], of each.
        end: ``(n,)`` datetime64[us], when each was realised.
        values: ``(n, horizon)`` between logarithms for ``percent`` and ``log``, between levels otherwise.
    """

    names: tuple[str, ...]
    first: NDArray[np.intp]
    origin: NDArray[np.datetime64]
    end: NDArray[np.datetime64]
    values: Floats

    @classmethod
    def of(cls, windows: Windows, mean: Floats, *, kind: DifferenceKind) -> "Residuals":
        """The residuals of means ``(n, horizon)``, of windows in any order whose targets are known."""
        apart = np.abs(_space(windows.levels(kind), windows, kind) - _space(mean, windows, kind))
        order = np.lexsort((windows.end, windows.codes))
        counts = np.bincount(windows.codes, minlength=len(windows.names))
        return cls(
            names=windows.names,
            first=np.concatenate([[0], np.cumsum(counts)]),
            origin=windows.origin[order],
            end=windows.end[order],
            values=apart[order],
        )

    def newest(self, at: np.datetime64, *, most: int) -> tuple[Floats, NDArray[np.intp]]:
        """What was realised of each series by an instant.

        Returns:
            The newest residuals, ``(series, most or fewer, horizon)``, infinite where a series has no more, and how
            many each has, ``(series,)``.
        """
        known = np.concatenate([[0], np.cumsum(self.end <= at)])
        counts = np.minimum(known[self.first[1:]] - known[self.first[:-1]], most)
        stop = self.first[:-1] + known[self.first[1:]] - known[self.first[:-1]]  # within a series the ends ascend
        steps = np.arange(counts.max(initial=0))
        there = steps < counts[:, np.newaxis]
        places = np.where(there, stop[:, np.newaxis] - 1 - steps, 0)
        return np.where(there[..., np.newaxis], self.values[places], np.inf), counts

    def by_origin(self, since: np.datetime64) -> tuple[Floats, NDArray[np.datetime64], NDArray[np.datetime64]]:
        """Those of windows that begin at an instant or later, side by side.

        Returns:
            ``(series, origins, horizon)``, NaN where a series has no window; the origins, ascending; and when the
            windows of each were all realised, likewise.
        """
        chosen = self.origin >= since
        origins, place = np.unique(self.origin[chosen], return_inverse=True)
        codes = np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))[chosen]
        values = np.full((len(self.first) - 1, len(origins), self.values.shape[1]), np.nan)
        values[codes, place] = self.values[chosen]
        ends = np.full(len(origins), np.iinfo(np.int64).min)
        np.maximum.at(ends, place, self.end[chosen].astype(np.int64))
        return values, origins, np.maximum.accumulate(ends).astype(self.end.dtype)

    def by_time(self) -> Floats:
        """The mean over the leads of each window, ``(series, windows)`` of the series that have any, the newest last.

        NaN where a series has fewer than another.
        """
        counts = np.diff(self.first)
        places = self.first[1:, np.newaxis] - np.arange(counts.max(initial=0), 0, -1)
        there = places >= self.first[:-1, np.newaxis]
        found = np.where(there, self.values.mean(axis=1)[np.where(there, places, 0)], np.nan)
        return found[counts > 0]


def above_zero(levels: Floats, windows: Windows) -> Floats:
    """Levels, where none is below a millionth of the one at the origin."""
    return np.asarray(np.maximum(levels, _FLOOR * windows.base[:, np.newaxis]))


def _space(levels: Floats, windows: Windows, kind: DifferenceKind) -> Floats:
    if kind not in POSITIVE:
        return levels
    return np.asarray(np.log(above_zero(levels, windows)))
