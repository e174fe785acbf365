"""The daily flow: one run of one pipeline, from the feed to forecasts in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from time import sleep
from typing import Any
from uuid import UUID

from prefect import flow, get_run_logger
from prefect.client.orchestration import get_client
from prefect.events import emit_event
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from daycast.flows.kinds.kind import Outcome
from daycast.flows.kinds.table import kind_of
from daycast.flows.running.clock import now, require_past
from daycast.flows.running.dask_cluster import spreading
from daycast.flows.running.outcomes import note, outcome_of
from daycast.flows.running.retrying import patience, retries
from daycast.flows.running.stopping import Stopped, heeding_signals
from daycast.flows.running.telling import only_the_story
from daycast.storage.config.pipeline_file import choose_pipelines, load_pipelines
from daycast.storage.config.settings import Settings
from daycast.storage.terms.errors import DaycastError
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.words import SAMPLE_PREFIX, TrainingChoice, run_id
from daycast.tasks.answers import queries
from daycast.tasks.apart import process as processes
from daycast.tasks.handover.job import AnyJob
from daycast.tasks.handover.members import named
from daycast.tasks.handover.results import Summary
from daycast.tasks.steps.runs import alone, begin, cancel, fail, served_as_asked

_EVENTS = {
    "min_skill": "daycast.skill.low",
    "min_accuracy": "daycast.skill.low",
    "min_coverage_80": "daycast.coverage.off",
    "min_coverage_95": "daycast.coverage.off",
    "max_drift": "daycast.drift.high",
}
"""What a broken rule of the pipeline's ``training`` is called in Prefect's events."""

_DEGRADED = "degraded"
"""In the name and among the tags of a flow run that needs a person."""

_EARLY = timedelta(seconds=30)
"""Prefect starts the process of a run ahead of its time, and holds no run back that is ready too early."""


def _run_name() -> str:
    parameters = flow_run.parameters
    name, as_of = parameters["pipeline"], parameters.get("as_of") or _scheduled()
    if parameters.get("sample") and not name.startswith(SAMPLE_PREFIX):
        name = f"{SAMPLE_PREFIX}{name}"
    return f"{name}@{as_of if isinstance(as_of, str) else as_of.strftime('%Y-%m-%dT%H:%MZ')}"


def _scheduled() -> datetime:
    """When the run was to start: a run that comes late is still of its own time, and repeats no other.

    One that was to start later is done now because a person wants it now, but for the seconds by which a runner is
    early.
    """
    scheduled, present = flow_run.scheduled_start_time, now()
    if scheduled is None or scheduled > present + _EARLY:
        return present
    return datetime.fromisoformat(scheduled.isoformat())  # Prefect's is a class of its own, which SQL is not given


def _wait_until(instant: datetime) -> datetime:
    """Return the instant, when it has come."""
    sleep(max(0.0, (instant - now()).total_seconds()))
    return instant


@flow(name="daily", flow_run_name=_run_name)
def daily(
    pipeline: str,
    as_of: datetime | None = None,
    training: TrainingChoice = "auto",
    sample: bool = False,  # noqa: FBT001, FBT002 — a flow's parameters are a form in the UI
) -> Any:
    """Forecast one pipeline as of an instant.

    Args:
        pipeline: Which pipeline of the pipeline file is forecast.
        as_of: The instant that the run pretends it is, in the past; nothing that came later is used. Empty: now, or the
            time for which it was scheduled.
        training: By the pipeline's rules (auto), from nothing (retrain), the champion trained on (fine_tune), or the
            champion as it is (reuse).
        sample: Whether the series come from the built-in generator instead of the feed.

    Returns:
        A state: completed with a :class:`~daycast.tasks.handover.results.Summary`, or failed with the reason as its
        message.
    """
    try:
        job = _job(pipeline, as_of=as_of or _wait_until(_scheduled()), sample=sample)
    except DaycastError as error:
        return Failed(message=str(error))
    _tag(job)
    try:
        for name in job.pipeline.reads:
            _run_before(job, name)
        with heeding_signals(), only_the_story(), alone(job, seconds=patience()):
            return _run(replace(job, now=now()), training=training)  # what is fetched is known now, not before the wait
    except DaycastError as error:  # it did not begin: the row of this run_id may be that of a run in progress
        get_run_logger().error("%s", error)
        summary = Summary(pipeline=job.pipeline.name, run_id=job.run_id, status="failed", message=str(error))
        return Failed(message=str(error), data=note(summary))


def _job(pipeline: str, *, as_of: datetime, sample: bool) -> AnyJob:
    present, settings = now(), Settings()
    (chosen,) = choose_pipelines(load_pipelines(settings.pipelines), [pipeline], sample=sample)
    past = require_past(as_of, present=present)
    job = kind_of(chosen).job
    return job(pipeline=chosen, as_of=past, now=present, settings=settings)


def _with_symbols(job: AnyJob) -> AnyJob:
    """The job of a pipeline that takes every symbol of its file with those; within the run, since it can fail."""
    spec, left_out = named(job.pipeline, as_of=job.as_of, settings=job.settings)
    if left_out:
        get_run_logger().warning("%s: %s", spec.name, left_out)
    return replace(job, pipeline=spec)


def _run_before(job: AnyJob, name: str) -> None:
    """Run a pipeline that this one reads, as of the same instant, unless that is done; without it this one goes on."""
    if run_id(name, job.as_of) in queries.done_runs(job.settings, pipeline=name):
        return
    summary = run_now(name, as_of=job.as_of, training="auto")
    if summary.status == "failed":
        get_run_logger().warning(
            "%s reads %s, whose run failed; it goes on with what was told before: %s",
            job.pipeline.name,
            name,
            summary.message,
        )


def _mark_degraded(message: str) -> None:
    """Let a degraded run be seen in every list of the Prefect UI: by its name, a tag, and a task in red.

    Not by a state of its own name: the list of a deployment's runs asks for the states that Prefect has.
    """
    served_as_asked(message, return_state=True)
    with get_client(sync_client=True) as client:
        shown = client.read_flow_run(UUID(flow_run.get_id()))
        name, tags = f"{shown.name} {_DEGRADED}", sorted({*shown.tags, _DEGRADED})
        client.update_flow_run(shown.id, name=name, tags=tags)


def _tag(job: AnyJob) -> None:
    """Tag the flow run, beside the tags of its deployment; its task runs bear none.

    For every tag of a task run Prefect asks the server whether its number is limited, each time the task starts.
    """
    spec = job.pipeline
    networks = spec.networks if isinstance(spec, Pipeline) else (spec.model,)
    names = {spec.name, spec.feed, *(network.cell for network in networks)}
    with get_client(sync_client=True) as client:
        client.update_flow_run(UUID(flow_run.get_id()), tags=sorted({*flow_run.tags, *names}))


def _run(job: AnyJob, *, training: TrainingChoice) -> Any:
    try:
        begin.with_options(**retries())(job)
        job = _with_symbols(job)
        processes.prepare()  # it takes as long as the steps before the training
        with spreading(job.settings) as spread:
            outcome = kind_of(job.pipeline).stages(job, training, spread, now)
    except Stopped as stopped:
        cancel(job, message=f"{stopped}. Nothing is half-written; run it again.", at=now())
        raise
    except DaycastError as error:
        get_run_logger().error("%s", error)
        return Failed(message=str(error), data=note(_failed(job, str(error))))
    except MemoryError as error:
        message = (
            f"Memory for the work is required. Received: no more of it ({str(error)[:200] or 'MemoryError'}). Let less "
            "be done at the same time, or give the process more, and run it again; nothing is half-written."
        )
        get_run_logger().error("%s", message)
        return Failed(message=message, data=note(_failed(job, message)))
    except Exception as error:  # our own bug: the run's row says so, and the traceback goes to Prefect
        said = f"{type(error).__name__}: {error}. This is a defect of daycast; the traceback is in Prefect's log."
        note(_failed(job, said))  # so that a command that runs several tells of each
        raise
    # The forecasts stand in SQL from here on; what cannot be shown does not make the run a failed one.
    message = _show(job, outcome)
    if outcome.summary.status == "degraded":
        message = f"Degraded. {message}"
        _mark_degraded(message)
    return Completed(message=message, data=note(outcome.summary))


def _show(job: AnyJob, outcome: Outcome) -> str:
    """Publish the run, and say in its message if that could not be done."""
    summary = outcome.summary
    _announce(summary, broken=outcome.broken)
    try:
        get_run_logger().info("report: %s", kind_of(job.pipeline).publish(job, prepared=outcome.prepared))
    except DaycastError as error:
        get_run_logger().error("The run could not be shown: %s", error)
        return f"{summary.message} The report could not be written: {error}"
    return summary.message


def _announce(summary: Summary, *, broken: Mapping[str, str]) -> None:
    """Tell Prefect's automations of a good run, which they miss when it does not come, and of rules that are broken."""
    events = {_EVENTS[rule]: {"run": summary.run_id, "reason": reason} for rule, reason in broken.items()}
    if summary.status == "succeeded":
        events["daycast.run.succeeded"] = {"run": summary.run_id}
    resource = {
        "prefect.resource.id": f"daycast.pipeline.{summary.pipeline}",
        "prefect.resource.name": summary.pipeline,
    }
    for name, payload in events.items():
        emit_event(name, resource=resource, payload=payload)


def _failed(job: AnyJob, message: str) -> Summary:
    try:
        fail(job, message=message, at=now())
        _show_failure(job)
    except DaycastError as second:
        message = f"{message} The run's row could not be closed either: {second}"
    return Summary(pipeline=job.pipeline.name, run_id=job.run_id, status="failed", message=message)


def _show_failure(job: AnyJob) -> None:
    """Publish a run that failed; whatever goes wrong with that is logged, and hides nothing of why the run failed."""
    try:
        kind_of(job.pipeline).publish(job)
    except Exception:
        get_run_logger().exception("The failed run could not be shown.")


def run_now(pipeline: str, *, as_of: datetime, training: TrainingChoice) -> Summary:
    """Run the flow in this process, and take its summary, failed or not."""
    state: Any = daily(pipeline, as_of=as_of, training=training, return_state=True)
    return outcome_of(state, Summary)
