"""Tell the labels of new documents, and close the run with them in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.text import listed
from daycast.storage.terms.words import ALL_SERIES, DOCUMENT_ID, PUBLISHED_AT, ForecasterName, Quality, Status
from daycast.tasks.handover.documents_job import LabelsJob
from daycast.tasks.handover.label_parts import LabelsCourse, due
from daycast.tasks.handover.label_told import calibrated, known_of, tellers_of, told_of
from daycast.tasks.handover.results import Evaluated, Summary
from daycast.tasks.handover.telling import cut_short, message_of, remark_rows

if TYPE_CHECKING:
    import pandas as pd

    from daycast.models.race.serving import Remark

_BY_A_NETWORK: frozenset[ForecasterName] = frozenset({"network", "blend"})


@task(name="forecast-labels", cache_policy=NO_CACHE)
def forecast_labels(job: LabelsJob, course: LabelsCourse, *, at: datetime) -> Summary:
    """Write what the labels of new documents probably are, what is to be said of the run, and its end.

    Args:
        job: the run.
        course: what the steps before came to.
        at: when the labels are told.
    """
    from daycast.storage.sql.runs import Outcome, finish_run

    plan, evaluated = course.plan, course.evaluated
    quality = _quality(course)
    rows = _rows(job, evaluated, quality=quality, at=at)
    remarks = list(_remarks(job, course))
    worse = plan.refused or course.prepared.untrainable or any(each.degrades for each in remarks)
    status: Status = "degraded" if worse else "succeeded"
    message = message_of(course.ingested, plan, evaluated, remarks=remarks)
    outcome = Outcome(status=status, finished_at=at, message=message, training=plan.training, version=evaluated.version)
    with job.database() as database:
        finish_run(database, run_id=job.run_id, outcome=outcome, labels=rows, remarks=remark_rows(job, remarks))
    return Summary(
        pipeline=job.pipeline.name,
        run_id=job.run_id,
        status=status,
        message=message,
        training=plan.training,
        version=evaluated.version,
        forecaster=evaluated.forecaster,
        quality=quality,
        rows=len(rows),
        test=evaluated.test,
        seconds=course.trained.seconds,
    )


def _quality(course: LabelsCourse) -> Quality:
    if course.ingested.failures or course.plan.refused:
        return "stale"
    return "ok" if course.evaluated.forecaster in _BY_A_NETWORK else "baseline"


def _remarks(job: LabelsJob, course: LabelsCourse) -> list[Remark]:
    from daycast.models.race.serving import Remark

    found = cut_short(job, dict.fromkeys((course.trained.version, course.evaluated.version)))
    for failure in course.ingested.failures.values():
        message = f"{failure} The documents that came before serve."
        found.append(Remark(series_id=ALL_SERIES, kind="feed", message=message))
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
