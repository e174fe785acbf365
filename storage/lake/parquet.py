"""Parquet in a folder: tables whole, and arrays as fixed-size lists, with no Python loop over rows."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from daycast.storage.lake.folder import Folder
from daycast.storage.terms.errors import FileDamaged, StorageError

T = TypeVar("T")

# Neighbouring windows share all but one step: zstd finds the repeats at its lowest level, a dictionary never does.
COMPRESSION = {
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": False,
    "write_statistics": False,
    "write_page_checksum": True,
}


def steadily(folder: Folder, read: Callable[[list[str]], T]) -> T:
    """Read a folder's files, and once more where upkeep put some of them together meanwhile.

    Args:
        folder: the folder.
        read: given the names of its files.
    """
    names = folder.names()
    try:
        return read(names)
    except StorageError:
        if (again := folder.names()) == names:
            raise
        return read(again)


def write_frame(folder: Folder, name: str, frame: pd.DataFrame, *, metadata: Mapping[str, str] | None = None) -> None:
    """Write a frame as one Parquet file, without its index."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if metadata:
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **metadata})
    with folder.writing(name) as file:
        pq.write_table(table, file, compression="zstd", write_page_checksum=True)


def fetched_name(frame: pd.DataFrame, fetched_at: datetime) -> str:
    """The name of a file of rows that a feed gave: when, aware UTC, and a hash of what they say."""
    digest = hashlib.sha256(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return f"{fetched_at:%Y%m%dT%H%M%S}{fetched_at.microsecond:06d}Z-{digest.hexdigest()[:8]}.parquet"


def read_frames(folder: Folder, names: Sequence[str], *, columns: list[str] | None = None) -> pd.DataFrame:
    """Read frames one below the other; columns that one lacks are missing there.

    Args:
        folder: where they are.
        names: the files.
        columns: only these; by default all.

    Raises:
        FileDamaged: a file is no Parquet, or was cut.
    """
    return _frame([read_table(folder, name, columns=columns) for name in names])


def read_whole_frames(folder: Folder, names: Sequence[str]) -> pd.DataFrame:
    """As :func:`read_frames`, of those files that are whole: for what can be made anew."""
    return _frame([table for name in names if (table := whole_table(folder, name)) is not None])


def _frame(tables: list[pa.Table]) -> pd.DataFrame:
    return pa.concat_tables(tables, promote_options="permissive").to_pandas() if tables else pd.DataFrame()


def write_arrays(folder: Folder, name: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays with a common first axis as the columns of one Parquet file.

    Args:
        folder: where to.
        name: the file.
        arrays: by column; ``(n,)`` becomes a plain column, ``(n, …)`` a fixed-size list of the row's elements in
            C order.
    """
    with folder.writing(name) as file:
        pq.write_table(arrays_table(arrays), file, **COMPRESSION)


def arrays_table(arrays: Mapping[str, np.ndarray]) -> pa.Table:
    """Arrays with a common first axis as a table, without copying their elements."""
    return pa.table({column: _column(array) for column, array in arrays.items()})


def read_arrays(folder: Folder, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Read what :func:`write_arrays` wrote, the files one below the other.

    Returns:
        By column: ``(n,)``, or ``(n, width)`` for a fixed-size list; times as ``datetime64[us]`` in UTC.

    Raises:
        FileDamaged: a file is no Parquet, or was cut.
    """
    tables = [read_table(folder, name) for name in names]
    if not tables:
        return {}
    table = pa.concat_tables(tables)
    return {column: as_array(table.column(column)) for column in table.column_names}


def read_table(folder: Folder, name: str, *, columns: list[str] | None = None) -> pa.Table:
    """Read one file.

    Raises:
        StorageError: it cannot be read.
        FileDamaged: it is no Parquet, was cut, or has a page that is not the one that was written.
    """
    data = folder.read(name)
    try:
        return pq.read_table(pa.BufferReader(data), columns=columns, page_checksum_verification=True)
    except MemoryError:
        raise
    except Exception as error:
        # Of a damaged file pyarrow lets escape what it meets: ArrowException, OSError, KeyError, …
        raise FileDamaged(
            f"A whole Parquet file is required. Received: {folder.path(name)}, which is none ({type(error).__name__}). "
            "Restore it from a backup, or remove it; the next run writes it anew."
        ) from error


def _column(array: np.ndarray) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(array).reshape(-1))
    if array.ndim == 1:
        return flat
    return pa.FixedSizeListArray.from_arrays(flat, int(np.prod(array.shape[1:])))


def whole_table(folder: Folder, name: str) -> pa.Table | None:
    """Read one file; None where it is damaged."""
    try:
        return read_table(folder, name)
    except FileDamaged:
        return None


def as_array(chunks: pa.ChunkedArray) -> np.ndarray:
    """A column as an array: ``(n,)``, or ``(n, width)`` for a fixed-size list."""
    column = chunks.combine_chunks()
    if not pa.types.is_fixed_size_list(column.type):
        return np.asarray(column.to_numpy(zero_copy_only=False))
    return np.asarray(column.flatten().to_numpy(zero_copy_only=True).reshape(len(column), column.type.list_size))
