"""The ``files`` feed: CSV or Parquet files of this machine."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from storage.contracts import OBSERVED_AT
from storage.errors import FeedError, FeedRefused
from storage.feeds.disk import read_bytes, read_text
from storage.feeds.feed import Fetched, Span
from storage.feeds.patience import PATIENCE, Patience
from storage.feeds.rows import join_rejects, join_rows, observations, rejections
from storage.feeds.table import SYMBOL_COLUMNS, Column, Layout, NoTableError, Table, match_names, read_columns, read_csv
from storage.specs import Pipeline

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
        spec: Pipeline,
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
            path = Path((self.spec.path or "").replace("{symbol}", symbol))
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
        named = table.rows[column].astype("str")
        own = named == symbol
        if not own.any():
            raise FeedRefused(self.name, symbol, f"{path} holds no row of it")
        others = table.rows[OBSERVED_AT][~own] if "{symbol}" in (self.spec.path or "") else []
        foreign = [(at, table.raw(place), _FOREIGN) for place, at in dict(others).items()]
        rows = table.rows[own].drop(columns=column)
        return Table(rows=rows, raw=table.raw, rejects=table.rejects + foreign)


def read_parquet(data: bytes, *, layout: Layout, symbols: Sequence[str]) -> Table:
    """Read a table from a Parquet file's bytes; times may be a column or the index, as instants, dates or ISO text.

    Args:
        data: the file.
        layout: what it must look like.
        symbols: whose rows are wanted of a file with a symbol column.

    Raises:
        NoTableError: it is no Parquet file, a column is missing, or the time column holds no times.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        frame = pq.read_table(io.BytesIO(data)).to_pandas()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise NoTableError(f"what is no whole Parquet file ({type(error).__name__})") from None
    frame = frame.reset_index() if any(name is not None for name in frame.index.names) else frame
    frame.columns = [str(name) for name in frame.columns]
    names = match_names(list(frame.columns), layout)
    if frame.empty:
        raise NoTableError("a table without rows")
    if layout.symbol_column:
        frame = frame[frame[names[layout.symbol_column]].isin(symbols)]
    if frame.empty:
        raise NoTableError("no row of the symbols asked for")
    stamps = frame[names[layout.time]]
    if stamps.dtype.kind in "iuf":
        raise NoTableError(f"numbers in the time column {layout.time!r}; their unit and epoch are a guess")
    columns = {name: _column(frame[name]) for name in frame.columns}
    return read_columns(columns, raw=lambda place: ",".join(map(_text, frame.iloc[place])), layout=layout)


def _column(values: pd.Series) -> Column:
    """A column as it is where it is typed, and as text where it is not."""
    if values.dtype.kind == "M":
        return pd.DatetimeIndex(values)
    if values.dtype.kind in "iuf":
        return values.to_numpy(dtype="float64", na_value=np.nan)
    return [_text(value) for value in values]


def _text(value: object) -> str:
    """A value as text from which the same float64 is read back."""
    if value is None or value is pd.NaT:
        return ""
    return repr(value.item()) if isinstance(value, np.generic) and not isinstance(value, np.str_) else str(value)
