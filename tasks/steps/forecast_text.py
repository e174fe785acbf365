"""Write the night's samples into SQL, and close the run with them in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.words import ALL_SERIES, NETWORK, Quality, Status
from daycast.tasks.apart.text_writing import TEXTS, samples_key
from daycast.tasks.handover.documents_job import TextJob
from daycast.tasks.handover.results import Evaluated, Summary
from daycast.tasks.handover.telling import cut_short, message_of, remark_rows
from daycast.tasks.handover.text_parts import TextCourse

if TYPE_CHECKING:
    from daycast.models.race.serving import Remark


@task(name="forecast-text", cache_policy=NO_CACHE)
def forecast_text(job: TextJob, course: TextCourse, *, at: datetime) -> Summary:
    """Write the samples, what is to be said of the run, and its end.

    Args:
        job: the run.
        course: what the steps before came to.
        at: when the run ends.
    """
    from daycast.storage.sql.runs import Outcome, finish_run

    plan, evaluated = course.plan, course.evaluated
    rows, remarks = _rows(job, evaluated), _remarks(job, course)
    worse = plan.refused or course.prepared.untrainable or any(each.degrades for each in remarks)
    status: Status = "degraded" if worse else "succeeded"
    message = message_of(course.ingested, plan, evaluated, remarks=remarks)
    outcome = Outcome(status=status, finished_at=at, message=message, training=plan.training, version=evaluated.version)
    with job.database() as database:
        finish_run(database, run_id=job.run_id, outcome=outcome, texts=rows, remarks=remark_rows(job, remarks))
    return Summary(
        pipeline=job.pipeline.name,
        run_id=job.run_id,
        status=status,
        message=message,
        training=plan.training,
        version=evaluated.version,
        forecaster=evaluated.forecaster,
        quality=_quality(course),
        rows=len(rows),
        test=evaluated.test,
        seconds=course.trained.seconds,
    )


def _quality(course: TextCourse) -> Quality:
    if course.ingested.failures or course.plan.refused:
        return "stale"
    return "ok" if course.evaluated.forecaster == NETWORK else "baseline"


def _remarks(job: TextJob, course: TextCourse) -> list[Remark]:
    from daycast.models.race.serving import Remark

    found = cut_short(job, dict.fromkeys((course.trained.version, course.evaluated.version)))
    for failure in course.ingested.failures.values():
        found.append(Remark(series_id=ALL_SERIES, kind="feed", message=f"{failure} The text that came before serves."))
    return found


def _rows(job: TextJob, evaluated: Evaluated) -> list[dict[str, object]]:
    """The rows of ``texts``, one a sample."""
    if not job.pipeline.samples.count:
        return []
    shared = {
        "pipeline": job.pipeline.name,
        "as_of": job.as_of,
        "version": evaluated.version,
        "bits_per_character": evaluated.test.get("bits_per_character"),
        "run_id": job.run_id,
    }
    kept = job.written().read(str(evaluated.version), TEXTS, samples_key(job))
    return [{**shared, **row} for row in kept]
