"""The documents of a pipeline, point in time: what was known of each, and from when on.

``<lake>/documents/<pipeline>/`` has a Parquet file for each fetch that brought something: documents, or a label that
came or changed. What stands is never changed, so that a run sees as of an instant what was known then.
"""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from daycast.storage.lake.damage import damaged, put_aside
from daycast.storage.lake.folder import Folder
from daycast.storage.lake.parquet import read_frames, steadily, write_frame
from daycast.storage.terms.words import (
    AVAILABLE_AT,
    DOCUMENT_ID,
    FETCHED_AT,
    LABEL,
    LABELLED_AT,
    PUBLISHED_AT,
    REASON,
    TEXT,
    TIME,
)

_COLUMNS = [DOCUMENT_ID, TEXT, PUBLISHED_AT, LABEL, AVAILABLE_AT, FETCHED_AT]


@dataclass(frozen=True, kw_only=True)
class AddedDocuments:
    """What a fetch brought.

    Attributes:
        new: documents that were not known.
        revised: documents whose text or time is another one.
        labelled: known documents whose label came or changed.
    """

    new: int
    revised: int
    labelled: int


class DocumentStore:
    """The documents of a pipeline.

    Args:
        lake: the lake's folder.
        pipeline: its name.

    Raises:
        StorageError: from every method, where the folder cannot be read or written.
    """

    def __init__(self, lake: Folder, pipeline: str) -> None:
        self.folder = lake / "documents" / pipeline
        self._aside = lake / "set_aside" / pipeline
        self._damaged = lake / "damaged" / pipeline

    def put_damaged_aside(self) -> list[str]:
        """Put files that are not whole where nobody reads them, so that what they held is kept anew; their paths."""
        folders = {"documents": self.folder, "set_aside": self._aside}
        return put_aside(damaged(folders), source=folders, aside=self._damaged)

    def add(
        self,
        frame: pd.DataFrame,
        *,
        fetched_at: datetime,
        known_at: datetime,
        of_files: bool = False,
        again: bool = False,
    ) -> AddedDocuments:
        """Keep what is not known yet.

        A document that comes for the first time counts as known from when it was published, and the label that it
        brings from ``labelled_at`` on, or from then too where that is missing. What comes of a known one later (a
        label, another text) counts from ``known_at`` on, or from a later ``labelled_at``.

        Args:
            frame: ``document_id``, ``text``, ``published_at``, ``label`` and ``labelled_at`` (missing where it is not
                known; the latter may lack); a row each.
            fetched_at: aware; when it was read.
            known_at: aware; from when on what came of known documents counts.
            of_files: whether ``published_at`` is a file's last change: where the text is the same, that is no news.
            again: whether what comes may have come before, and be known no more: the label of a document that seems
                new counts from ``known_at`` on, since nobody knows any more when it came.
        """
        known = self._newest(self._all()).set_index(DOCUMENT_ID)
        given = frame.set_index(DOCUMENT_ID)
        fresh = ~given.index.isin(known.index)
        before = known.reindex(given.index)
        told = given[LABEL].notna() & (given[LABEL] != before[LABEL])
        if of_files:
            touched = ~fresh & (given[TEXT] == before[TEXT])
            given = given.assign(**{PUBLISHED_AT: given[PUBLISHED_AT].mask(touched, before[PUBLISHED_AT])})
        revised = ((given[TEXT] != before[TEXT]) | (given[PUBLISHED_AT] != before[PUBLISHED_AT])) & ~fresh
        labelled = told & ~fresh & ~revised
        kept = given.assign(**{LABEL: given[LABEL].where(given[LABEL].notna(), before[LABEL])})
        instant = pd.Series(pd.Timestamp(known_at), index=given.index)
        came = given[PUBLISHED_AT].where(fresh, instant)
        said = given[LABELLED_AT] if LABELLED_AT in given else pd.Series(pd.NaT, index=given.index, dtype=TIME)
        said = said.fillna(pd.Timestamp(known_at)) if again else said
        later = told & (said > came)
        rows = kept.assign(**{AVAILABLE_AT: said.where(later, came), FETCHED_AT: pd.Timestamp(fetched_at)})
        before_it = rows.assign(**{LABEL: before[LABEL], AVAILABLE_AT: came})[later & (fresh | revised)]
        rows = pd.concat([before_it, rows[fresh | revised | labelled]]).reset_index()
        if len(rows):
            write_frame(self.folder, f"{fetched_at:%Y%m%dT%H%M%S%fZ}.parquet", _typed(rows))
        return AddedDocuments(new=int(fresh.sum()), revised=int(revised.sum()), labelled=int(labelled.sum()))

    def empty(self) -> bool:
        """Whether nothing was ever kept."""
        return not self.folder.names()

    def newest(self) -> pd.DataFrame:
        """What came last of each document, whenever it counts from: a row a document."""
        return self._newest(self._all())

    def known(self, as_of: datetime) -> pd.DataFrame:
        """What was known as of an instant: a row a document, by ``published_at`` and key, the newest of what was said.

        ``label`` is missing where it was not known then; ``available_at`` is when the row's was.
        """
        rows = self._all()
        seen = rows[(rows[AVAILABLE_AT] <= pd.Timestamp(as_of)) & (rows[PUBLISHED_AT] <= pd.Timestamp(as_of))]
        return self._newest(seen).sort_values([PUBLISHED_AT, DOCUMENT_ID], ignore_index=True)

    def labels(self, as_of: datetime) -> pd.DataFrame:
        """The label of each document that had one as of an instant, as last revised: ``document_id``, ``label``.

        ``available_at`` is when that label could first be known, whatever came of the text since.
        """
        rows = self._all(without=TEXT)
        seen = rows[(rows[AVAILABLE_AT] <= pd.Timestamp(as_of)) & rows[LABEL].notna()]
        newest = self._newest(seen).set_index(DOCUMENT_ID)[LABEL]
        same = seen[seen[LABEL] == seen[DOCUMENT_ID].map(newest)]
        return same.groupby([DOCUMENT_ID, LABEL], as_index=False)[AVAILABLE_AT].min()

    def set_aside(self, rows: pd.DataFrame, *, fetched_at: datetime) -> None:
        """Keep what could not be used: keys and reasons."""
        if len(rows):
            write_frame(self._aside, f"documents-{fetched_at:%Y%m%dT%H%M%S%fZ}.parquet", rows)

    def aside(self, until: datetime) -> pd.DataFrame:
        """The documents that the last fetch up to an instant set aside: ``document_id`` and ``reason``."""
        wanted = f"documents-{until:%Y%m%dT%H%M%S%fZ}.parquet"
        names = [name for name in self._aside.names() if name.startswith("documents-") and name <= wanted]
        rows = read_frames(self._aside, names[-1:])
        return rows if len(rows) else pd.DataFrame({DOCUMENT_ID: [], REASON: []}, dtype=str)

    def _all(self, *, without: str = "") -> pd.DataFrame:
        columns = [name for name in _COLUMNS if name != without]
        rows = steadily(self.folder, lambda names: read_frames(self.folder, names, columns=columns))
        return _typed(rows if len(rows) else pd.DataFrame({column: [] for column in columns}))

    @staticmethod
    def _newest(rows: pd.DataFrame) -> pd.DataFrame:
        ordered = rows.sort_values([AVAILABLE_AT, FETCHED_AT], kind="stable")
        return ordered.drop_duplicates(DOCUMENT_ID, keep="last")


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    """Each column of the one type, also where all of it is missing."""
    kinds = {
        DOCUMENT_ID: "str",
        TEXT: "str",
        LABEL: "str",
        **dict.fromkeys((PUBLISHED_AT, AVAILABLE_AT, FETCHED_AT), TIME),
    }
    columns = [name for name in _COLUMNS if name in rows]
    return rows[columns].astype({name: kinds[name] for name in columns})
