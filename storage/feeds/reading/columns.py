"""Times and numbers from columns of text, or of a Parquet file's own types."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from daycast.storage.calendars import Calendar
from daycast.storage.feeds.reading.guesses import number_keys, time_formats
from daycast.storage.feeds.reading.iso import UNIX
from daycast.storage.feeds.reading.layout import (
    SYMBOL_COLUMNS,
    Column,
    Layout,
    NoTableError,
    Reject,
    Table,
    match_names,
    match_times,
    tidy,
)
from daycast.storage.feeds.reading.numbers import to_numbers
from daycast.storage.feeds.reading.times import Times, UnsureTimesError, parse_times, to_instants
from daycast.storage.terms.text import quote
from daycast.storage.terms.words import AVAILABLE_AT, OBSERVED_AT, RESERVED

_NUMERIC_SHARE = 0.5
_NOT_ISO, _NO_NUMBER = "the time is not", "is not a number"
_NO_SYMBOL = "the row bears no symbol"
_BLANK = frozenset({"", "nan"})
"""A symbol that is missing: in text, and as a Parquet file's missing string is read."""


def read_columns(
    columns: Mapping[str, Column],
    *,
    raw: Callable[[int], str],
    layout: Layout,
    rejects: Sequence[Reject] = (),
    times: Times | None = None,
) -> Table:
    """Read a table from columns.

    A number stands in the row as the nearest float64 of what is written; what is no number makes its row a reject.

    Args:
        columns: by the source's name.
        raw: gives the text of the row at a place.
        layout: what the table must look like.
        rejects: lines that are no rows.
        times: where they are read already.

    Raises:
        NoTableError: a column is missing, times cannot be told, or no row could be read.
    """
    names = match_names(list(columns), layout)
    times = times or read_times(columns, layout)
    values, wrong = _read_values(columns, names=names, layout=layout)
    bearing = _symbols(columns, layout)
    nameless = {place: _NO_SYMBOL for place, symbol in enumerate(bearing) if symbol in _BLANK}
    reasons = {**wrong, **times.reasons, **nameless}
    aside = [*rejects, *((times.observed_at[place], raw(place), reasons[place]) for place in sorted(reasons))]
    available = {} if layout.available_at is None else {AVAILABLE_AT: _available(columns, layout, names=names)}
    rows = pd.DataFrame({OBSERVED_AT: times.observed_at, **available, **values})
    rows = rows.drop(index=list(reasons))
    if rows.empty:
        raise NoTableError(nothing(aside, layout=layout, columns=columns))
    whose = [*("" for _ in rejects), *(bearing[place] for place in sorted(reasons))] if bearing else []
    return Table(rows=rows, raw=raw, rejects=aside, whose=["" if each in _BLANK else each for each in whose])


def read_times(columns: Mapping[str, Column], layout: Layout) -> Times:
    """The instants of the time columns.

    Raises:
        NoTableError: one is missing, or their times cannot be told.
    """
    found = [columns[there] for there in match_times(list(columns), layout)]
    days = Calendar(layout.calendar).daily
    try:
        if len(found) == 1 and isinstance(found[0], pd.DatetimeIndex):
            instants = to_instants(found[0], timezone=layout.timezone, days=days)
            reason = f"the time is missing, or is not in {layout.timezone or 'UTC'} or twice"
            return Times(observed_at=instants, reasons=dict.fromkeys(np.flatnonzero(instants.isna()).tolist(), reason))
        texts = joined_texts(found, layout)
        return parse_times(texts, timezone=layout.timezone, days=days, form=layout.time_format)
    except UnsureTimesError as error:
        raise NoTableError(str(error)) from None


def _available(columns: Mapping[str, Column], layout: Layout, *, names: Mapping[str, str]) -> pd.DatetimeIndex:
    """Since when each row is known, NaT where that is not told."""
    column = columns[names[str(layout.available_at)]]
    try:
        if isinstance(column, pd.DatetimeIndex):
            return to_instants(column, timezone=layout.timezone, days=False)
        return parse_times(_texts(column), timezone=layout.timezone, days=False).observed_at
    except UnsureTimesError as error:
        raise NoTableError(f"in {layout.available_at!r} {error}") from None


def joined_texts(found: Sequence[Column], layout: Layout) -> list[str]:
    """The texts of the time columns, side by side.

    Raises:
        NoTableError: numbers stand for times, and nothing says of what kind.
    """
    parts = [_texts(column) for column in found]
    if any(isinstance(column, np.ndarray) for column in found) and layout.time_format is None:
        forms = time_formats(parts[0]) if len(parts) == 1 else []
        key = f'time_format = "{forms[0]}"' if forms else f"time_format says it ({', '.join(UNIX)}, …)"
        raise NoTableError(
            f"numbers in the time column {layout.times[0]!r}; their unit and epoch are a guess{layout.hint(key)}"
        )
    return parts[0] if len(parts) == 1 else [" ".join(row) for row in zip(*parts, strict=True)]


def _texts(column: Column) -> list[str]:
    if isinstance(column, pd.DatetimeIndex):
        return [str(text) for text in column.strftime("%Y-%m-%d")]
    if isinstance(column, np.ndarray):
        return [_digits(value) for value in column.tolist()]
    return column


def _digits(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.0f}" if value == np.floor(value) else repr(value)


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
        if _is_no_value(name, there, ours=ours, layout=layout):
            continue
        if name == layout.symbol_column or name in SYMBOL_COLUMNS or isinstance(column, np.ndarray):
            values[name] = column
            continue
        numbers, wrong = to_numbers(_texts(column), decimal=layout.decimal, thousands=layout.thousands)
        if there not in ours and wrong.mean() > _NUMERIC_SHARE:
            continue
        values[name] = numbers
        for place in np.flatnonzero(wrong).tolist():
            reasons.setdefault(place, f"{there} {_NO_NUMBER}: {quote(_texts(column)[place])}")
    return values, reasons


def _symbols(columns: Mapping[str, Column], layout: Layout) -> list[str]:
    """The symbol that each row bears; nothing where there is no column of symbols."""
    wanted = {layout.symbol_column} if layout.symbol_column else set(SYMBOL_COLUMNS)
    names = {there: name for name, there in match_names(list(columns), layout).items()}
    found = next((column for there, column in columns.items() if names.get(there, tidy(there)) in wanted), None)
    return [] if found is None else _texts(found)


def _is_no_value(name: str, there: str, *, ours: Mapping[str, str], layout: Layout) -> bool:
    """Whether a column is a time, bears a name of daycast's own, or one that another column was given."""
    if name in {*layout.times, layout.available_at} or not there:
        return True
    if there not in ours and name in ours.values():
        return True
    return name in RESERVED and name not in {layout.symbol_column, *SYMBOL_COLUMNS}


def nothing(rejects: Sequence[Reject], *, layout: Layout, columns: Mapping[str, Column] | None = None) -> str:
    """What to say of a table without a row that can be used, with the key that would read it."""
    if not rejects:
        return "a header alone, without rows"
    reason = rejects[0][2]
    return f"no row that can be used; of the first: {reason}{_help(reason, layout, columns or {})}"


def _help(reason: str, layout: Layout, columns: Mapping[str, Column]) -> str:
    if not columns:
        unsplit = " fields where " in reason
        return layout.hint("separator, decimal or thousands may say how it is written") if unsplit else ""
    if reason.startswith(_NOT_ISO):
        parts = [_texts(columns[there]) for there in match_times(list(columns), layout)]
        forms = time_formats(parts[0] if len(parts) == 1 else [" ".join(row) for row in zip(*parts, strict=True)])
        return layout.hint("time_format = " + " or ".join(f'"{form}"' for form in forms[:2])) if forms else ""
    if _NO_NUMBER in reason:
        there = reason.partition(f" {_NO_NUMBER}")[0]
        keys = number_keys(_texts(columns[there]))
        return layout.hint(f"set {keys}") if keys else ""
    return ""
