"""The series of a shard on their calendar's instants, with what is missing marked; short gaps are carried over."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daycast.models.series.differencing import Floats

Mask = NDArray[np.bool_]
Instants = NDArray[np.datetime64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Levels:
    """Series side by side on the instants of one calendar.

    Attributes:
        names: the series ids.
        columns: what was observed.
        instants: ``(instants,)`` datetime64[us], UTC, ascending, from the first observation of any series to the last.
        shift: ``(series,)`` timedelta64[us], how much later than these a series' own instants are: one that is observed
            at half past stands beside one at full hours.
        values: ``(series, instants, columns)`` float64, NaN where nothing was observed.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    instants: Instants
    shift: NDArray[np.timedelta64]
    values: Floats

    def __len__(self) -> int:
        return len(self.names)

    @property
    def observed(self) -> Mask:
        """``(series, instants)``, where anything was observed."""
        return np.asarray(np.isfinite(self.values).any(axis=2))

    def span(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The places of each series' first and last observation."""
        observed = self.observed
        return observed.argmax(axis=1), observed.shape[1] - 1 - observed[:, ::-1].argmax(axis=1)

    def fingerprint(self) -> str:
        """Name this state of the data.

        Returns:
            Sixteen hexadecimal digits over the names, instants and values.
        """
        digest = hashlib.sha256()
        first, last = self.span()
        for row in sorted(range(len(self)), key=self.names.__getitem__):
            inside = slice(first[row], last[row] + 1)
            digest.update(json.dumps([self.names[row].split("/", 1)[-1], list(self.columns)]).encode())
            digest.update((self.instants[inside] + self.shift[row]).astype(np.int64).tobytes())
            digest.update(np.ascontiguousarray(self.values[row, inside]).tobytes())
        return digest.hexdigest()[:16]


def align(
    frame: pd.DataFrame,
    *,
    names: Sequence[str],
    codes: NDArray[np.intp],
    instants: pd.DatetimeIndex,
    step: pd.Timedelta | None,
) -> Levels:
    """Put series on their calendar's instants.

    An observation at an instant that the calendar does not have is left out.

    Args:
        frame: one row an observation, the index aware UTC, the columns numbers; left as it is. Each series has one
            observation at least, and none twice at one instant.
        names: the series ids.
        codes: ``(rows,)``, which series each row is of.
        instants: of the calendar, aware UTC, ascending, over all the rows.
        step: between two instants where the calendar counts them from anywhere; none where it says which there are.
    """
    grid, observed = naive(instants), naive(frame.index)
    shift = np.zeros(len(names), dtype="timedelta64[us]")
    if step is not None:
        first = np.full(len(names), np.datetime64(2**62, "us"))
        np.minimum.at(first, codes, observed)
        shift = (first - grid[0]) % np.timedelta64(step // pd.Timedelta(microseconds=1), "us")
    on_grid = observed - shift[codes]
    place = np.minimum(np.searchsorted(grid, on_grid), len(grid) - 1)
    there = grid[place] == on_grid
    values = np.full((len(names), len(grid), frame.shape[1]), np.nan)
    values[codes[there], place[there]] = frame.to_numpy(dtype=np.float64)[there]
    return Levels(names=tuple(names), columns=tuple(map(str, frame.columns)), instants=grid, shift=shift, values=values)


def carry(values: Floats, *, limit: int | None) -> Floats:
    """Carry the last value forward over at most ``limit`` missing ones, or over any number; never backward.

    Args:
        values: ``(series, instants, …)``, NaN where there is none. Left as it is.
        limit: of missing values in a row.

    >>> carry(np.array([[1.0, np.nan, np.nan, 4.0]]), limit=1).tolist()
    [[1.0, 1.0, nan, 4.0]]
    """
    count = np.arange(values.shape[1]).reshape(1, -1, *[1] * (values.ndim - 2))
    last = np.maximum.accumulate(np.where(np.isfinite(values), count, -1), axis=1)
    filled = np.take_along_axis(values, np.maximum(last, 0), axis=1)
    near = last >= 0 if limit is None else (last >= 0) & (count - last <= limit)
    return np.where(near, filled, np.nan)


def naive(instants: "pd.Index | pd.Series[pd.Timestamp]") -> Instants:
    """Aware instants as NumPy knows them: datetime64[us], UTC without saying so."""
    return np.asarray(pd.DatetimeIndex(instants).tz_convert("UTC").tz_localize(None), dtype="datetime64[us]")
