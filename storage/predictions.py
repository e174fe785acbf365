"""What a model version predicts for the windows of one state of the data, kept so that nothing is computed twice."""

from collections.abc import Mapping

import numpy as np

from storage import lake
from storage.contracts import MEAN, PART
from storage.files import Folder


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
        lake.write_arrays(self._folder / version, f"{data_hash}.parquet", arrays)

    def exists(self, *, version: str, data_hash: str) -> bool:
        """Whether :meth:`write` kept these."""
        return (self._folder / version).exists(f"{data_hash}.parquet")

    def means(self, *, version: str, data_hash: str) -> dict[str, np.ndarray]:
        """By part, the levels that :meth:`write` kept, ``(n, horizon)`` in the order of the part's windows."""
        columns = lake.read_arrays(self._folder / version, [f"{data_hash}.parquet"])
        return {str(part): columns[MEAN][columns[PART] == part] for part in np.unique(columns[PART].astype(str))}
