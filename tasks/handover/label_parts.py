"""The documents of a run, read once for all the steps of a process that ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daycast.storage.terms.words import AVAILABLE_AT, DOCUMENT_ID, STAMP
from daycast.tasks.handover.documents_job import LabelsJob

if TYPE_CHECKING:
    import pandas as pd

    from daycast.models.text.parts import DocumentParts

_HELD: dict[tuple[object, ...], DocumentParts] = {}


@dataclass(frozen=True, kw_only=True)
class PreparedLabels:
    """What documents a run has.

    Attributes:
        data_hash: names the state of the labelled documents as of the run.
        documents: how many are known.
        labels: those of the training documents.
        counts: labelled documents by part.
        waiting: documents without a label.
        strange: labels that training has not, with how many documents of validation and test bear each.
        untrainable: why no forecaster can be trained; empty where one can.
    """

    data_hash: str
    documents: int
    labels: tuple[str, ...]
    counts: dict[str, int]
    waiting: int
    strange: dict[str, int]
    untrainable: str = ""


def parts_of(job: LabelsJob) -> DocumentParts:
    """The documents as known at the run's ``as_of``, by part."""
    from daycast.models.text.parts import divide

    key = (job.settings.storage, job.settings.database, job.pipeline.model_dump_json(), job.as_of, job.now)
    if key not in _HELD:
        _HELD.clear()
        _HELD[key] = divide(job.documents().known(job.as_of), split=job.pipeline.split)
    return _HELD[key]


def keyed(documents: pd.DataFrame) -> pd.DataFrame:
    """Documents with the number over their text."""
    from daycast.models.text.parts import stamps

    return documents.assign(**{STAMP: stamps(documents)})


def due(job: LabelsJob) -> pd.DataFrame:
    """The documents that a label is to be told of: without one, and not told of by an earlier run as they read now."""
    from daycast.storage.sql.labels import told_before

    waiting = parts_of(job).waiting
    if waiting.empty:
        return waiting
    with job.database() as database:
        told = told_before(database, job.pipeline.name, before=job.as_of)
    last = waiting[DOCUMENT_ID].map(told)
    return waiting[last.isna() | (last < waiting[AVAILABLE_AT])] if told else waiting
