"""Reading a table from a Parquet file, which may be damaged, and may say that it is larger than any memory."""

import io
from collections.abc import Sequence

import numpy as np
import pandas as pd

from daycast.storage.feeds.reading.csv_table import Column, Layout, NoTableError, Table, match_names, read_columns

CELL_LIMIT = 128 * 1024 * 1024
"""Values at most of a file: a few bytes of it can stand for any number of them."""


def read_parquet(data: bytes, *, layout: Layout, symbols: Sequence[str]) -> Table:
    """Read a table from a Parquet file's bytes; times may be a column or the index, as instants, dates or ISO text.

    Args:
        data: the file.
        layout: what it must look like.
        symbols: whose rows are wanted of a file with a symbol column.

    Raises:
        NoTableError: it is no Parquet file, a column is missing, or the time column holds no times.
    """
    frame = _frame(data)
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


def _frame(data: bytes) -> pd.DataFrame:
    """The table of a Parquet file; where its pages bear checksums, they are held to them."""
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True) as file:
            cells = file.metadata.num_rows * file.metadata.num_columns
            if cells > CELL_LIMIT:
                raise NoTableError(f"{cells:,} values; at most {CELL_LIMIT:,} are read")
            return file.read().to_pandas()
    except NoTableError:
        raise
    except Exception as error:
        # Of a damaged file pyarrow and pandas let escape what they meet: ArrowException, KeyError, TypeError, …
        raise NoTableError(f"what is no whole Parquet file ({type(error).__name__})") from None


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
