"""Reading a table from Parquet, which may be damaged, and may say that it is larger than any memory."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from daycast.storage.feeds.reading.layout import (
    Column,
    Layout,
    NoTableError,
    Sheet,
    match_names,
    match_times,
    series_twice,
    tidy,
)
from daycast.storage.feeds.reading.local_file import read_bytes
from daycast.storage.terms.words import ALL_SERIES

CELL_LIMIT = 128 * 1024 * 1024
"""Values at most of a file: a few bytes of it can stand for any number of them."""


def parquet_sheet(path: Path, *, layout: Layout, feed: str, symbols: Sequence[str]) -> Sheet:
    """Read the columns of a Parquet file, or of a folder of its parts; times may be a column or the index.

    Args:
        path: the file, or a folder as Spark and Dask write it.
        layout: what the table must look like.
        feed: for errors.
        symbols: whose rows are wanted of a table with a symbol column.

    Raises:
        NoTableError: it is no Parquet file, a column is missing, or it has no rows.
        FeedUnavailable: it cannot be read.
        FeedRefused: it is too large.
    """
    wanted, rows, parts = _Wanted.of(layout, symbols), 0, []
    twice: frozenset[str] = frozenset()
    for part in _parts(path):
        some, held = _frame(read_bytes(part, feed=feed, symbol=symbols[0]), wanted)
        rows += held
        named = _named(some, part.relative_to(path).parts[:-1])
        twice |= series_twice(list(named.columns), layout)
        parts.append(named.loc[:, ~named.columns.isin(twice)])
    frame = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    match_times(list(frame.columns), layout)
    if not rows:
        match_names(list(frame.columns), layout)
        raise NoTableError("a table without rows")
    if layout.symbol_column:
        there = match_names(list(frame.columns), layout)[layout.symbol_column]
        frame = frame[frame[there].astype("str").str.strip().isin(symbols) | frame[there].isna()]
    if frame.empty:
        raise NoTableError("no row of the symbols asked for")
    columns = {name: _column(frame[name]) for name in frame.columns}
    return Sheet(columns=columns, raw=lambda place: ",".join(map(_text, frame.iloc[place])), twice=twice)


def parquet_columns(path: Path, *, layout: Layout, feed: str) -> dict[str, Column]:
    """The symbols of a Parquet file, or of a folder of its parts, each with its first time once a row group at least.

    Raises:
        NoTableError, FeedUnavailable, FeedRefused: as :func:`parquet_sheet` does.
    """
    found = []
    for part in _parts(path):
        frame = _pairs(read_bytes(part, feed=feed, symbol=ALL_SERIES), layout)
        found.append(_named(frame, part.relative_to(path).parts[:-1]))
    frame = pd.concat(found, ignore_index=True).drop_duplicates()
    return {name: _column(frame[name]) for name in frame.columns}


def _pairs(data: bytes, layout: Layout) -> pd.DataFrame:
    """The first time of each symbol, where times are typed; otherwise every pair of both."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    named = {layout.names.get(name, name) for name in (*layout.times, str(layout.symbol_column))}
    try:
        with pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True) as file:
            schema = file.schema_arrow
            names = [name for name in schema.names if tidy(name) in {tidy(each) for each in named}]
            groups = (file.read_row_group(number, columns=names) for number in range(file.metadata.num_row_groups))
            firsts = [_first(group, {tidy(layout.names.get(name, name)) for name in layout.times}) for group in groups]
            return pa.concat_tables([schema.empty_table().select(names), *firsts]).to_pandas()
    except Exception as error:
        # Of a damaged file pyarrow and pandas let escape what they meet: ArrowException, KeyError, TypeError, …
        raise NoTableError(f"what is no whole Parquet file ({type(error).__name__})") from None


def _first(table: Any, times: set[str]) -> Any:
    import pyarrow as pa

    at = [
        name
        for name in table.column_names
        if tidy(name) in times and pa.types.is_temporal(table.schema.field(name).type)
    ]
    rest = [name for name in table.column_names if name not in at]
    if len(at) != 1 or not rest:
        return table.group_by(table.column_names).aggregate([])
    firsts = table.group_by(rest).aggregate([(at[0], "min")]).rename_columns([*rest, at[0]])
    return firsts.select(table.column_names).cast(table.schema)


def _parts(path: Path) -> list[Path]:
    """The file itself, or the parts in a folder."""
    parts = list(_parts_in(path)) if path.is_dir() else [path]
    if not parts:
        raise NoTableError("no part of a Parquet file: a folder with files that end in .parquet is required")
    return parts


def _parts_in(folder: Path) -> Iterator[Path]:
    """The parts in a folder and in those below it that name a value; others are not gone into, as ``/`` has many.

    What begins with ``_`` or ``.`` belongs to whoever wrote it.
    """
    for child in sorted(folder.iterdir()):
        if child.name[0] in "_.":
            continue
        if child.is_dir():
            if "=" in child.name:
                yield from _parts_in(child)
        elif child.suffix == ".parquet" and child.is_file():
            yield child


def _named(frame: pd.DataFrame, folders: Sequence[str]) -> pd.DataFrame:
    """A part with its index as a column, and what the names of its folders say (``symbol=AMZN``)."""
    frame = frame.reset_index() if any(name is not None for name in frame.index.names) else frame
    frame.columns = [str(name) for name in frame.columns]
    said = dict(name.split("=", 1) for name in folders if "=" in name)
    return frame.assign(**{name: value for name, value in said.items() if name not in frame.columns})


@dataclass(frozen=True)
class _Wanted:
    """Whose rows are wanted, where a column of texts says whose each row is.

    Attributes:
        column: its name in the file; none where there is none.
        symbols: those wanted; rows that bear none are kept beside them, to be told.
    """

    column: str | None
    symbols: Sequence[str]

    @classmethod
    def of(cls, layout: Layout, symbols: Sequence[str]) -> "_Wanted":
        name = layout.symbol_column
        return cls(name if name is None else layout.names.get(name, name), symbols)

    def group(self, group: Any, schema: Any) -> bool:
        """Whether a row group may hold any of them, by what the file says of its least and its greatest symbol."""
        if self.column not in schema.names:
            return True
        said = group.column(schema.names.index(self.column)).statistics
        if said is None or not said.has_min_max or not isinstance(said.min, str) or said.null_count:
            return True
        if said.min != said.min.strip() or said.max != said.max.strip():  # of what is padded the order is another
            return True
        return any(said.min <= symbol <= said.max for symbol in self.symbols)

    def rows(self, table: Any) -> Any:
        """Their rows of a table."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.column not in table.column_names or not pa.types.is_string(table.schema.field(self.column).type):
            return table
        column = table.column(self.column)
        plain = pc.utf8_trim_whitespace(column)
        return table.filter(pc.or_(pc.is_in(plain, pa.array(self.symbols, pa.string())), pc.is_null(column)))


def _frame(data: bytes, wanted: _Wanted) -> tuple[pd.DataFrame, int]:
    """The wanted rows of a Parquet file, and how many it has; pages that bear checksums are held to them.

    It is read a row group at a time: of ten thousand series a shard's are in memory, and not all.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True) as file:
            said, schema = file.metadata, file.schema_arrow
            cells = said.num_rows * said.num_columns
            if cells > CELL_LIMIT:
                raise NoTableError(f"{cells:,} values; at most {CELL_LIMIT:,} are read")
            flat = said.num_columns == len(schema.names)  # of nested columns the places do not agree
            groups = range(said.num_row_groups)
            read = [number for number in groups if not flat or wanted.group(said.row_group(number), schema)]
            tables = [wanted.rows(file.read_row_group(number)) for number in read]
            return pa.concat_tables([schema.empty_table(), *tables]).to_pandas(), said.num_rows
    except NoTableError:
        raise
    except Exception as error:
        # Of a damaged file pyarrow and pandas let escape what they meet: ArrowException, KeyError, TypeError, …
        raise NoTableError(f"what is no whole Parquet file ({type(error).__name__})") from None


def _column(values: pd.Series) -> Column:
    """A column as it is where it is typed, and as text without blanks around it where it is not, as a CSV's is."""
    if values.dtype.kind == "M":
        return pd.DatetimeIndex(values)
    if values.dtype.kind in "iuf":
        return values.to_numpy(dtype="float64", na_value=np.nan)
    if isinstance(values.dtype, pd.StringDtype):
        return values.str.strip().fillna("nan").tolist()
    if set(map(type, values)) == {date}:  # a panel has each a thousand times
        texts = {value: _text(value) for value in values.unique()}
        return [texts[value] for value in values]
    return [_text(value) for value in values]


def _text(value: object) -> str:
    """A value as text from which the same float64 is read back."""
    if value is None or value is pd.NaT:
        return ""
    return (
        repr(value.item()) if isinstance(value, np.generic) and not isinstance(value, np.str_) else str(value).strip()
    )
