"""What was known of instants before they came, at each origin: the columns of a feed whose future is given."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daycast.models.series.alignment import Instants, naive
from daycast.storage.terms.words import AVAILABLE_AT, FETCHED_AT, SAID_AT, SYMBOL, VALID_AT

Columns = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Vintages:
    """What was said of the instants of some series, by whom it was said last standing last.

    Attributes:
        codes: ``(m,)`` which series each is of.
        valid: ``(m,)`` datetime64[us], UTC, of what instant.
        available: ``(m,)`` datetime64[us], UTC, since when it was known.
        values: ``(m, columns)`` float64, NaN where nothing is said of a column.
    """

    codes: NDArray[np.intp]
    valid: Instants
    available: Instants
    values: NDArray[np.float64]

    @classmethod
    def of(cls, frame: pd.DataFrame, *, symbols: Sequence[str], columns: Sequence[str]) -> "Vintages":
        """Bring rows into order.

        Args:
            frame: of :class:`~daycast.storage.lake.ahead.Ahead`; without rows it may lack columns too.
            symbols: the series, in their order; rows of others are left out.
            columns: the known columns.
        """
        if frame.empty:
            none = np.zeros(0, dtype="datetime64[us]")
            return cls(codes=np.zeros(0, dtype=np.intp), valid=none, available=none, values=np.zeros((0, len(columns))))
        ordered = frame.sort_values([VALID_AT, AVAILABLE_AT, SAID_AT, FETCHED_AT], kind="stable")
        codes = pd.Index(symbols).get_indexer(ordered[SYMBOL])
        own = codes >= 0
        return cls(
            codes=codes[own],
            valid=naive(ordered[VALID_AT])[own],
            available=naive(ordered[AVAILABLE_AT])[own],
            values=ordered.reindex(columns=list(columns)).to_numpy(dtype=float)[own],
        )

    def known(self, codes: NDArray[np.intp], valid: Instants, at: Instants) -> Columns:
        """What was known of each series' instant at another one, ``(…, columns)``; NaN where nothing was.

        Args:
            codes: which series.
            valid: ``(…)`` of what instant; the three go together as arrays of one shape do.
            at: since when it must have been known.
        """
        codes, valid, at = np.broadcast_arrays(codes, valid, at)
        found = np.full((*codes.shape, self.values.shape[1]), np.nan, dtype=np.float32)
        for column in range(self.values.shape[1]):
            said = np.isfinite(self.values[:, column])
            if said.any():
                place = _last(self.codes[said], self.valid[said], self.available[said], asked=(codes, valid, at))
                found[..., column] = np.where(place >= 0, self.values[said, column][place], np.nan)
        return found


def _last(
    codes: NDArray[np.intp], valid: Instants, available: Instants, *, asked: tuple[NDArray[np.intp], Instants, Instants]
) -> NDArray[np.intp]:
    """The last row of each asked series and instant that was available in time; -1 where there is none."""
    stamps, moments = np.unique(valid), np.unique(available)
    width = len(moments) + 1
    keys = (codes * len(stamps) + np.searchsorted(stamps, valid)) * width + np.searchsorted(moments, available) + 1
    order = np.argsort(keys, kind="stable")
    of_series, of_instant, at = asked
    stamp = np.minimum(np.searchsorted(stamps, of_instant), len(stamps) - 1)
    pair = of_series * len(stamps) + stamp
    place = np.searchsorted(keys[order], pair * width + np.searchsorted(moments, at, side="right"), side="right") - 1
    there = (stamps[stamp] == of_instant) & (place >= 0)
    there &= keys[order][place] // width == pair
    return np.asarray(np.where(there, order[place], -1))


def filled(told: Columns) -> Columns:
    """What is known of leads ``(…, horizon, columns)``, each that lacks read as the nearest before it that is known.

    Where none is before it, the first after it; a column that is known of no lead stays NaN.

    >>> filled(np.array([[np.nan], [2], [np.nan], [4]], dtype=np.float32))[:, 0].tolist()
    [2.0, 2.0, 2.0, 4.0]
    """
    there, leads = np.isfinite(told), np.arange(told.shape[-2])[:, np.newaxis]
    before = np.maximum.accumulate(np.where(there, leads, -1), axis=-2)
    first = np.where(there.any(axis=-2, keepdims=True), there.argmax(axis=-2, keepdims=True), 0)
    return np.take_along_axis(told, np.where(before < 0, first, before), axis=-2)


def lacking(told: Columns) -> NDArray[np.int32]:
    """``(n,)`` of how many of the leads ``(n, horizon, columns)`` something is not known."""
    return np.asarray(np.count_nonzero(~np.isfinite(told).all(axis=2), axis=1), dtype=np.int32)
