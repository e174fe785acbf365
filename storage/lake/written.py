"""What model versions write, and how well they tell how a text goes on, kept so that nothing is computed twice.

``<lake>/predictions/<pipeline>/<version>/scores/`` has a Parquet file for each state of the text that the version was
scored on, ``texts/`` one for each way in which it was asked to write.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from daycast.storage.lake.folder import Folder
from daycast.storage.lake.parquet import read_frames, whole_table, write_frame

Rows = Sequence[Mapping[str, object]]


class WrittenTexts:
    """What the versions of one pipeline write.

    Args:
        lake: the lake.
        pipeline: its name.

    Raises:
        StorageError: from every method, where the folder cannot be read or written.
    """

    def __init__(self, lake: Folder, pipeline: str) -> None:
        self._folder = lake / "predictions" / pipeline

    def has(self, version: str, what: str, key: str) -> bool:
        """Whether a version's ``scores`` or ``texts`` are there under a key, whole."""
        folder, name = self._folder / version / what, f"{key}.parquet"
        return folder.exists(name) and whole_table(folder, name) is not None

    def keep(self, version: str, what: str, key: str, rows: Rows) -> None:
        """Keep a version's ``scores`` (``part``, ``forecaster``, ``metric``, ``value``, ``n``) or ``texts``."""
        write_frame(self._folder / version / what, f"{key}.parquet", pd.DataFrame([dict(row) for row in rows]))

    def read(self, version: str, what: str, key: str) -> list[dict[str, Any]]:
        """The rows that were kept."""
        rows = read_frames(self._folder / version / what, [f"{key}.parquet"])
        return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
