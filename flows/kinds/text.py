"""Text that goes on: from what was written to what a network, or counts, make of it each night."""

from __future__ import annotations

from prefect import get_run_logger

from daycast.flows.kinds.kind import Clock, Kind, Outcome
from daycast.flows.kinds.training import train_and_predict
from daycast.flows.running.retrying import retries
from daycast.flows.running.telling import Story
from daycast.storage.terms.words import TrainingChoice
from daycast.tasks.apart.spreading import Spread
from daycast.tasks.apart.text_training import fit_text
from daycast.tasks.handover.documents_job import TextJob
from daycast.tasks.handover.results import Course
from daycast.tasks.steps.forecast_text import forecast_text
from daycast.tasks.steps.ingest_documents import ingest_documents
from daycast.tasks.steps.judge_text import judge_text
from daycast.tasks.steps.plan import plan
from daycast.tasks.steps.prepare_text import prepare_text
from daycast.tasks.steps.report_text import publish_text
from daycast.tasks.steps.write_text import write_text


def stages(job: TextJob, training: TrainingChoice, spread: Spread, clock: Clock) -> Outcome:  # noqa: ARG001 — every kind is called alike
    """The steps of a run, in their order."""
    tell = Story(get_run_logger().info).tell
    ingested = tell(ingest_documents.with_options(**retries())(job))
    prepared = tell(prepare_text(job))
    planned = tell(plan.with_options(**retries())(job, prepared, requested=training, broken={}))
    trained = tell(
        train_and_predict(
            job,
            prepared,
            planned,
            fit=fit_text,
            predict=lambda process: write_text(job, prepared, versions=planned.versions, process=process),
        )
    )
    evaluated = tell(judge_text.with_options(**retries())(job, prepared, planned))
    course = Course(ingested=ingested, prepared=prepared, plan=planned, trained=trained, evaluated=evaluated)
    summary = tell(forecast_text.with_options(**retries())(job, course, at=clock()))
    return Outcome(summary=summary, prepared=prepared)


TEXT = Kind(job=TextJob, stages=stages, publish=publish_text)
