"""Reading a table from CSV text line by line: every line becomes a row, or is set aside with the reason."""

import re
from collections.abc import Iterator, Sequence

import pandas as pd

from daycast.storage.feeds.reading.answers import why_no_table
from daycast.storage.feeds.reading.columns import nothing, read_columns
from daycast.storage.feeds.reading.headers import Header, find_header, split
from daycast.storage.feeds.reading.layout import (
    Column,
    Layout,
    NoTableError,
    Reject,
    Sheet,
    Table,
    series_twice,
)
from daycast.storage.terms.text import quote

_LINE_END = re.compile(r"\r\n|\n|\r")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_REST = re.compile(r"[0-9.][0-9.eE+-]*")
"""What may be the end of a number whose beginning stands on the line before."""

BROKEN = "the line after it may be the rest of its last number"
CUT = "the last line does not end: it may be cut in the middle of a number"

Row = tuple[str, list[str]]
"""A line, and its fields."""


def read_csv(text: str | None, *, layout: Layout) -> Table:
    """Read a table from CSV text; see :func:`read_sheet`.

    Raises:
        NoTableError: there is no header, a column is missing, times cannot be told, or no row could be read.
    """
    sheet = read_sheet(text, layout=layout)
    return read_columns(sheet.columns, raw=sheet.raw, layout=layout, rejects=sheet.rejects)


def read_sheet(text: str | None, *, layout: Layout) -> Sheet:
    """Read the fields of a CSV text.

    The header must be there, since the order of columns without it is a guess. A column without a name and without
    values is none. A last line without its line end may have been cut in the middle of a number, so it is a reject.

    Raises:
        NoTableError: there is no header, or no row under it.
    """
    reason = why_no_table(text, separator=layout.separator)
    if text is None or (reason and not _has_header(text, layout)):
        raise NoTableError(reason or "an answer that is no text")
    lines = _LINE_END.split(text)
    header = find_header(lines, layout)
    rejects: list[Reject] = [
        (pd.NaT, line, "a line before the header") for line in lines[: header.first] if line.strip()
    ]
    if header.last < len(lines) - 1 and (last := lines.pop()).strip():
        rejects.append((pd.NaT, last, CUT))
    named = [name for name in header.names if name or "" in layout.times]
    twice = series_twice(named, layout)
    rows, wrong = _rows(lines[header.last + 1 :], header=header)
    rejects += wrong
    if not rows:
        raise NoTableError(nothing(rejects, layout=layout))
    return Sheet(
        columns={name: column for name, column in _columns(rows, header, layout) if name not in twice},
        raw=lambda place: rows[place][0],
        rejects=rejects,
        by_symbol=header.by_symbol,
        twice=twice,
    )


def _rows(lines: Sequence[str], *, header: Header) -> tuple[list[Row], list[Reject]]:
    """Each line with its fields; and the lines that cannot be rows."""
    rows: list[Row] = []
    rejects: list[Reject] = []
    clean = not _CONTROL.search("\n".join(lines))
    before = ""
    for line in filter(str.strip, lines):
        values = [value.strip() for value in split(line, header.delimiter)]
        while len(values) > len(header.names) and not values[-1]:
            values.pop()
        reason = _why_no_row(None if clean else line, values, header.names)
        if reason is None:
            rows.append((line, values))
        else:
            rejects.append((pd.NaT, line, reason))
            if _REST.fullmatch(line.strip()) and rows and rows[-1][0] is before:
                rejects.append((pd.NaT, rows.pop()[0], BROKEN))
        before = line
    return rows, rejects


def _columns(rows: Sequence[Row], header: Header, layout: Layout) -> Iterator[tuple[str, Column]]:
    """The columns by name, without those that have neither a name nor a value."""
    for place, name in enumerate(header.names):
        values = [row[1][place] for row in rows]
        if not name and "" not in layout.times and header.names.count("") > 1:
            if value := next(filter(None, values), None):
                raise NoTableError(
                    f"values in a column without a name: {quote(value)}"
                    f"{layout.hint('name it in the header, or set separator, decimal or thousands')}"
                )
            continue
        yield name, values


def _why_no_row(line: str | None, values: list[str], header: list[str]) -> str | None:
    if line is not None and _CONTROL.search(line):
        return "control characters in the row"
    if len(values) != len(header):
        return f"{len(values)} fields where the header has {len(header)}"
    return "a header among the rows" if values == header else None


def _has_header(text: str, layout: Layout) -> bool:
    try:
        find_header(_LINE_END.split(text), layout)
    except NoTableError:
        return False
    return True
