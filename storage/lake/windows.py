"""Windows in the lake: the differenced rows of a shard, once, and where in them a window has its origin.

One folder a pipeline, preparation and shard. A window of 50 steps shares 49 with its neighbour: what is kept is a row a
series and instant, with a mark where everything is there that a window with its origin there reads. Its inputs are the
``lookback`` rows up to its origin, its targets the ``horizon`` rows after it.

A night adds one file with the rows that are new, or no longer what they were (a revision, a split); of a row that is
there twice, the one of the later file counts.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

import numpy as np

from daycast.storage.lake import parquet
from daycast.storage.lake.compaction import compact_windows
from daycast.storage.lake.folder import Folder
from daycast.storage.lake.rows import Rows, append_rows, read_rows
from daycast.storage.lake.shards import is_shard
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.words import LEVEL, OBSERVED_AT, ORIGIN, READY, SERIES_ID

_LATEST = "_latest"
_COLUMNS = 3
"""Which columns a file has; another number for others, so that files of an earlier daycast are left where they are."""

Arrays = Mapping[str, np.ndarray]


def preparation(spec: Pipeline) -> str:
    """Name how windows are made, so that other ways lie beside them.

    Returns:
        Ten hexadecimal digits over everything in the pipeline that shapes a window.
    """
    shape = {
        "columns": _COLUMNS,
        "features": spec.features,
        "target": spec.target,
        "difference": [spec.difference_of(column) for column in spec.columns],
        "lookback": spec.lookback,
        "horizon": spec.horizon,
        "season": spec.season_length,
        "fill_limit": spec.fill_limit,
        "calendar": spec.calendar,
        **({"ahead": spec.known_columns} if spec.known_columns else {}),
    }
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:10]


class WindowStore:
    """The windows of one pipeline, prepared one way, shard by shard.

    Args:
        folder: the lake.
        spec: the pipeline.
    """

    def __init__(self, folder: Folder, spec: Pipeline) -> None:
        self._folder = folder / "windows" / spec.name / preparation(spec)

    def sync(self, shard: str, rows: Rows) -> int:
        """Make the store hold these rows, writing only what it lacks.

        Args:
            shard: whose they are.
            rows: of each series from its first instant to its last, by ``observed_at``, ``ready`` among the columns.

        Returns:
            How many of the rows were written.
        """
        folder = self._folder / shard
        held = read_rows(folder, time=OBSERVED_AT)
        place = held.find(rows, time=OBSERVED_AT)
        fresh = (place < 0) | ~_same(held, place, rows)
        gone = _blank(held.at(_is_gone(held, rows)))
        if fresh.any() or len(gone):
            append_rows(folder, _joined(rows.at(fresh), gone))
        return int(fresh.sum())

    def compact(self, *, before: datetime, files: int) -> int:
        """Put the files of each shard together.

        Args:
            before: aware; files written later are left as they are.
            files: only where there are more than these.

        Returns:
            How many files became one.
        """
        shards = [name for name in self._folder.names() if is_shard(name)]
        return sum(compact_windows(self._folder / name, before=before, files=files) for name in shards)

    def keep_latest(self, shard: str, arrays: Arrays, *, data_hash: str) -> None:
        """Keep the windows whose future is not known yet, one a series, for one state of the shard's data."""
        if not self.holds(shard, data_hash=data_hash):
            parquet.write_arrays(self._folder, f"{_LATEST}/{shard}/{data_hash}.parquet", arrays)

    def holds(self, shard: str, *, data_hash: str) -> bool:
        """Whether :meth:`keep_latest` kept those of this state of the data, whole: its rows were written before."""
        name = f"{_LATEST}/{shard}/{data_hash}.parquet"
        return self._folder.exists(name) and bool(parquet.whole_table(self._folder, name))

    def read_latest(self, shard: str, *, data_hash: str) -> dict[str, np.ndarray]:
        """The windows that :meth:`keep_latest` kept."""
        return parquet.read_arrays(self._folder, [f"{_LATEST}/{shard}/{data_hash}.parquet"])

    def read(self, shard: str, latest: Arrays) -> dict[str, np.ndarray]:
        """The rows of a shard's series, each as far as it was known.

        Args:
            shard: which.
            latest: what :meth:`read_latest` gave.

        Returns:
            Columns with a common first axis; ``series_id`` counts the series of ``latest``, by which the rows are
            sorted, then by ``observed_at``.
        """
        names, until = tuple(map(str, latest[SERIES_ID])), latest[ORIGIN]
        rows = read_rows(self._folder / shard, time=OBSERVED_AT)
        if not len(rows):
            return {}
        wanted = np.full(len(rows.names), -1, dtype=np.intp)
        place = rows.codes_of(names)
        wanted[place[place >= 0]] = np.flatnonzero(place >= 0)
        codes = wanted[rows.columns[SERIES_ID]]
        chosen = np.flatnonzero((codes >= 0) & (rows.columns[OBSERVED_AT] <= until[codes]))
        order = chosen[np.argsort(codes[chosen], kind="stable")]
        found = {name: column[order] for name, column in rows.columns.items()}
        return {**found, SERIES_ID: codes[order].astype(np.int32)}


def _same(held: Rows, place: np.ndarray, rows: Rows) -> np.ndarray:
    """Which rows are the same to the last bit as those held at these places."""
    same = np.ones(len(rows), dtype=bool)
    if not len(held):
        return same
    for name, column in rows.columns.items():
        if name != SERIES_ID:
            ours, theirs = (_bits(each) for each in (column, held.columns[name][place]))
            same &= (ours == theirs).all(axis=1)
    return same


def _bits(column: np.ndarray) -> np.ndarray:
    """Rows as bytes, one kind of "not a number" as good as another."""
    flat = np.ascontiguousarray(column.reshape(len(column), -1))
    if flat.dtype.kind == "f":
        flat = np.where(np.isnan(flat), np.nan, flat).astype(flat.dtype, copy=False)
    return flat.view(f"u{flat.dtype.itemsize}")


def _is_gone(held: Rows, rows: Rows) -> np.ndarray:
    """Which held rows are of an instant that a series has no more, as far as the rows given reach."""
    if not len(held):
        return np.zeros(0, dtype=bool)
    last = np.full(len(held.names) + 1, np.datetime64("NaT", "us"))
    codes = held.codes_of(rows.names)[rows.columns[SERIES_ID]]
    last[codes[codes >= 0]] = rows.columns[OBSERVED_AT][codes >= 0]  # sorted: the last one of each series stays
    reached = held.columns[OBSERVED_AT] <= last[held.columns[SERIES_ID]]
    return np.asarray(reached & np.isfinite(held.columns[LEVEL]) & (rows.find(held, time=OBSERVED_AT) < 0))


def _blank(rows: Rows) -> Rows:
    """The same series and instants, with nothing there."""
    kept = {SERIES_ID, OBSERVED_AT, READY}
    columns = {name: column if name in kept else np.full_like(column, np.nan) for name, column in rows.columns.items()}
    return Rows(rows.names, {**columns, READY: np.zeros(len(rows), dtype=bool)} if columns else {})


def _joined(fresh: Rows, gone: Rows) -> Rows:
    if not len(gone):
        return fresh
    names = tuple(sorted({*fresh.names, *gone.names}))
    position = {name: code for code, name in enumerate(names)}
    codes = [
        np.array([position[name] for name in rows.names], dtype=np.int32)[rows.columns[SERIES_ID]]
        for rows in (fresh, gone)
    ]
    columns = {name: np.concatenate([column, gone.columns[name]]) for name, column in fresh.columns.items()}
    return Rows(names, {**columns, SERIES_ID: np.concatenate(codes)})
