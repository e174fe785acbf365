"""What a model version predicts for windows, kept so that nothing is computed twice.

One folder a version and shard; a night adds one file with the windows that the version had not seen, or that no longer
read what they did.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daycast.storage.lake.compaction import MOST_FILES
from daycast.storage.lake.folder import Folder
from daycast.storage.lake.rows import Rows, append_rows, compact_files, read_rows
from daycast.storage.terms.words import MEAN, ORIGIN, PART, SERIES_ID, STAMP


class Predictions:
    """The predictions of one pipeline's versions.

    Args:
        folder: the lake.
        pipeline: the pipeline's name.
    """

    def __init__(self, folder: Folder, pipeline: str) -> None:
        self._folder = folder / "predictions" / pipeline

    def missing(self, version: str, shard: str, keys: Rows) -> NDArray[np.bool_]:
        """Which windows a version has no prediction of.

        Args:
            version: the model version.
            shard: whose windows they are.
            keys: ``series_id``, ``origin``, and ``stamp`` over all that is read of the window.
        """
        return self._places(self.kept(version, shard), keys) < 0

    def add(self, version: str, shard: str, rows: Rows) -> None:
        """Keep predictions.

        Args:
            version: the model version.
            shard: whose windows they are of.
            rows: the keys, ``part``, and ``mean`` as ``(n, horizon)`` levels of the target.
        """
        folder = self._folder / version / shard
        names = folder.names()
        if len(names) >= MOST_FILES:
            whole = compact_files(folder, names, time=ORIGIN)
            for name in names:
                if name != whole:
                    folder.remove(name)
        append_rows(folder, rows)

    def means(self, version: str, shard: str, keys: Rows, *, horizon: int) -> NDArray[np.float64]:
        """The levels that a version predicts for windows, ``(n, horizon)``; NaN where it has none."""
        kept = self.kept(version, shard)
        place = self._places(kept, keys)
        found = np.full((len(keys), horizon), np.nan)
        if len(kept):
            found[place >= 0] = kept.columns[MEAN][place[place >= 0]].reshape(-1, horizon)
        return found

    def kept(self, version: str, shard: str) -> Rows:
        """All that a version predicted, its keys, ``part`` and ``mean``, by series and origin."""
        return read_rows(self._folder / version / shard, time=ORIGIN)

    def one_ahead(self, version: str, shard: str, *, series: Sequence[str]) -> pd.DataFrame:
        """What a version predicted one step ahead for some series.

        Returns:
            ``series_id``, ``origin`` (aware UTC), ``part`` (in which the window was when it was predicted) and
            ``mean``, by series and origin; without rows where nothing was kept.
        """
        kept = self.kept(version, shard)
        if not len(kept):
            return pd.DataFrame({SERIES_ID: [], ORIGIN: pd.DatetimeIndex([], tz="UTC"), PART: [], MEAN: []})
        chosen = kept.at(np.isin(kept.columns[SERIES_ID], kept.codes_of(series)))
        columns = chosen.columns
        return pd.DataFrame(
            {
                SERIES_ID: np.array(kept.names, dtype=object)[columns[SERIES_ID]],
                ORIGIN: pd.DatetimeIndex(columns[ORIGIN]).tz_localize("UTC"),
                PART: columns[PART].astype(str),
                MEAN: columns[MEAN][:, 0],
            }
        )

    @staticmethod
    def _places(kept: Rows, keys: Rows) -> NDArray[np.intp]:
        place = kept.find(keys, time=ORIGIN)
        if not len(kept):
            return place
        return np.where(kept.columns[STAMP][place] == keys.columns[STAMP], place, -1)
