"""Values of series: from observations to forecasts with intervals."""

from __future__ import annotations

from prefect import get_run_logger

from daycast.flows.kinds.kind import Clock, Kind, Outcome
from daycast.flows.kinds.training import train_and_predict
from daycast.flows.running.retrying import retries
from daycast.flows.running.telling import Story
from daycast.storage.terms.words import TrainingChoice
from daycast.tasks.apart import process as processes
from daycast.tasks.apart.shard_training import fit_shards
from daycast.tasks.apart.spreading import Spread
from daycast.tasks.apart.training import fit_and_save
from daycast.tasks.handover.explained import Explained
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Course, Plan, Prepared
from daycast.tasks.steps.drift import drift
from daycast.tasks.steps.evaluate import evaluate
from daycast.tasks.steps.forecast import forecast
from daycast.tasks.steps.ingest import ingest
from daycast.tasks.steps.plan import plan
from daycast.tasks.steps.predict import predict
from daycast.tasks.steps.prepare import prepare
from daycast.tasks.steps.report import publish
from daycast.tasks.steps.score import score


def stages(job: Job, training: TrainingChoice, spread: Spread, clock: Clock) -> Outcome:
    """The steps of a run, in their order."""
    tell = Story(get_run_logger().info).tell
    ingested = tell(ingest.with_options(**retries())(job, spread=spread))
    prepared = tell(prepare(job, spread=spread))
    scored = tell(score.with_options(**retries())(job))
    planned = tell(plan.with_options(**retries())(job, prepared, requested=training, broken=scored.broken))
    explained: list[Explained] = []
    trained = tell(
        train_and_predict(
            job,
            prepared,
            planned,
            fit=fit_shards if job.pipeline.network == "shard" else fit_and_save,
            here=job.pipeline.network == "shard",
            predict=lambda process: explained.extend(_predict(job, prepared, planned, process=process, spread=spread)),
        )
    )
    evaluated = tell(evaluate.with_options(**retries())(job, prepared, planned, spread=spread))
    drift.with_options(**retries())(job, prepared, version=evaluated.version)
    course = Course(
        ingested=ingested,
        prepared=prepared,
        plan=planned,
        trained=trained,
        evaluated=evaluated,
        explained=tuple(explained),
    )
    summary = forecast.with_options(**retries())(job, course, at=clock(), spread=spread)
    return Outcome(summary=tell(summary), prepared=prepared, broken=scored.broken)


def _predict(
    job: Job, prepared: Prepared, planned: Plan, *, process: processes.Process, spread: Spread
) -> tuple[Explained, ...]:
    """Predict in a process of its own, or by the workers of a cluster where everything is to be predicted anew.

    A version that is reused predicts what is new since the last run. To load Keras takes a worker longer than that.
    """
    if spread.here or planned.training == "reuse":
        return predict(job, prepared, versions=planned.versions, process=process)
    return predict(job, prepared, versions=planned.versions, spread=spread)


VALUES = Kind(job=Job, stages=stages, publish=publish)
