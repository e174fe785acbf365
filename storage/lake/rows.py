"""Rows of many series in a folder of Parquet files, a row a series and instant: files are added, a later one counts.

They follow from observations and model versions, so that a file that is damaged is as good as none: whoever keeps rows
here finds that they are missing, and makes them anew.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from daycast.storage.lake import parquet
from daycast.storage.lake.folder import Folder
from daycast.storage.terms.words import SERIES_ID

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows, sorted by series and instant, one for each.

    Attributes:
        names: the series ids, ascending where the rows were read.
        columns: with a common first axis; ``series_id`` is int32 and says which of the names a row is of.
    """

    names: tuple[str, ...]
    columns: Columns

    def __len__(self) -> int:
        return len(self.columns[SERIES_ID]) if self.columns else 0

    def at(self, places: NDArray[Any]) -> "Rows":
        """The rows at some places, or where a mask says so."""
        return Rows(self.names, {name: column[places] for name, column in self.columns.items()})

    def codes_of(self, names: Sequence[str]) -> NDArray[np.intp]:
        """Which of the names each of these is; -1 where it is none."""
        return np.asarray(pd.Index(self.names, dtype="str").get_indexer(pd.Index(names, dtype="str")))

    def find(self, other: "Rows", *, time: str) -> NDArray[np.intp]:
        """Where the row of the same series and instant stands, for each row of others; -1 where there is none."""
        if not len(self):
            return np.full(len(other), -1, dtype=np.intp)
        codes = self.codes_of(other.names)[other.columns[SERIES_ID]] if len(other) else np.zeros(0, dtype=np.intp)
        own, wanted = self.columns[time], other.columns[time]
        stamps = np.unique(own)
        keys = self.columns[SERIES_ID].astype(np.int64) * len(stamps) + np.searchsorted(stamps, own)
        column = np.minimum(np.searchsorted(stamps, wanted), len(stamps) - 1)
        key = codes * len(stamps) + column
        place = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
        return np.where((codes >= 0) & (stamps[column] == wanted) & (keys[place] == key), place, -1)


def read_rows(folder: Folder, *, time: str) -> Rows:
    """The rows of a folder, of each series and instant that of the last file; none of a file that is damaged.

    Raises:
        StorageError: a file cannot be read.
    """
    return parquet.steadily(folder, lambda names: _read(folder, names, time=time))


def append_rows(folder: Folder, rows: Rows) -> None:
    """Add a file, whose rows count from then on."""
    last = max((int(name.split("-")[0]) for name in _files(folder)), default=0)
    _write(folder, rows, number=last + 1, kind="")


def compact_files(folder: Folder, names: Sequence[str], *, time: str) -> str:
    """Put files together, in the place of the last of them; it is for the caller to remove them afterwards.

    Returns:
        The whole's name.
    """
    return _write(folder, _read(folder, names, time=time), number=int(names[-1].split("-")[0]), kind="whole")


def _files(folder: Folder) -> list[str]:
    return [name for name in folder.names() if name.endswith(".parquet")]


def _write(folder: Folder, rows: Rows, *, number: int, kind: str) -> str:
    plain = {name: column for name, column in rows.columns.items() if name != SERIES_ID}
    labels = pa.DictionaryArray.from_arrays(pa.array(rows.columns[SERIES_ID]), pa.array(rows.names, type=pa.string()))
    table = parquet.arrays_table(plain).add_column(0, SERIES_ID, labels)
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(column).tobytes() for column in plain.values()))
    name = f"{number:08d}-{len(rows):07d}-{kind or digest.hexdigest()[:8]}.parquet"
    with folder.writing(name) as file:
        pq.write_table(table, file, **{**parquet.COMPRESSION, "use_dictionary": [SERIES_ID]})
    return name


def _read(folder: Folder, names: Sequence[str], *, time: str) -> Rows:
    found = [parquet.whole_table(folder, name) for name in names if name.endswith(".parquet")]
    tables = [table for table in found if table]
    if not tables:
        return Rows((), {})
    table = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
    labels = table.column(SERIES_ID).combine_chunks()
    given = labels.dictionary.to_pylist()
    order = np.argsort(np.array(given, dtype=object), kind="stable")
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    codes = rank[labels.indices.to_numpy(zero_copy_only=False)]
    columns = {name: parquet.as_array(table.column(name)) for name in table.column_names if name != SERIES_ID}
    rows = Rows(tuple(given[place] for place in order), {SERIES_ID: codes, **columns})
    sorted_already = len(tables) == 1 and given == sorted(given)
    return rows if sorted_already else _last_of_each(rows, time=time)


def _last_of_each(rows: Rows, *, time: str) -> Rows:
    codes, stamps = rows.columns[SERIES_ID], rows.columns[time]
    order = np.lexsort((stamps, codes))  # stable: of the same series and instant, later files stand later
    again = (np.diff(codes[order]) == 0) & (np.diff(stamps[order].astype(np.int64)) == 0)
    return rows.at(order[np.append(~again, True)])
