"""Finding the header of a CSV text: one line with the time column, or the three lines that yfinance writes."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from daycast.storage.feeds.reading.guesses import time_formats
from daycast.storage.feeds.reading.iso import read_iso
from daycast.storage.feeds.reading.layout import Layout, NoTableError, tidy
from daycast.storage.feeds.reading.numbers import to_numbers
from daycast.storage.terms.text import quote

_DELIMITERS = ",;\t|"
_LONGEST_FIELD = 131_072


@dataclass(frozen=True, kw_only=True)
class Header:
    """Where the header ends, and what stands in it.

    Attributes:
        first: the line with which it begins.
        last: the line with which it ends.
        delimiter: between its fields.
        names: of the columns, one a field, unique where it names symbols too.
        by_symbol: where it names symbols too, by symbol the columns by their name alone.
    """

    first: int
    last: int
    delimiter: str
    names: list[str]
    by_symbol: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))


def find_header(lines: Sequence[str], layout: Layout) -> Header:
    """The first line that has the time column in it, or three lines of yfinance that end with it.

    Raises:
        NoTableError: there is none.
    """
    wanted = {tidy(layout.names.get(name, name)) for name in layout.times}
    if "" in wanted:  # the index of a frame that had no name: it is known by the columns beside it
        wanted |= {tidy(layout.names.get(name, name)) for name in layout.columns}
    for at, line in enumerate(lines):
        for delimiter in layout.separator or _DELIMITERS:
            if delimiter not in line:
                continue
            names = [name.strip() for name in split(line, delimiter)]
            if wanted <= set(map(tidy, names)):
                return _of_three(lines, at, delimiter) or Header(first=at, last=at, delimiter=delimiter, names=names)
    first = next((line for line in lines if line.strip()), "")
    named = " and ".join(repr(name) for name in layout.times)
    keys = "set time to the column that has it"
    keys += "" if layout.separator else ", and separator where it is none of , ; | and tab"
    if is_data(_cut(first, layout.separator or _DELIMITERS)):
        raise NoTableError(
            f"no header with the column {named}; the first line is data, {quote(first)}; "
            "put a line with the names of the columns above it"
        )
    raise NoTableError(f"no header with the column {named}; the first line is {quote(first)}{layout.hint(keys)}")


def is_data(fields: Sequence[str]) -> bool:
    """Whether fields are a time and numbers, and so no names; of a column a symbol, numbers may be names.

    >>> is_data(["2024-01-31", "50.25", ""]), is_data(["日期", "600519", "000001"]), is_data(["date", "close"])
    (True, False, False)
    """
    values, wrong = to_numbers([field.strip() for field in fields[1:]])
    if wrong.any() or np.isnan(values).all():
        return False
    start = fields[0].strip()
    return bool(read_iso([start]).read.all() or time_formats([start]))


def _cut(line: str, delimiters: str) -> list[str]:
    return next((split(line, each) for each in delimiters if each in line), [line])


def _of_three(lines: Sequence[str], at: int, delimiter: str) -> Header | None:
    """The header of yfinance: its third line holds the time column alone, the two above it prices and tickers."""
    if at < 2:
        return None
    rows = [[field.strip() for field in split(line, delimiter)] for line in lines[at - 2 : at + 1]]
    levels = {tidy(row[0]): row[1:] for row in rows[:2] if row}
    if set(levels) != {"price", "ticker"} or any(rows[2][1:]) or len({len(row) for row in rows}) != 1:
        return None
    pairs = list(zip(levels["price"], levels["ticker"], strict=True))
    by_symbol: dict[str, dict[str, str]] = {}
    for price, ticker in pairs:
        by_symbol.setdefault(ticker, {})[price] = f"{price} of {ticker}"
    names = [rows[2][0], *(f"{price} of {ticker}" for price, ticker in pairs)]
    return Header(first=at - 2, last=at, delimiter=delimiter, names=names, by_symbol=by_symbol)


def split(line: str, delimiter: str) -> list[str]:
    """The fields of a line; none where a quote does not end, or a field is beyond all measure."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        fields = next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []
    return fields if max(map(len, fields), default=0) <= _LONGEST_FIELD else []
