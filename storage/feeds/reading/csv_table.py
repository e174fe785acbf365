"""Reading a table from CSV text line by line: every line becomes a row, or is set aside with the reason."""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pandas as pd

from daycast.storage.feeds.reading.answers import listed, quote, why_no_table
from daycast.storage.feeds.reading.numbers import to_numbers
from daycast.storage.feeds.reading.times import MixedZonesError, Times, daily, parse_times, to_instants
from daycast.storage.terms.words import OBSERVED_AT, RESERVED

_DELIMITERS = ",;\t"
_LINE_END = re.compile(r"\r\n|\n|\r")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_REST = re.compile(r"[0-9.][0-9.eE+-]*")
"""What may be the end of a number whose beginning stands on the line before."""
_NUMERIC_SHARE = 0.5

SYMBOL_COLUMNS = ("symbol", "ticker")
"""Columns that say whose row it is, where they are there."""


Column: TypeAlias = "list[str] | np.ndarray | pd.DatetimeIndex"
"""Texts, or what a Parquet file has typed already."""
Reject = tuple[pd.Timestamp, str, str]
"""When (NaT where unknown), the text of the row, and why it cannot be used."""

BROKEN = "the line after it may be the rest of its last number"
CUT = "the last line does not end: it may be cut in the middle of a number"


class NoTableError(ValueError):
    """A text that is not the table asked for; the message is what came."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What a table must look like.

    Attributes:
        time: the time column.
        columns: the value columns that must be there.
        calendar: the pipeline's, which says whether times are days.
        timezone: of times that bear none.
        symbol_column: the column of symbols, if there is one.
    """

    time: str
    columns: tuple[str, ...]
    calendar: str
    timezone: str = "UTC"
    symbol_column: str | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows that could be read, and lines that could not.

    Attributes:
        rows: ``observed_at`` and the value columns, in the source's order; and the symbol column, if there is one. The
            index is the row's place in the source.
        raw: gives the text of the row at a place.
        rejects: ``(observed_at, line, reason)``; NaT where the time is unknown.
    """

    rows: pd.DataFrame
    raw: Callable[[int], str]
    rejects: list[Reject] = field(default_factory=list)


def read_csv(text: str | None, *, layout: Layout) -> Table:
    """Read a table from CSV text.

    The header must be there, since the order of columns without it is a guess. A number stands in the row as the
    nearest float64 of what is written; what is no number makes its row a reject. A last line without its line end
    may have been cut in the middle of a number, so it is a reject too.

    Raises:
        NoTableError: there is no header, a column is missing, times with and without a zone are mixed, or no row
            could be read.
    """
    reason = why_no_table(text)
    if text is None or (reason and not _has_header(text, layout)):
        raise NoTableError(reason or "an answer that is no text")
    lines = _LINE_END.split(text)
    at, delimiter = _find_header(lines, layout)
    rejects: list[Reject] = [(pd.NaT, line, "a line before the header") for line in lines[:at] if line.strip()]
    if at < len(lines) - 1 and (last := lines.pop()).strip():
        rejects.append((pd.NaT, last, CUT))
    header = [name.strip() for name in _split(lines[at], delimiter)]
    match_names(header, layout)
    rows, wrong = _rows(lines[at + 1 :], header=header, delimiter=delimiter)
    rejects += wrong
    if not rows:
        raise NoTableError(_nothing(rejects))
    columns: dict[str, Column] = {name: [row[1][place] for row in rows] for place, name in enumerate(header)}
    return read_columns(columns, raw=lambda place: rows[place][0], layout=layout, rejects=rejects)


def _rows(
    lines: Sequence[str], *, header: list[str], delimiter: str
) -> tuple[list[tuple[str, list[str]]], list[Reject]]:
    """Each line with its fields; and the lines that cannot be rows."""
    rows: list[tuple[str, list[str]]] = []
    rejects: list[Reject] = []
    before = ""
    for line in filter(str.strip, lines):
        values = [value.strip() for value in _split(line, delimiter)]
        reason = _why_no_row(line, values, header)
        if reason is None:
            rows.append((line, values))
        else:
            rejects.append((pd.NaT, line, reason))
            if _REST.fullmatch(line.strip()) and rows and rows[-1][0] is before:
                rejects.append((pd.NaT, rows.pop()[0], BROKEN))
        before = line
    return rows, rejects


def read_columns(
    columns: Mapping[str, Column],
    *,
    raw: Callable[[int], str],
    layout: Layout,
    rejects: Sequence[Reject] = (),
) -> Table:
    """Read a table from columns of text, or of numbers and times that are typed already; see :func:`read_csv`."""
    names = match_names(list(columns), layout)
    times = _read_times(columns[names[layout.time]], layout)
    values, wrong = _read_values(columns, names=names, layout=layout)
    reasons = {**wrong, **times.reasons}
    aside = [*rejects, *((times.observed_at[place], raw(place), reasons[place]) for place in sorted(reasons))]
    rows = pd.DataFrame({OBSERVED_AT: times.observed_at, **values})
    rows = rows.drop(index=list(reasons))
    if rows.empty:
        raise NoTableError(_nothing(aside))
    return Table(rows=rows, raw=raw, rejects=aside)


def _read_times(column: Column, layout: Layout) -> Times:
    days = daily(layout.calendar)
    if isinstance(column, pd.DatetimeIndex):
        instants = to_instants(column, timezone=layout.timezone, days=days)
        reason = f"the time is missing, or is not in {layout.timezone} or twice"
        return Times(observed_at=instants, reasons=dict.fromkeys(np.flatnonzero(instants.isna()).tolist(), reason))
    try:
        return parse_times(list(column), timezone=layout.timezone, days=days)
    except MixedZonesError as error:
        raise NoTableError(f"{error}; give them all a zone, or none") from None


def _read_values(
    columns: Mapping[str, Column], *, names: Mapping[str, str], layout: Layout
) -> tuple[dict[str, Column], dict[int, str]]:
    """The value columns, and by position why a row holds something that is no number.

    A column of words that the pipeline does not need is left out, and one that bears a name of daycast's own; one of
    symbols stays as it is.
    """
    ours = {there: name for name, there in names.items()}
    values: dict[str, Column] = {}
    reasons: dict[int, str] = {}
    for there, column in columns.items():
        name = ours.get(there, tidy(there))
        if name == layout.time or (name in RESERVED and name not in {layout.symbol_column, *SYMBOL_COLUMNS}):
            continue
        if name == layout.symbol_column or name in SYMBOL_COLUMNS or isinstance(column, np.ndarray):
            values[name] = column
            continue
        numbers, wrong = to_numbers(list(column))
        if there not in ours and wrong.mean() > _NUMERIC_SHARE:
            continue
        values[name] = numbers
        for place in np.flatnonzero(wrong).tolist():
            reasons.setdefault(place, f"{there} is not a number: {quote(column[place])}")
    return values, reasons


def match_names(header: Sequence[str], layout: Layout) -> dict[str, str]:
    """Which column of the header is meant by each name of the layout.

    A name is matched as written, or else without regard to case and with ``_`` for a space.

    Raises:
        NoTableError: a column is missing, or is there twice.
    """
    wanted = [layout.time, *layout.columns, *([layout.symbol_column] if layout.symbol_column else [])]
    twice = sorted({name for name in header if list(header).count(name) > 1})
    if twice:
        raise NoTableError(f"a header with columns that are there twice: {listed([quote(name) for name in twice])}")
    names = {}
    for name in wanted:
        near = [name] if name in header else [there for there in header if tidy(there) == tidy(name)]
        if len(near) != 1:
            there = listed(header)
            raise NoTableError(
                f"no column {name!r}; the columns there are: {there}"
                if not near
                else f"more than one column for {name!r}: {listed(near)}"
            )
        names[name] = near[0]
    return names


def tidy(name: str) -> str:
    """A column's name in small letters, with ``_`` for spaces.

    >>> tidy("Adj Close")
    'adj_close'
    """
    return re.sub(r"\s+", "_", name.strip().lower())


def _find_header(lines: Sequence[str], layout: Layout) -> tuple[int, str]:
    for at, line in enumerate(lines):
        for delimiter in _DELIMITERS:
            if delimiter in line and tidy(layout.time) in map(tidy, _split(line, delimiter)):
                return at, delimiter
    first = next((line for line in lines if line.strip()), "")
    raise NoTableError(f"no header with the column {layout.time!r}; the first line is {quote(first)}")


def _has_header(text: str, layout: Layout) -> bool:
    try:
        _find_header(_LINE_END.split(text), layout)
    except NoTableError:
        return False
    return True


def _split(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:  # a quote that does not end, or a field beyond all measure
        return []


def _why_no_row(line: str, values: list[str], header: list[str]) -> str | None:
    if _CONTROL.search(line):
        return "control characters in the row"
    if len(values) != len(header):
        return f"{len(values)} fields where the header has {len(header)}"
    return "a header among the rows" if values == header else None


def _nothing(rejects: Sequence[Reject]) -> str:
    if not rejects:
        return "a header alone, without rows"
    return f"no row that can be used; of the first: {rejects[0][2]}"
