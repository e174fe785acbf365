"""Which symbols one file of many holds, for a pipeline that takes every one of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from daycast.storage.calendars import Calendar
from daycast.storage.feeds.files import layout_of
from daycast.storage.feeds.files_keys import FilesPipeline, is_parquet
from daycast.storage.feeds.reading.columns import read_times
from daycast.storage.feeds.reading.csv_table import read_sheet
from daycast.storage.feeds.reading.layout import Column, Layout, NoTableError, match_names, match_times
from daycast.storage.feeds.reading.local_file import read_text
from daycast.storage.feeds.reading.parquet_table import parquet_columns
from daycast.storage.terms.errors import FeedRefused
from daycast.storage.terms.pipeline import SYMBOL_PATTERN
from daycast.storage.terms.words import ALL_SERIES

_BLANK = {"", "nan", "none", "nat"}


@dataclass(frozen=True, kw_only=True)
class Members:
    """The symbols of a file.

    Attributes:
        symbols: those of which a row was known, ascending.
        refused: those that no series can have as its name.
    """

    symbols: tuple[str, ...]
    refused: tuple[str, ...] = ()


def members(spec: FilesPipeline, *, as_of: datetime) -> Members:
    """The symbols of a pipeline's one file with a symbol column.

    Args:
        spec: the pipeline.
        as_of: aware; a symbol whose first row was known later is not among them.

    Raises:
        FeedError: the file cannot be read, or is not the table that the pipeline says.
    """
    path, layout = Path(spec.path), replace(layout_of(spec), columns=())
    try:
        columns = _columns(path, spec, layout)
        column = match_names(list(columns), layout)[str(layout.symbol_column)]
        frame = pd.DataFrame({"symbol": _texts(columns[column]), "at": read_times(columns, layout).observed_at})
    except NoTableError as error:
        raise FeedRefused(spec.feed, ALL_SERIES, f"{path} holds {error}") from None
    frame = frame[frame["at"].notna() & ~frame["symbol"].str.lower().isin(_BLANK)]
    first = frame.groupby("symbol", sort=True)["at"].min().sort_values()
    known = Calendar(spec.calendar).available_at(pd.DatetimeIndex(first)) <= pd.Timestamp(as_of)
    names = sorted(str(name) for name in first.index[known])
    fit = [name for name in names if re.fullmatch(SYMBOL_PATTERN, name) and ".." not in name]
    return Members(symbols=tuple(fit), refused=tuple(name for name in names if name not in set(fit)))


def _columns(path: Path, spec: FilesPipeline, layout: Layout) -> dict[str, Column]:
    """The columns of times and of symbols; of a Parquet file each symbol's distinct times alone."""
    if is_parquet(path):
        return parquet_columns(path, layout=layout, feed=spec.feed)
    text = read_text(path, feed=spec.feed, symbol=ALL_SERIES, encoding=spec.encoding)
    if text is None:
        raise NoTableError("an answer that is no text")
    columns = read_sheet(text, layout=layout).columns
    wanted = {*match_times(list(columns), layout), match_names(list(columns), layout)[str(layout.symbol_column)]}
    return {name: column for name, column in columns.items() if name in wanted}


def _texts(column: Column) -> Sequence[str]:
    return [str(each) for each in column]
