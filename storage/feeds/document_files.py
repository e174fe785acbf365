"""The ``files`` feed of pipelines on text: documents of this machine."""

from datetime import datetime
from pathlib import Path

import pandas as pd

from daycast.storage.feeds.document_keys import LabelFiles, TextFiles
from daycast.storage.feeds.reading.document_table import DocumentLayout
from daycast.storage.feeds.reading.documents import Documents, read_documents, read_texts, without_blank
from daycast.storage.terms.words import DOCUMENT_ID, REASON


class DocumentFiles:
    """Documents of files: a row each of a table, or a file each.

    Args:
        spec: the pipeline.
    """

    name = "files"

    def __init__(self, spec: LabelFiles | TextFiles) -> None:
        self.spec = spec

    def read(self, until: datetime) -> Documents:  # noqa: ARG002 — what a file says of later is not seen before then
        """Read every file, in the order in which the pipeline names them.

        Raises:
            FeedError: one is not there, or is not what is required.
        """
        paths = [Path(path) for path in self.spec.paths]
        if isinstance(self.spec, TextFiles) and self.spec.of_files:
            return read_texts(paths, layout=self._layout(), name=self.spec.name)
        found = [read_documents(path, layout=self._layout(), name=self.spec.name) for path in paths]
        if isinstance(self.spec, LabelFiles):
            found = [without_blank(each) for each in found]
        if len(found) == 1:
            return found[0]
        good = pd.concat([each.good for each in found], ignore_index=True)
        again = good[DOCUMENT_ID].duplicated()
        twice = good.loc[again, [DOCUMENT_ID]].assign(**{REASON: "a key that stands in two files"})
        return Documents(
            good=good[~again].reset_index(drop=True),
            set_aside=pd.concat([*(each.set_aside for each in found), twice], ignore_index=True),
        )

    def _layout(self) -> DocumentLayout:
        spec = self.spec
        label, labelled_at = (spec.label, spec.labelled_at) if isinstance(spec, LabelFiles) else (None, None)
        return DocumentLayout(
            document=spec.document,
            text=spec.text,
            time=spec.time,
            label=label,
            labelled_at=labelled_at,
            timezone=spec.timezone,
            encoding=spec.encoding,
        )
