"""The rows of a shard's series, every vintage of them, and what was known of them at an instant."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daycast.storage.intake.frames import check_observations
from daycast.storage.terms.words import (
    ADJUSTMENT,
    AVAILABLE_AT,
    BASIS,
    FETCHED_AT,
    OBSERVED_AT,
    REVISION_TOLERANCE,
    SYMBOL,
    TIME,
)

NOT_VALUES = frozenset({SYMBOL, OBSERVED_AT, AVAILABLE_AT, FETCHED_AT, ADJUSTMENT, BASIS})
_NEVER = np.iinfo(np.int64).min
"""How NumPy holds a time that is missing."""

Instants = NDArray[np.int64]
"""Microseconds since 1970."""


@dataclass(frozen=True, kw_only=True)
class Added:
    """What a fetch added to the lake, in rows."""

    new: int = 0
    revised: int = 0

    def __add__(self, other: "Added") -> "Added":
        return Added(new=self.new + other.new, revised=self.revised + other.revised)


@dataclass(frozen=True, eq=False)
class History:
    """Rows of observations of some symbols.

    Attributes:
        frame: sorted by symbol, ``observed_at``, ``available_at`` and ``fetched_at``, its index counting from 0.
        symbols: ascending.
        codes: ``(rows,)``, which of the symbols each row is of.
    """

    frame: pd.DataFrame
    symbols: tuple[str, ...]
    codes: NDArray[np.intp]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> "History":
        """Bring rows into order."""
        if frame.empty:
            return cls(frame=pd.DataFrame(), symbols=(), codes=np.zeros(0, dtype=np.intp))
        if BASIS not in frame:
            frame = frame.assign(**{BASIS: pd.Series(pd.NaT, index=frame.index, dtype=TIME)})
        frame = frame[[*(name for name in frame.columns if name != BASIS), BASIS]]
        codes, symbols = pd.factorize(frame[SYMBOL], sort=True)
        order = np.lexsort((*(instants(frame[name]) for name in (FETCHED_AT, AVAILABLE_AT, OBSERVED_AT)), codes))
        if (np.diff(order) != 1).any():
            frame, codes = frame.take(order), codes[order]
        return cls(frame=frame.reset_index(drop=True), symbols=tuple(map(str, symbols)), codes=codes)

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def observed(self) -> Instants:
        """``(rows,)`` of what instant each row is."""
        return instants(self.frame[OBSERVED_AT]) if len(self) else np.zeros(0, dtype=np.int64)

    def known(self, as_of: datetime | None = None) -> "History":
        """The rows known at ``as_of``: of each symbol and instant the latest, on the symbol's latest basis.

        Raises:
            DataError: they break the contract of observations.
        """
        if not len(self):
            return self
        seen = np.ones(len(self), dtype=bool)
        if as_of is not None:
            seen = instants(self.frame[AVAILABLE_AT]) <= _microseconds(as_of)
        basis = instants(self.frame[BASIS])
        seen &= basis == self._newest(basis, among=seen)[self.codes]
        places = np.flatnonzero(seen)
        codes, observed = self.codes[places], self.observed[places]
        again = (codes[1:] == codes[:-1]) & (observed[1:] == observed[:-1])
        known = self._at(places[np.append(~again, True)] if len(places) else places)
        if len(known):
            check_observations(known.frame)
        return known

    def only(self, symbols: Collection[str]) -> "History":
        """The rows of some symbols."""
        wanted = np.isin(np.array(self.symbols, dtype=object), list(symbols)) if len(self) else np.zeros(0, dtype=bool)
        if wanted.all():
            return self
        return self._at(np.flatnonzero(wanted[self.codes]))

    def bases(self) -> dict[str, pd.Timestamp]:
        """When the feed last moved the whole history of a symbol, for those in which it did."""
        newest = self.newest_bases()
        moved = np.flatnonzero(newest != _NEVER)
        return dict(zip((self.symbols[code] for code in moved), _times(newest[moved]), strict=True))

    def newest_bases(self) -> Instants:
        """``(symbols,)`` the same, the least number there is where that never happened."""
        if not len(self):
            return np.zeros(0, dtype=np.int64)
        return self._newest(instants(self.frame[BASIS]), among=np.ones(len(self), dtype=bool))

    def places(self, symbols: "pd.Series[str]", observed: Instants) -> NDArray[np.intp]:
        """Where the row of each symbol and instant stands; -1 where there is none. Of known rows alone."""
        if not len(self):
            return np.full(len(observed), -1, dtype=np.intp)
        codes = _codes(symbols, self)
        stamps = np.unique(self.observed)
        keys = self.codes * len(stamps) + np.searchsorted(stamps, self.observed)
        column = np.minimum(np.searchsorted(stamps, observed), len(stamps) - 1)
        there = (codes >= 0) & (stamps[column] == observed)
        wanted = codes * len(stamps) + column
        found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(there & (keys[found] == wanted), found, -1)

    def moved(self, rows: pd.DataFrame, columns: Sequence[str]) -> set[str]:
        """The symbols of which an answer says something else in these columns than is known. Of known rows alone."""
        place = self.places(rows[SYMBOL], instants(rows[OBSERVED_AT]))
        shared = np.flatnonzero(place >= 0)
        there = [name for name in columns if len(self) and name in self.frame]
        if not (len(shared) and there):
            return set()
        before = self.frame[there].to_numpy(dtype=float)[place[shared]]
        return set(rows[SYMBOL].iloc[shared[_differ(rows[there].to_numpy(dtype=float)[shared], before)]])

    def _newest(self, values: Instants, *, among: NDArray[np.bool_]) -> Instants:
        newest = np.full(len(self.symbols), _NEVER)
        np.maximum.at(newest, self.codes[among], values[among])
        return newest

    def _at(self, places: NDArray[np.intp]) -> "History":
        if len(places) == len(self):
            return self
        present, codes = np.unique(self.codes[places], return_inverse=True)
        names = tuple(self.symbols[code] for code in present)
        frame = self.frame.take(places).reset_index(drop=True) if len(places) else pd.DataFrame()
        return History(frame=frame, symbols=names, codes=codes.astype(np.intp))


def news(
    rows: pd.DataFrame, history: History, *, known_at: datetime, rebased: Collection[str]
) -> tuple[pd.DataFrame, Added]:
    """The rows of an answer that are to be kept, each with its basis and the instant at which it could first be known.

    Args:
        rows: a clean frame of observations, sorted by symbol and ``observed_at``, one row for each.
        history: every vintage of the symbols, or of more.
        known_at: aware; from when on revisions count as known.
        rebased: symbols of which all rows are kept, as they stand on another basis.
    """
    known = history.known()
    place = known.places(rows[SYMBOL], instants(rows[OBSERVED_AT]))
    new, moment = place < 0, _microseconds(known_at)
    revised = ~new & _is_revised(rows, known, place)
    last_fetch, first = _reach(history, known, rows[SYMBOL])
    nominal, observed = instants(rows[AVAILABLE_AT]), instants(rows[OBSERVED_AT])
    # What the last fetch could have held but did not became known between it and now; a longer history is no news.
    filled = new & (nominal <= last_fetch) & (observed > first)
    moved = rows[SYMBOL].isin(list(rebased)).to_numpy() & rows[SYMBOL].isin(known.symbols).to_numpy()
    late = (revised | filled) & (nominal < moment) & ~moved
    basis = np.where(moved, moment, np.append(known.newest_bases(), _NEVER)[_codes(rows[SYMBOL], known)])
    # Nothing of a basis could be known before it.
    available = np.maximum(np.where(late, moment, nominal), basis)
    whole = rows.assign(**{AVAILABLE_AT: _times(available), BASIS: _times(basis)})
    return whole[new | revised | moved].reset_index(drop=True), Added(new=int(new.sum()), revised=int(revised.sum()))


def superseded(rows: pd.DataFrame, history: History, *, rebased: Collection[str]) -> pd.DataFrame:
    """What was known of instants before their newest rows, of those to keep: of instants that are new.

    What a former fetch could have brought and did not was known to nobody, and is left.

    Args:
        rows: a clean frame of observations, sorted by symbol, ``observed_at`` and ``available_at``.
        history: every vintage of the symbols, or of more, before the newest rows are kept.
        rebased: symbols whose whole history moves.
    """
    known = history.known()
    last_fetch, first = _reach(history, known, rows[SYMBOL])
    observed, nominal = instants(rows[OBSERVED_AT]), instants(rows[AVAILABLE_AT])
    unseen = (known.places(rows[SYMBOL], observed) < 0) & ((nominal > last_fetch) | (observed < first))
    basis = np.append(known.newest_bases(), _NEVER)[_codes(rows[SYMBOL], known)]
    kept = unseen & (nominal >= basis) & ~rows[SYMBOL].isin(list(rebased)).to_numpy()
    return rows.assign(**{BASIS: _times(basis)})[kept]


def instants(times: Any) -> Instants:
    """Times as microseconds since 1970, one that is missing as the least number there is."""
    return np.asarray(pd.DatetimeIndex(times).as_unit("us").asi8)


def _is_revised(rows: pd.DataFrame, known: History, place: NDArray[np.intp]) -> NDArray[np.bool_]:
    columns = [column for column in rows.columns if column not in NOT_VALUES]
    shared = np.flatnonzero(place >= 0)
    before = known.frame.reindex(columns=columns).to_numpy(dtype=float)[place[shared]] if len(shared) else 0.0
    revised = np.zeros(len(rows), dtype=bool)
    revised[shared] = _differ(rows[columns].to_numpy(dtype=float)[shared], before) if len(shared) else False
    return revised


def _reach(history: History, known: History, symbols: "pd.Series[str]") -> tuple[Instants, Instants]:
    """For each row's symbol: when it was last fetched, and the first instant that is known of it."""
    last, first = np.full(len(history.symbols) + 1, _NEVER), np.full(len(known.symbols) + 1, np.iinfo(np.int64).max)
    if len(history):
        np.maximum.at(last, history.codes, instants(history.frame[FETCHED_AT]))
        np.minimum.at(first, known.codes, known.observed)
    return last[_codes(symbols, history)], first[_codes(symbols, known)]


def _codes(symbols: "pd.Series[str]", history: History) -> NDArray[np.intp]:
    """Which of a history's symbols each one is; -1 where it is none."""
    return np.asarray(pd.Index(history.symbols, dtype="str").get_indexer(pd.Index(symbols)))


def _differ(ours: NDArray[np.float64], theirs: Any) -> NDArray[np.bool_]:
    same = np.isclose(ours, theirs, rtol=REVISION_TOLERANCE, atol=0.0, equal_nan=True)
    return np.asarray(~same.all(axis=1))


def _microseconds(instant: datetime) -> int:
    return int(instants([pd.Timestamp(instant)])[0])


def _times(values: Instants) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(values.view("M8[us]")).tz_localize("UTC")
