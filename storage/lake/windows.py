"""Windows in the lake: fixed-size lists of numbers, written once and read back as whole arrays.

One folder a pipeline, preparation and symbol; a day's new data add one file with the new windows. Files whose windows
no longer agree with the observations (a revision, a split) are written anew.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from daycast.storage.lake import parquet
from daycast.storage.lake.compaction import compact_windows
from daycast.storage.lake.folder import Folder
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.words import END, INPUTS, ORIGIN, series_id

_LATEST = "_latest"
_COLUMNS = 2
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
    }
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:10]


class WindowStore:
    """The windows of one pipeline, prepared one way.

    Args:
        folder: the lake.
        spec: the pipeline.
    """

    def __init__(self, folder: Folder, spec: Pipeline) -> None:
        self._pipeline = spec.name
        self._folder = folder / "windows" / spec.name / preparation(spec)

    def sync(self, symbol: str, arrays: Arrays) -> int:
        """Make the store hold these windows, writing only what it lacks.

        Args:
            symbol: the series' symbol.
            arrays: columns with a common first axis, among them ``origin``, ascending.

        Returns:
            How many windows were written.
        """
        folder = self._folder / symbol
        return parquet.steadily(folder, lambda names: self._sync(folder, names, arrays))

    def _sync(self, folder: Folder, names: list[str], arrays: Arrays) -> int:
        origin = arrays[ORIGIN]
        missing = np.ones(len(origin), dtype=bool)
        for name in names:
            held = parquet.read_arrays(folder, [name])
            shared = np.isin(origin, held[ORIGIN], assume_unique=True)
            if _agree(held, arrays, shared):
                missing &= ~shared
            else:
                folder.remove(name)
        if missing.any():
            fresh = {column: array[missing] for column, array in arrays.items()}
            parquet.write_arrays(folder, _file_name(fresh), fresh)
        return int(missing.sum())

    def compact(self, *, before: datetime, files: int) -> int:
        """Put the files of each symbol together.

        Args:
            before: aware; files written later are left as they are.
            files: only where there are more than these.

        Returns:
            How many files became one.
        """
        symbols = [name for name in self._folder.names() if name != _LATEST]
        return sum(compact_windows(self._folder / symbol, before=before, files=files) for symbol in symbols)

    def keep_latest(self, arrays: Arrays, *, data_hash: str) -> None:
        """Keep the windows whose future is not known yet, one a series, for one state of the data."""
        if not self._folder.exists(f"{_LATEST}/{data_hash}.parquet"):
            parquet.write_arrays(self._folder, f"{_LATEST}/{data_hash}.parquet", arrays)

    def read_latest(self, *, data_hash: str) -> dict[str, np.ndarray]:
        """The windows that :meth:`keep_latest` kept."""
        return parquet.read_arrays(self._folder, [f"{_LATEST}/{data_hash}.parquet"])

    def read(self, until: Mapping[str, datetime]) -> dict[str, dict[str, np.ndarray]]:
        """The windows of some symbols, as far as their targets were known.

        Args:
            until: by symbol, the last instant that was known, aware UTC.

        Returns:
            By series id, the columns as whole arrays, origin ascending; inputs flat, ``(n, lookback * features)``.
        """
        return {series_id(self._pipeline, symbol): self._read(symbol, until=last) for symbol, last in until.items()}

    def _read(self, symbol: str, *, until: datetime) -> dict[str, np.ndarray]:
        folder = self._folder / symbol
        arrays = parquet.steadily(folder, lambda names: parquet.read_arrays(folder, names))
        if not arrays:
            return {}
        origin, known = arrays[ORIGIN], arrays[END] <= _naive(until)
        if known.all() and (np.diff(origin) > np.timedelta64(0)).all():
            return arrays
        chosen = np.flatnonzero(known)
        # A process that was killed while it put files together leaves windows twice.
        chosen = chosen[np.unique(origin[chosen], return_index=True)[1]]
        return {column: array[chosen] for column, array in arrays.items()}


def _naive(instant: datetime) -> np.datetime64:
    """An aware instant as NumPy knows it: UTC without saying so."""
    return np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "us")


def _agree(held: Arrays, arrays: Arrays, shared: np.ndarray) -> bool:
    """Whether the held windows are the same as those given, as far as the given ones reach."""
    origin = arrays[ORIGIN]
    if set(held) != set(arrays) or not len(origin):
        return False
    reached = held[ORIGIN] <= origin[-1]
    if int(reached.sum()) != int(shared.sum()):
        return False
    return all(
        np.array_equal(held[column][reached].reshape(-1), array[shared].reshape(-1)) for column, array in arrays.items()
    )


def _file_name(arrays: Arrays) -> str:
    """First origin, count and a digest: a file is never written over with other windows."""
    first = np.datetime_as_string(arrays[ORIGIN][0], unit="s").replace(":", "").replace("-", "")
    digest = hashlib.sha256(arrays[INPUTS][-1].tobytes()).hexdigest()[:8]
    return f"{first}Z-{len(arrays[ORIGIN]):07d}-{digest}.parquet"
