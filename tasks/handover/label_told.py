"""What a version tells of documents, as kept in the lake, and how its manifest sets that right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daycast.storage.terms.words import ForecasterName
from daycast.tasks.handover.documents_job import LabelsJob
from daycast.tasks.handover.label_parts import keyed

if TYPE_CHECKING:
    import pandas as pd

    from daycast.models.race.labelling import Tellers, Told
    from daycast.models.scores.labels import Probabilities
    from daycast.models.scores.live_labels import Known


def known_of(job: LabelsJob, version: str) -> Known:
    """The labels that a version knows, and how frequent each was.

    Raises:
        RegistryError: there is no such version.
    """
    from daycast.models.scores.live_labels import Known

    state = _state(job, version)
    return Known(labels=tuple(state["labels"]), shares=tuple(state["majority"]))


def tellers_of(job: LabelsJob, version: str) -> Tellers:
    """How a version sets its forecasters right, and who of them serves.

    Raises:
        RegistryError: there is no such version.
    """
    from daycast.models.race.labelling import Tellers

    return Tellers(**_state(job, version)["tellers"])


def told_of(job: LabelsJob, version: str, documents: pd.DataFrame, *, more: pd.DataFrame | None = None) -> Told:
    """What each forecaster of a version tells of documents that it was asked of, before anything is set right.

    Args:
        job: the run.
        version: which.
        documents: with ``document_id`` and ``text``.
        more: what the version tells and the lake does not keep yet.
    """
    from daycast.models.text.majority import Majority

    known = known_of(job, version)
    told: dict[Any, Any] = {"majority": Majority(shares=known.shares).predict(len(documents))}
    if len(documents):
        return {**told, **job.told().read(version, keyed(documents), more=more)}
    return dict.fromkeys(("majority", "linear", "network"), told["majority"])


def calibrated(told: Told, tellers: Tellers, *, served: ForecasterName | None = None) -> Probabilities:
    """The probabilities of one of them, set right; by default of the one that won on validation."""
    return tellers.apply(told)[served or tellers.served]


def _state(job: LabelsJob, version: str) -> Any:
    return job.registry().manifest(job.pipeline.name, version).state
