"""The ``files`` feed: CSV or Parquet files of this machine."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from daycast.storage.feeds.feed import Fetched, Span
from daycast.storage.feeds.files_keys import FilesPipeline, is_parquet
from daycast.storage.feeds.reading.ahead import ahead_rows, join_ahead, observed_rows
from daycast.storage.feeds.reading.columns import read_columns, read_times
from daycast.storage.feeds.reading.csv_table import read_sheet
from daycast.storage.feeds.reading.grid import off_grid, resampled
from daycast.storage.feeds.reading.layout import SYMBOL_COLUMNS, Layout, NoTableError, Reject, Sheet, Table, match_times
from daycast.storage.feeds.reading.local_file import digest, read_text
from daycast.storage.feeds.reading.parquet_table import parquet_sheet
from daycast.storage.feeds.reading.rows import by_vintage, join_rejects, observations, rejections
from daycast.storage.feeds.reading.times import Times
from daycast.storage.feeds.wire.limits import LIMITS, Limits
from daycast.storage.terms.errors import FeedError, FeedRefused
from daycast.storage.terms.text import listed, quote
from daycast.storage.terms.words import ALL_SERIES, OBSERVED_AT

_FOREIGN = "a row of another symbol"


class FilesFeed:
    """One file a symbol (``{symbol}`` in the path), or one file with a symbol column, or with a column a symbol.

    What is ambiguous is refused until the pipeline file says what is meant: a CSV without a header, a header without
    the columns of the pipeline, dates that are not ISO 8601, times with and without a zone in one file.

    Args:
        spec: the pipeline.
        validators: not used; files are read each time.
        limits: not used; files are read at once.
    """

    name = "files"

    def __init__(
        self,
        spec: FilesPipeline,
        *,
        validators: Mapping[str, str] | None = None,  # noqa: ARG002 — every feed is built alike
        limits: Limits = LIMITS,  # noqa: ARG002
    ) -> None:
        self.spec = spec
        self.layout = layout_of(spec)
        self._digests: dict[Path, str | None] = {}
        self._whole: dict[Path, _Read | FeedError] = {}
        self._apart: tuple[Table, Mapping[str, Table]] | None = None

    def fetch(self, symbols: Sequence[str], span: Span) -> Fetched:
        """Read the files of the symbols and give the rows of the span."""
        read = dict(self._whole)
        kept: dict[str, pd.DataFrame] = {}
        told, rejected, failures, later = [], [], {}, set()
        for symbol in symbols:
            path = Path(self.spec.path.replace("{symbol}", symbol))
            if path not in read:
                read[path] = self._read(path, symbol, symbols=symbols)
                self._keep(path, read[path])
            try:
                table = self._of(symbol, read[path], path)
                rows = self._on_grid(symbol, table, path)
            except FeedError as error:
                failures[symbol] = error
                continue
            if (rows[OBSERVED_AT] > span.end).any():
                later.add(symbol)
            if self.spec.known_columns:
                told.append(ahead_rows(symbol, rows, spec=self.spec))
            kept[symbol] = observed_rows(rows, spec=self.spec)
            if table.rejects:
                rejected.append(rejections(symbol, table.rejects, whose=table.whose))
        frame = observations(kept, calendar=self.spec.calendar, span=span)
        vintages = by_vintage(frame, told=self.spec.dated, until=span.end)
        return Fetched(
            frame=vintages.newest,
            rejected=join_rejects(rejected),
            failures=failures,
            ahead=join_ahead(told, columns=self.spec.known_columns),
            later=vintages.later | later,
            earlier=vintages.earlier,
        )

    def mark(self, symbol: str) -> str | None:
        """A number over the bytes of the symbol's file, and over how it is read."""
        path = Path(self.spec.path.replace("{symbol}", symbol))
        if path not in self._digests:
            self._digests[path] = digest(path, of=how_read(self.spec))
        return self._digests[path]

    def _read(self, path: Path, symbol: str, *, symbols: Sequence[str]) -> "_Read | FeedError":
        try:
            if is_parquet(path):
                return _Read(parquet_sheet(path, layout=self.layout, feed=self.name, symbols=symbols), self.layout)
            text = read_text(path, feed=self.name, symbol=symbol, encoding=self.spec.encoding)
            if text is None:
                raise NoTableError(_no_text(path, encoding=self.spec.encoding))
            return _Read(read_sheet(text, layout=self.layout), self.layout)
        except NoTableError as error:
            return FeedRefused(self.name, symbol, f"{path} holds {error}")
        except FeedError as error:
            return error

    def _of(self, symbol: str, read: "_Read | FeedError", path: Path) -> Table:
        """The symbol's own rows of a file; in its own file, those of others are rejects."""
        if isinstance(read, FeedError):
            raise type(read)(self.name, symbol, read.reason)
        try:
            if self.spec.symbols_as or read.sheet.by_symbol:
                return read.columns_of(symbol, target=None if read.sheet.by_symbol else self.spec.target)
            return self._rows_of(symbol, read.table(), path)
        except NoTableError as error:
            raise FeedRefused(self.name, symbol, f"{path} holds {error}") from None

    def _keep(self, path: Path, read: "_Read | FeedError") -> None:
        """Keep a text of many symbols for the other shards; of a Parquet file each has its own part read."""
        if "{symbol}" not in self.spec.path and not is_parquet(path):
            self._whole[path] = read

    def _rows_of(self, symbol: str, table: Table, path: Path) -> Table:
        column = self.spec.symbol_column or next((name for name in SYMBOL_COLUMNS if name in table.rows), None)
        if column is None or column not in table.rows:
            return table
        if "{symbol}" not in self.spec.path:
            apart = self._by_symbol(table, column)
            if symbol not in apart:
                raise FeedRefused(self.name, symbol, f"{path} holds no row of it; there are: {listed(list(apart))}")
            return apart[symbol]
        named = table.rows[column].astype("str")
        own = named == symbol
        if not own.any():
            raise FeedRefused(self.name, symbol, f"{path} holds no row of it; there are: {listed(named.unique())}")
        foreign = [(at, table.raw(place), _FOREIGN) for place, at in dict(table.rows[OBSERVED_AT][~own]).items()]
        rows = table.rows[own].drop(columns=_words(column, table))
        return Table(rows=rows, raw=table.raw, rejects=table.rejects + foreign)

    def _by_symbol(self, table: Table, column: str) -> Mapping[str, Table]:
        """The table of each symbol of one file with many, taken apart once.

        What was set aside is its symbol's; what bears none is told once, with the pipeline's first symbol there.
        """
        if self._apart is None or self._apart[0] is not table:
            named = table.rows[column].astype("str")
            groups = table.rows.drop(columns=_words(column, table)).groupby(named, sort=False)
            aside: dict[str, list[Reject]] = {}
            for owner, reject in zip(table.whose, table.rejects, strict=True):
                aside.setdefault(owner, []).append(reject)
            first = next((symbol for symbol in self.spec.symbols if symbol in groups.groups), None)
            self._apart = (
                table,
                {str(name): _own(str(name), rows, table, aside=aside, first=name == first) for name, rows in groups},
            )
        return self._apart[1]

    def _on_grid(self, symbol: str, table: Table, path: Path) -> pd.DataFrame:
        if self.spec.resample:
            return resampled(table.rows, how=self.spec.resample, calendar=self.spec.calendar)
        if said := off_grid(table.rows[OBSERVED_AT], calendar=self.spec.calendar):
            raise FeedRefused(self.name, symbol, f"{path} holds {said}")
        return table.rows


def _own(symbol: str, rows: pd.DataFrame, table: Table, *, aside: Mapping[str, list[Reject]], first: bool) -> Table:
    own, nobodys = aside.get(symbol, []), aside.get("", []) if first else []
    whose = [*([symbol] * len(own)), *([ALL_SERIES] * len(nobodys))]
    return Table(rows=rows, raw=table.raw, rejects=[*own, *nobodys], whose=whose)


def _words(column: str, table: Table) -> list[str]:
    """The columns of symbols."""
    return [name for name in dict.fromkeys((column, *SYMBOL_COLUMNS)) if name in table.rows]


class _Read:
    """A file whose columns are known; its times are read once, however many symbols it has."""

    def __init__(self, sheet: Sheet, layout: Layout) -> None:
        self.sheet, self.layout = sheet, layout
        self._times: Times | None = None
        self._table: Table | None = None

    def table(self) -> Table:
        """All of it."""
        if self._table is None:
            self._table = read_columns(
                self.sheet.columns, raw=self.sheet.raw, layout=self.layout, rejects=self.sheet.rejects
            )
        return self._table

    def columns_of(self, symbol: str, *, target: str | None) -> Table:
        """The columns of one symbol: the one that bears its name, as the target; or those that a header gives it."""
        columns = self.sheet.columns
        own = {target: symbol} if target else self.sheet.by_symbol.get(symbol)
        if twice := self.sheet.twice.intersection((own or {}).values()):
            raise NoTableError(f"more than one column {listed(sorted(map(quote, twice)))}; leave one of them")
        if own is None or not set(own.values()) <= set(columns):
            there = self.sheet.by_symbol or [name for name in columns if name not in self.layout.times]
            raise NoTableError(f"no column of {symbol!r}; there are: {listed(list(there))}")
        if self._times is None:
            self._times = read_times(columns, self.layout)
        times = {there: columns[there] for there in match_times(list(columns), self.layout)}
        return read_columns(
            {**times, **{name: columns[there] for name, there in own.items()}},
            raw=self.sheet.raw,
            layout=replace(self.layout, names={name: name for name in self.layout.wanted}) if target else self.layout,
            rejects=self.sheet.rejects,
            times=self._times,
        )


def layout_of(spec: FilesPipeline) -> Layout:
    """What the files of a pipeline must look like."""
    return Layout(
        time=spec.time,
        columns=spec.read,
        calendar=spec.calendar,
        timezone=spec.timezone,
        symbol_column=spec.symbol_column,
        names=spec.columns_named,
        separator=spec.separator,
        decimal=spec.decimal,
        thousands=spec.thousands,
        time_format=spec.time_format,
        available_at=spec.available_at,
        declares=True,
        by_column=spec.symbols_as is not None,
    )


_DECIDES_NOTHING = {
    "name",
    "path",
    "symbols",
    "model",
    "training",
    "split",
    "schedule",
    "retrain_schedule",
    "lookback",
    "horizon",
    "season",
    "unit",
}
"""Keys of a pipeline that say nothing of how its files are read; another key too many has them read once more."""


def how_read(spec: FilesPipeline) -> str:
    """What of a pipeline, and which daycast, says how its files are read."""
    alone = "{symbol}" in spec.path
    return f"{version('daycast')} {alone} {spec.model_dump_json(exclude=set(_DECIDES_NOTHING))}"


_PACKED = {
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"PK\x03\x04": "a workbook of a spreadsheet or a ZIP archive",
    b"\xd0\xcf\x11\xe0": "an old workbook of a spreadsheet",
}
"""What files that are no text begin with, of those that people take for tables."""


def _no_text(path: Path, *, encoding: str | None) -> str:
    with path.open("rb") as file:
        start = file.read(max(map(len, _PACKED)))
    if packed := next((name for magic, name in _PACKED.items() if start.startswith(magic)), None):
        what = "save it as CSV" if "workbook" in packed else "unpack it"
        return f"{packed}, which is no UTF-8 text; {what}"
    if encoding:
        return f"an answer that is no text in {encoding}; set encoding to the one that it has"
    return 'an answer that is no UTF-8 text; encoding = "cp1252", "gbk", "utf-16", … says which it is'
