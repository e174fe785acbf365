"""What one run of a pipeline on text is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daycast.storage.terms.errors import AsOfError
from daycast.storage.terms.labels_pipeline import LabelsPipeline
from daycast.storage.terms.text_pipeline import TextPipeline
from daycast.storage.terms.words import AVAILABLE_AT
from daycast.tasks.handover.job import AnyJob

if TYPE_CHECKING:
    from daycast.storage.lake.documents import DocumentStore
    from daycast.storage.lake.sequences import Sequences
    from daycast.storage.lake.told import ToldLabels
    from daycast.storage.lake.written import WrittenTexts


@dataclass(frozen=True, kw_only=True)
class DocumentsJob(AnyJob):
    """One run of a pipeline on text."""

    def documents(self) -> DocumentStore:
        """The pipeline's documents."""
        return self.stores.documents(self.pipeline.name)


@dataclass(frozen=True, kw_only=True)
class LabelsJob(DocumentsJob):
    """One run of a pipeline that predicts labels."""

    pipeline: LabelsPipeline

    def told(self) -> ToldLabels:
        """What the pipeline's versions tell."""
        return self.stores.told_labels(self.pipeline.name)


@dataclass(frozen=True, kw_only=True)
class TextJob(DocumentsJob):
    """One run of a pipeline that predicts text."""

    pipeline: TextPipeline

    def sequences(self) -> Sequences:
        """The pipeline's text as numbers."""
        return self.stores.sequences(self.pipeline.name)

    def written(self) -> WrittenTexts:
        """What the pipeline's versions write."""
        return self.stores.written_texts(self.pipeline.name)


def require_known(job: DocumentsJob) -> None:
    """Raise where nothing was known yet as of the run.

    Raises:
        AsOfError: the first document came later.
    """
    if job.documents().known(job.as_of).empty:
        first = job.documents().newest()[AVAILABLE_AT].min()
        raise AsOfError(
            f"as_of must lie after the first document of {job.pipeline.name}, which was available at {first}. "
            f"Received: {job.as_of.isoformat()}. Choose a later instant."
        )
