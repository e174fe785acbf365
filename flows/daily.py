"""The daily flow: one run of one pipeline, from the feed to forecasts in SQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow, get_run_logger, tags
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from prefect.task_runners import ProcessPoolTaskRunner
from prefect.tasks import exponential_backoff

from flows.clock import now, require_past
from storage.contracts import TrainingChoice
from storage.errors import DatabaseUnavailable, DaycastError, FeedUnavailable, WorkError
from storage.handover import Summary
from storage.job import Job
from storage.settings import Settings
from storage.specs import choose_pipelines, load_pipelines
from tasks.evaluate import evaluate
from tasks.forecast import forecast
from tasks.ingest import ingest
from tasks.predict import predict
from tasks.prepare import prepare
from tasks.report import publish
from tasks.runs import begin, fail
from tasks.score import score
from tasks.train import plan, train


async def _transient(task: Any, run: Any, state: Any) -> bool:  # noqa: ARG001 — Prefect's signature
    """Whether another try may help: the feed or the database was away, and nothing is wrong with what was asked."""
    error = await state.result(raise_on_failure=False)
    return isinstance(error, FeedUnavailable | DatabaseUnavailable)


_RETRIES: dict[str, Any] = {
    "retries": 3,
    "retry_delay_seconds": exponential_backoff(backoff_factor=2),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": _transient,
}


# Its futures are concurrent.futures', which Prefect's own annotation does not know.
_ONE_PROCESS: Any = ProcessPoolTaskRunner(max_workers=1)


def _run_name() -> str:
    parameters = flow_run.parameters
    as_of = parameters.get("as_of") or now()
    stamp = as_of if isinstance(as_of, str) else as_of.strftime("%Y-%m-%dT%H:%MZ")
    return f"{parameters['pipeline']}@{stamp}"


@flow(name="daily", flow_run_name=_run_name, task_runner=_ONE_PROCESS)
def daily(
    pipeline: str,
    as_of: datetime | None = None,
    training: TrainingChoice = "auto",
    sample: bool = False,  # noqa: FBT001, FBT002 — a flow's parameters are a form in the UI
) -> Any:
    """Forecast one pipeline as of an instant.

    Args:
        pipeline: its name in the pipeline file.
        as_of: the instant that the run pretends it is; now by default.
        training: ``auto`` goes by the pipeline's rules.
        sample: take the series from the built-in generator.

    Returns:
        A state: completed with a :class:`storage.handover.Summary`, or failed with the reason as its message.
    """
    present = now()
    settings = Settings()
    (spec,) = choose_pipelines(load_pipelines(settings.pipelines), [pipeline], sample=sample)
    job = Job(pipeline=spec, as_of=require_past(as_of or present, present=present), now=present, settings=settings)
    with tags(spec.name, spec.feed, spec.model.cell):
        return _run(job, training=training)


def _run(job: Job, *, training: TrainingChoice) -> Any:
    try:
        begin.with_options(**_RETRIES)(job)
        summary = _stages(job, training=training)
    except DaycastError as error:
        get_run_logger().error("%s", error)
        return Failed(message=str(error), data=_failed(job, str(error)))
    except Exception as error:  # our own bug: the run's row says so, and the traceback goes to Prefect
        _failed(
            job, f"{type(error).__name__}: {error}. This is a defect of daycast; the traceback is in Prefect's log."
        )
        raise
    return Completed(message=summary.message, data=summary)


def _stages(job: Job, *, training: TrainingChoice) -> Summary:
    ingested = ingest.with_options(**_RETRIES)(job)
    prepared = prepare(job)
    score.with_options(**_RETRIES)(job)
    planned = plan.with_options(**_RETRIES)(job, prepared, requested=training)
    trained = train.submit(job, prepared, planned).result()
    predict.submit(job, prepared, versions=planned.versions).result()
    evaluated = evaluate.with_options(**_RETRIES)(job, prepared, planned)
    summary = forecast.with_options(**_RETRIES)(
        job,
        ingested=ingested,
        prepared=prepared,
        plan=planned,
        trained=trained,
        evaluated=evaluated,
        at=now(),
    )
    publish(job, prepared=prepared, summary=summary, trained=trained)
    return summary


def _failed(job: Job, message: str) -> Summary:
    try:
        fail(job, message=message, at=now())
    except DaycastError as second:
        message = f"{message} The run's row could not be closed either: {second}"
    return Summary(pipeline=job.pipeline.name, run_id=job.run_id, status="failed", message=message)


def run_now(pipeline: str, *, as_of: datetime, training: TrainingChoice) -> Summary:
    """Run the flow in this process, and take its summary, failed or not."""
    state: Any = daily(pipeline, as_of=as_of, training=training, return_state=True)
    summary = state.data if isinstance(state.data, Summary) else state.result(raise_on_failure=False)
    if isinstance(summary, Summary):
        return summary
    raise WorkError(f"The flow run of {pipeline} must end with a summary. Received: {state!r}. Look at Prefect's log.")
