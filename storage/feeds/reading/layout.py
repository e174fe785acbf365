"""What a table must look like, and which of its columns is meant by which name."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import pandas as pd

from daycast.storage.terms.facts import nearest_fact
from daycast.storage.terms.text import listed, quote

SYMBOL_COLUMNS = ("symbol", "ticker")
"""Columns that say whose row it is, where they are there."""

Column: TypeAlias = "list[str] | np.ndarray | pd.DatetimeIndex"
"""Texts, or what a Parquet file has typed already."""
Reject = tuple[pd.Timestamp, str, str]
"""When (NaT where unknown), the text of the row, and why it cannot be used."""


class NoTableError(ValueError):
    """A text that is not the table asked for; the message is what came."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What a table must look like.

    Attributes:
        time: the time column, or several whose texts make the time together.
        columns: the value columns that must be there.
        calendar: the pipeline's, which says whether times are days.
        timezone: of times that bear none, and of days that are written as instants; none where nobody said.
        symbol_column: the column of symbols, if there is one.
        names: by the pipeline's name of a column the source's, where they differ.
        separator: between fields; none finds it by the header.
        decimal: the sign before the decimals.
        thousands: the sign between groups of digits; none where there is none.
        time_format: of times that are not ISO 8601.
        available_at: the column that says since when each row is known; none where there is none.
        declares: whether the pipeline file has keys for these, so that a refusal may name them.
        by_column: whether columns are series, so that one that is there twice spoils no other.
    """

    time: str | tuple[str, ...]
    columns: tuple[str, ...]
    calendar: str
    timezone: str | None = None
    symbol_column: str | None = None
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    separator: str | None = None
    decimal: str = "."
    thousands: str | None = None
    time_format: str | None = None
    available_at: str | None = None
    declares: bool = False
    by_column: bool = False

    @property
    def times(self) -> tuple[str, ...]:
        """The time columns."""
        return (self.time,) if isinstance(self.time, str) else self.time

    @property
    def wanted(self) -> tuple[str, ...]:
        """Every column that must be there, by the pipeline's name."""
        beside = [name for name in (self.symbol_column, self.available_at) if name]
        return (*self.times, *self.columns, *beside)

    def hint(self, text: str) -> str:
        """What would help, as the end of a message; nothing where the pipeline file has no key for it."""
        return f"; {text}" if self.declares else ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows that could be read, and lines that could not.

    Attributes:
        rows: ``observed_at`` and the value columns, in the source's order; and the symbol column and ``available_at``
            (NaT where none is told), if there are such. The index is the row's place in the source.
        raw: gives the text of the row at a place.
        rejects: ``(observed_at, line, reason)``; NaT where the time is unknown.
        whose: of each of them the symbol that its row bears; empty where that is not known. Without any where there is
            no column of symbols.
    """

    rows: pd.DataFrame
    raw: Callable[[int], str]
    rejects: list[Reject] = field(default_factory=list)
    whose: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Columns before their times and numbers are read.

    Attributes:
        columns: by the source's name.
        raw: gives the text of the row at a place.
        rejects: lines that are no rows.
        by_symbol: where a header names symbols too, by symbol the columns by their name alone.
        twice: the names that more than one column bears, of which none is among the columns.
    """

    columns: Mapping[str, Column]
    raw: Callable[[int], str]
    rejects: list[Reject] = field(default_factory=list)
    by_symbol: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    twice: frozenset[str] = frozenset()


def match_names(header: Sequence[str], layout: Layout) -> dict[str, str]:
    """Which column of the header is meant by each name of the layout.

    A name is matched as written, or else without regard to case and with ``_`` for a space.

    Raises:
        NoTableError: a column is missing, or is there twice.
    """
    require_unique(header)
    return {name: _matched(name, header, layout) for name in layout.wanted}


def match_times(header: Sequence[str], layout: Layout) -> list[str]:
    """The time columns of the header. Raises as :func:`match_names` does."""
    return [_matched(name, header, layout) for name in layout.times]


def require_unique(header: Sequence[str]) -> None:
    """Raise NoTableError where a name stands twice."""
    counts = Counter(header)
    if twice := sorted(name for name, count in counts.items() if count > 1):
        raise NoTableError(f"a header with columns that are there twice: {listed([quote(name) for name in twice])}")


def series_twice(header: Sequence[str], layout: Layout) -> frozenset[str]:
    """The names of series that more than one column bears: those are told of their symbols, and spoil no other.

    Raises:
        NoTableError: a name stands twice that is no series'.
    """
    once = set(match_times(header, layout)) if layout.by_column else set(header)
    require_unique([name for name in header if name in once])
    return frozenset(name for name, count in Counter(header).items() if count > 1)


def _matched(name: str, header: Sequence[str], layout: Layout) -> str:
    written = layout.names.get(name, name)
    near = [written] if written in header else [there for there in header if tidy(there) == tidy(written)]
    if len(near) == 1:
        return near[0]
    if near:
        raise NoTableError(f"more than one column for {written!r}: {listed(near)}")
    key = 'time = "…" names it' if name in layout.times else f'columns = {{ {name} = "…" }} names it'
    raise NoTableError(
        f"no column {written!r}; the columns there are: {listed(header)}{layout.hint(key)}{_meant_fact(name, layout)}"
    )


def _meant_fact(name: str, layout: Layout) -> str:
    """Where rows say since when they are known, a fact's name that is written wrong looks like a column's."""
    near = nearest_fact(name) if layout.available_at else None
    return f" Did you mean the fact {near!r} in known?" if near else ""


def tidy(name: str) -> str:
    """A column's name in small letters, with ``_`` for spaces.

    >>> tidy("Adj Close")
    'adj_close'
    """
    return re.sub(r"\s+", "_", name.strip().lower())
