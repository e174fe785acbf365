"""Tell the labels of new documents, and close the run with them in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.text import listed
from daycast.storage.terms.words import ALL_SERIES, DOCUMENT_ID, PUBLISHED_AT, ForecasterName, Quality
from daycast.tasks.handover.documents_job import LabelsJob
from daycast.tasks.handover.ending import end_run, quality_on_texts, remarks_on_texts
from daycast.tasks.handover.label_parts import PreparedLabels, due
from daycast.tasks.handover.label_told import calibrated, known_of, tellers_of, told_of
from daycast.tasks.handover.results import Course, Evaluated, Summary

if TYPE_CHECKING:
    import pandas as pd

    from daycast.models.race.serving import Remark

_BY_A_NETWORK: frozenset[ForecasterName] = frozenset({"network", "blend"})


@task(name="forecast-labels", cache_policy=NO_CACHE)
def forecast_labels(job: LabelsJob, course: Course[PreparedLabels], *, at: datetime) -> Summary:
    """Write what the labels of new documents probably are, what is to be said of the run, and its end.

    Args:
        job: the run.
        course: what the steps before came to.
        at: when the labels are told.
    """
    quality = quality_on_texts(course, by_a_network=course.evaluated.forecaster in _BY_A_NETWORK)
    rows = _rows(job, course.evaluated, quality=quality, at=at)
    return end_run(job, course, at=at, remarks=_remarks(job, course), quality=quality, labels=rows)


def _remarks(job: LabelsJob, course: Course[PreparedLabels]) -> list[Remark]:
    from daycast.models.race.serving import Remark

    found = remarks_on_texts(job, course, serves="The documents that came before serve.")
    if strange := course.prepared.strange:
        message = (
            f"{sum(strange.values())} held-out documents bear labels that training has not "
            f"({listed(sorted(strange))}), and are left out. The next retrain may know them."
        )
        found.append(Remark(series_id=ALL_SERIES, kind="label", message=message))
    return found


def _rows(job: LabelsJob, evaluated: Evaluated, *, quality: Quality, at: datetime) -> pd.DataFrame:
    """The rows of ``labels``, one a document."""
    import numpy as np
    import pandas as pd

    version = str(evaluated.version)
    documents = due(job)
    told = calibrated(told_of(job, version, documents), tellers_of(job, version), served=evaluated.forecaster)
    best = told.argmax(axis=1)
    labels = np.array(known_of(job, version).labels, dtype=object)
    frame = pd.DataFrame(
        {
            "pipeline": job.pipeline.name,
            DOCUMENT_ID: documents[DOCUMENT_ID],
            "as_of": job.as_of,
            PUBLISHED_AT: documents[PUBLISHED_AT],
            "issued_at": at,
            "label": labels[best],
            "probability": np.clip(told[np.arange(len(told)), best], 0.0, 1.0),
            "forecaster": evaluated.forecaster,
            "version": evaluated.version,
            "quality": quality,
            "run_id": job.run_id,
        }
    )
    return frame.astype(dict.fromkeys(("as_of", "issued_at"), "datetime64[us, UTC]"))
