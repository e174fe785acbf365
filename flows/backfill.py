"""The backfill flow: the daily flow for each past day, oldest first, as of the end of that day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.states import Completed, Failed

from daycast.flows.daily import run_now
from daycast.flows.running.clock import now
from daycast.flows.running.outcomes import note, outcome_of
from daycast.storage.config.pipeline_file import choose_pipelines, load_pipelines
from daycast.storage.config.settings import Settings
from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.errors import AsOfError, DaycastError
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.text import counted
from daycast.storage.terms.words import TrainingChoice, run_id
from daycast.tasks.answers import queries
from daycast.tasks.handover.results import Backfilled


@flow(name="backfill", flow_run_name="{pipeline} from {first} to {last}")
def backfill(
    pipeline: str,
    first: date,
    last: date,
    force: bool = False,  # noqa: FBT001, FBT002 — a flow's parameters are a form in the UI
    training: TrainingChoice = "auto",
    sample: bool = False,  # noqa: FBT001, FBT002
) -> Any:
    """Do the daily run of each past day, with what was available then.

    Args:
        pipeline: Which pipeline of the pipeline file is made up for.
        first: The first day, in UTC.
        last: The last day, included; it must have ended (UTC).
        force: Whether days that are done are done again.
        training: Each day by the pipeline's rules (auto), from nothing (retrain), the champion trained on (fine_tune),
            or the champion as it is (reuse).
        sample: Whether the series come from the built-in generator instead of the feed.

    Returns:
        A state: completed with a :class:`~daycast.tasks.handover.results.Backfilled`, or failed where a day failed; the
        days before it are done, and the same command goes on from there.
    """
    try:
        spec, days = _asked(pipeline, first=first, last=last, sample=sample)
        done = set() if force else queries.done_runs(Settings(), pipeline=spec.name)
        backfilled = _run_days(spec, days, done=done, training=training)
    except DaycastError as error:
        get_run_logger().error("%s", error)
        return Failed(message=str(error), data=note(Backfilled(pipeline=pipeline, failed=str(error))))
    note(backfilled)
    if backfilled.failed:
        return Failed(message=backfilled.failed, data=backfilled)
    return Completed(
        message=f"{counted(backfilled.done, 'day')} done, {backfilled.skipped} done before", data=backfilled
    )


def as_of_day(day: date) -> datetime:
    """The last instant of a day in UTC: what ``daycast run --as-of`` makes of a date."""
    return datetime.combine(day, time.max, tzinfo=UTC)


def _asked(pipeline: str, *, first: date, last: date, sample: bool) -> tuple[AnyPipeline, list[date]]:
    """The pipeline, and the days of the range on which it has instants."""
    (spec,) = choose_pipelines(load_pipelines(Settings().pipelines), [pipeline], sample=sample)
    return spec, _days(spec, first=first, last=last)


def _days(spec: AnyPipeline, *, first: date, last: date) -> list[date]:
    if last < first:
        raise AsOfError(f"A backfill goes from an earlier day to a later one. Received: from {first} to {last}.")
    if as_of_day(last) > now():
        raise AsOfError(
            f"The last day of a backfill must have ended (UTC). Received: {last}, and it is {now():%Y-%m-%d %H:%M}. "
            "Choose an earlier day; the daily run does today."
        )
    days = queries.days(spec, first=first, last=last)
    if not days:
        dates = f"sessions of {spec.calendar}" if isinstance(spec, Pipeline) else "days"
        raise AsOfError(f"A range with {dates} is required. Received: {first} to {last}, without.")
    return days


def _run_days(spec: AnyPipeline, days: list[date], *, done: set[str], training: TrainingChoice) -> Backfilled:
    skipped = [day for day in days if run_id(spec.name, as_of_day(day)) in done]
    progress: Any = create_progress_artifact(progress=0.0, description=f"{spec.name}: {counted(len(days), 'day')}")
    count = 0
    for number, day in enumerate(days, start=1):
        if day not in skipped:
            summary = run_now(spec.name, as_of=as_of_day(day), training=training)
            if summary.status == "failed":
                stopped = (
                    f"stopped at {day}: {summary.message} The days before it are done; run the same again to go on."
                )
                return Backfilled(pipeline=spec.name, done=count, skipped=len(skipped), failed=stopped)
            count += 1
        update_progress_artifact(progress, progress=100.0 * number / len(days))
    return Backfilled(pipeline=spec.name, done=count, skipped=len(skipped))


def backfill_now(
    pipeline: str, *, first: date, last: date, force: bool, training: TrainingChoice, sample: bool
) -> Backfilled:
    """Run the flow in this process, and take what it came to, failed or not.

    Raises:
        UsageError: there is no such pipeline, or the range cannot be; no run is begun.
    """
    _asked(pipeline, first=first, last=last, sample=sample)
    state: Any = backfill(
        pipeline, first=first, last=last, force=force, training=training, sample=sample, return_state=True
    )
    return outcome_of(state, Backfilled)
