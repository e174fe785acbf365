"""The ``files`` feed: CSV or Parquet files of this machine."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from daycast.storage.feeds.feed import Fetched, Span
from daycast.storage.feeds.files_keys import FilesPipeline
from daycast.storage.feeds.reading.csv_table import SYMBOL_COLUMNS, Layout, NoTableError, Table, read_csv
from daycast.storage.feeds.reading.local_file import read_bytes, read_text
from daycast.storage.feeds.reading.parquet_table import read_parquet
from daycast.storage.feeds.reading.rows import join_rejects, join_rows, observations, rejections
from daycast.storage.feeds.wire.limits import PATIENCE, Patience
from daycast.storage.terms.errors import FeedError, FeedRefused
from daycast.storage.terms.words import OBSERVED_AT

_PARQUET = (".parquet", ".pq")
_FOREIGN = "a row of another symbol"


class FilesFeed:
    """One file a symbol (``{symbol}`` in the path), or one file with a symbol column.

    What is ambiguous is refused: a CSV without a header, a header without the columns of the pipeline, dates that are
    not ISO 8601, times with and without a zone in one file.

    Args:
        spec: the pipeline, with ``path``, ``time``, ``timezone`` and perhaps ``symbol_column``.
        validators: not used; files are read each time.
        patience: not used; files are read at once.
    """

    name = "files"

    def __init__(
        self,
        spec: FilesPipeline,
        *,
        validators: Mapping[str, str] | None = None,  # noqa: ARG002 — every feed is built alike
        patience: Patience = PATIENCE,  # noqa: ARG002
    ) -> None:
        self.spec = spec
        self.layout = Layout(
            time=spec.time,
            columns=spec.columns,
            calendar=spec.calendar,
            timezone=spec.timezone,
            symbol_column=spec.symbol_column,
        )

    def fetch(self, symbols: Sequence[str], span: Span) -> Fetched:
        """Read the files of the symbols and give the rows of the span."""
        tables: dict[Path, Table | FeedError] = {}
        frames, rejected, failures = [], [], {}
        for symbol in symbols:
            path = Path(self.spec.path.replace("{symbol}", symbol))
            if path not in tables:
                tables[path] = self._read(path, symbol, symbols=symbols)
            try:
                table = self._of(symbol, tables[path], path)
            except FeedError as error:
                failures[symbol] = error
                continue
            frames.append(observations(symbol, table.rows, calendar=self.spec.calendar, span=span))
            rejected.append(rejections(symbol, table.rejects))
        return Fetched(
            frame=join_rows(frames), rejected=join_rejects(rejected), failures=failures, adjustment="unknown"
        )

    def _read(self, path: Path, symbol: str, *, symbols: Sequence[str]) -> Table | FeedError:
        try:
            if path.suffix.lower() in _PARQUET:
                data = read_bytes(path, feed=self.name, symbol=symbol)
                return read_parquet(data, layout=self.layout, symbols=symbols)
            return read_csv(read_text(path, feed=self.name, symbol=symbol), layout=self.layout)
        except NoTableError as error:
            return FeedRefused(self.name, symbol, f"{path} holds {error}")
        except FeedError as error:
            return error

    def _of(self, symbol: str, table: Table | FeedError, path: Path) -> Table:
        """The symbol's own rows of a file; in its own file, those of others are rejects."""
        if isinstance(table, FeedError):
            raise type(table)(self.name, symbol, table.reason)
        column = self.spec.symbol_column or next((name for name in SYMBOL_COLUMNS if name in table.rows), None)
        if column is None or column not in table.rows:
            return table
        words = [name for name in (column, *SYMBOL_COLUMNS) if name in table.rows]
        named = table.rows[column].astype("str")
        own = named == symbol
        if not own.any():
            raise FeedRefused(self.name, symbol, f"{path} holds no row of it")
        others = table.rows[OBSERVED_AT][~own] if "{symbol}" in self.spec.path else []
        foreign = [(at, table.raw(place), _FOREIGN) for place, at in dict(others).items()]
        rows = table.rows[own].drop(columns=words)
        return Table(rows=rows, raw=table.raw, rejects=table.rejects + foreign)
