"""What model versions tell of documents, kept so that nothing is computed twice.

``<lake>/predictions/<pipeline>/<version>/told/`` has a Parquet file a run that told of documents that were new to the
version, or whose text is another one; ``mistakes/`` the ones that it was most certain of, with the words that moved it.
No text is kept in either. They follow from documents and versions: a file that is damaged is as good as none.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daycast.storage.lake.folder import Folder
from daycast.storage.lake.parquet import read_whole_frames, write_frame
from daycast.storage.terms.words import DOCUMENT_ID, STAMP

Raw = Mapping[str, NDArray[np.float64]]
"""Probabilities ``(documents, labels)`` by forecaster, before anything is set right."""


class ToldLabels:
    """What the versions of one pipeline tell.

    Args:
        lake: the lake.
        pipeline: its name.

    Raises:
        StorageError: from every method, where the folder cannot be read or written.
    """

    def __init__(self, lake: Folder, pipeline: str) -> None:
        self._folder = lake / "predictions" / pipeline

    def missing(self, version: str, keys: pd.DataFrame) -> NDArray[np.bool_]:
        """Of which documents a version has told nothing; ``document_id`` and ``stamp`` name them."""
        return np.asarray(self._places(self._kept(version), keys) < 0)

    def add(self, version: str, rows: pd.DataFrame, *, as_of: datetime) -> None:
        """Keep what a version tells of documents, from :func:`told_rows`."""
        write_frame(self._folder / version / "told", _name(as_of), rows)

    def read(
        self, version: str, keys: pd.DataFrame, *, more: pd.DataFrame | None = None
    ) -> dict[str, NDArray[np.float64]]:
        """What a version tells of documents that it was asked of; ``more`` is what is about to be kept."""
        kept = self._kept(version)
        kept = kept if more is None else pd.concat([kept, more], ignore_index=True) if len(kept) else more
        chosen = kept.iloc[self._places(kept, keys)]
        names = [name for name in kept.columns if name not in {DOCUMENT_ID, STAMP}]
        return {name: np.stack(chosen[name].to_list()) if len(chosen) else np.zeros((0, 0)) for name in names}

    def keep_mistakes(self, version: str, rows: Sequence[Mapping[str, object]], *, as_of: datetime) -> None:
        """Keep a version's most certain mistakes as of an instant."""
        write_frame(self._folder / version / "mistakes", _name(as_of), pd.DataFrame(rows, columns=list(_MISTAKE)))

    def mistakes(self, version: str, *, as_of: datetime) -> list[dict[str, Any]]:
        """The mistakes kept last up to an instant; ``words`` and ``moved`` are lists of one length."""
        folder = self._folder / version / "mistakes"
        names = [name for name in folder.names() if name <= _name(as_of)]
        rows: list[dict[str, Any]] = read_whole_frames(folder, names[-1:]).to_dict("records")
        return rows

    def _kept(self, version: str) -> pd.DataFrame:
        folder = self._folder / version / "told"
        frame = read_whole_frames(folder, folder.names())
        if frame.empty:
            return pd.DataFrame({DOCUMENT_ID: pd.Series([], dtype="str"), STAMP: pd.Series([], dtype="uint64")})
        return frame.drop_duplicates([DOCUMENT_ID, STAMP], keep="last", ignore_index=True)

    @staticmethod
    def _places(kept: pd.DataFrame, keys: pd.DataFrame) -> NDArray[np.intp]:
        known = pd.MultiIndex.from_frame(kept[[DOCUMENT_ID, STAMP]])
        return np.asarray(known.get_indexer(pd.MultiIndex.from_frame(keys[[DOCUMENT_ID, STAMP]])))


def told_rows(keys: pd.DataFrame, raw: Raw) -> pd.DataFrame:
    """Rows of what a version tells of documents; ``document_id`` and ``stamp`` name them."""
    rows = keys[[DOCUMENT_ID, STAMP]].assign(**{name: list(told) for name, told in raw.items()})
    return rows.reset_index(drop=True)


_MISTAKE = (DOCUMENT_ID, "label", "told", "probability", "words", "moved")


def _name(as_of: datetime) -> str:
    return f"{as_of:%Y%m%dT%H%M%S%fZ}.parquet"
