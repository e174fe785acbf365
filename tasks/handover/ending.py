"""How a run of any kind ends: its row, what it forecast and what is to be said of it, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.words import ALL_SERIES, Quality, Status
from daycast.tasks.handover.job import AnyJob
from daycast.tasks.handover.results import Course, Summary
from daycast.tasks.handover.telling import cut_short, damaged, message_of, remark_rows

if TYPE_CHECKING:
    from daycast.models.race.serving import Remark


def end_run(
    job: AnyJob,
    course: Course[Any],
    *,
    at: datetime,
    remarks: list[Remark],
    quality: Quality,
    short: str = "",
    chosen: str = "",
    **written: Any,
) -> Summary:
    """Close a run with what it forecast.

    Args:
        job: the run.
        course: what the steps before came to.
        at: when it ends.
        remarks: what is to be said of it; those that degrade make it degraded.
        quality: of what it forecast.
        short: what is missing of it, in words; it makes the run degraded too.
        chosen: which network of several was trained for it, in words.
        written: its rows, under the name by which :func:`daycast.storage.sql.runs.finish_run` takes them.
    """
    from daycast.storage.sql.runs import Outcome, finish_run

    plan, evaluated = course.plan, course.evaluated
    worse = short or plan.refused or course.prepared.untrainable or any(each.degrades for each in remarks)
    status: Status = "degraded" if worse else "succeeded"
    message = f"{short}{message_of(course.ingested, plan, evaluated, remarks=remarks, chosen=chosen)}"
    outcome = Outcome(
        status=status,
        finished_at=at,
        message=message,
        training=plan.training,
        version=evaluated.version,
        explanations=[row for each in course.explained if each.version == evaluated.version for row in each.rows],
    )
    with job.database() as database:
        finish_run(database, run_id=job.run_id, outcome=outcome, remarks=remark_rows(job, remarks), **written)
    (rows,) = written.values()
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


def shared_remarks(job: AnyJob, course: Course[Any]) -> list[Remark]:
    """What is to be said of a training that was cut short."""
    return cut_short(job, dict.fromkeys((course.trained.version, course.evaluated.version)))


def remarks_on_texts(job: AnyJob, course: Course[Any], *, serves: str) -> list[Remark]:
    """What is to be said of a run on documents: of its training, and of a feed that failed.

    Args:
        job: the run.
        course: what the steps before came to.
        serves: what serves in place of what the feed did not give.
    """
    from daycast.models.race.serving import Remark

    failed = [
        Remark(series_id=ALL_SERIES, kind="feed", message=f"{why} {serves}")
        for why in course.ingested.failures.values()
    ]
    return [*damaged(course.ingested), *shared_remarks(job, course), *failed]


def quality_on_texts(course: Course[Any], *, by_a_network: bool) -> Quality:
    """What forecasts on documents are worth: stale where the feed failed or what should serve was refused."""
    if course.ingested.failures or course.plan.refused:
        return "stale"
    return "ok" if by_a_network else "baseline"
