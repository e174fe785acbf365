"""What a model version predicts for the windows of one state of the data, kept so that nothing is computed twice."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pandas as pd

from daycast.storage.lake import parquet
from daycast.storage.lake.folder import Folder
from daycast.storage.terms.words import MEAN, ORIGIN, PART, SERIES_ID

_LATEST = "latest"


class Predictions:
    """The predictions of one pipeline's versions.

    Args:
        folder: the lake.
        pipeline: the pipeline's name.
    """

    def __init__(self, folder: Folder, pipeline: str) -> None:
        self._folder = folder / "predictions" / pipeline

    def write(self, arrays: Mapping[str, np.ndarray], *, version: str, data_hash: str) -> None:
        """Keep a version's predictions for a state of the data.

        Args:
            arrays: columns with a common first axis: ``series_id``, ``origin``, ``part``, and ``mean`` as
                ``(n, horizon)`` levels of the target.
            version: the model version.
            data_hash: the state of the data.
        """
        parquet.write_arrays(self._folder / version, f"{data_hash}.parquet", arrays)

    def exists(self, *, version: str, data_hash: str) -> bool:
        """Whether :meth:`write` kept these."""
        return (self._folder / version).exists(f"{data_hash}.parquet")

    def means(self, *, version: str, data_hash: str) -> dict[str, np.ndarray]:
        """By part, the levels that :meth:`write` kept, ``(n, horizon)`` in the order of the part's windows."""
        columns = parquet.read_arrays(self._folder / version, [f"{data_hash}.parquet"])
        return {str(part): columns[MEAN][columns[PART] == part] for part in np.unique(columns[PART].astype(str))}

    def one_ahead(self, *, version: str, data_hash: str | None = None, origins: Mapping[str, datetime]) -> pd.DataFrame:
        """What a version predicted one step ahead.

        Args:
            version: the model version.
            data_hash: the state of the data; by default the one whose latest windows have the origins given.
            origins: by series id, aware UTC.

        Returns:
            ``series_id``, ``origin`` (aware UTC), ``part`` and ``mean``, in the order of the windows; without rows
            where nothing was kept.
        """
        folder = self._folder / version
        names = folder.names() if data_hash is None else [f"{data_hash}.parquet"]
        for name in names:
            frame = _one_ahead(folder, name) if folder.exists(name) else _NOTHING
            latest = frame[frame[PART] == _LATEST]
            there = dict(zip(latest[SERIES_ID], latest[ORIGIN], strict=True))
            if data_hash is not None or {name: there.get(name) for name in origins} == dict(origins):
                return frame
        return _NOTHING


_NOTHING = pd.DataFrame({SERIES_ID: [], ORIGIN: pd.DatetimeIndex([], tz="UTC"), PART: [], MEAN: []})


def _one_ahead(folder: Folder, name: str) -> pd.DataFrame:
    columns = parquet.read_arrays(folder, [name])
    return pd.DataFrame(
        {
            SERIES_ID: columns[SERIES_ID].astype(str),
            ORIGIN: pd.DatetimeIndex(columns[ORIGIN]).tz_localize("UTC"),
            PART: columns[PART].astype(str),
            MEAN: columns[MEAN][:, 0],
        }
    )
