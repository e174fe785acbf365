"""Labels of documents: from what arrived to a probability of each that has no label yet."""

from __future__ import annotations

from prefect import get_run_logger

from daycast.flows.kinds.kind import Clock, Kind, Outcome
from daycast.flows.kinds.training import train_and_predict
from daycast.flows.running.retrying import retries
from daycast.flows.running.telling import Story
from daycast.storage.terms.words import TrainingChoice
from daycast.tasks.apart.label_training import fit_labels
from daycast.tasks.apart.spreading import Spread
from daycast.tasks.handover.documents_job import LabelsJob
from daycast.tasks.handover.results import Course
from daycast.tasks.steps.forecast_labels import forecast_labels
from daycast.tasks.steps.ingest_documents import ingest_documents
from daycast.tasks.steps.judge import judge
from daycast.tasks.steps.plan import plan
from daycast.tasks.steps.prepare_labels import prepare_labels
from daycast.tasks.steps.report_labels import publish_labels
from daycast.tasks.steps.score_labels import score_labels
from daycast.tasks.steps.tell import tell as tell_labels


def stages(job: LabelsJob, training: TrainingChoice, spread: Spread, clock: Clock) -> Outcome:  # noqa: ARG001 — every kind is called alike
    """The steps of a run, in their order."""
    tell = Story(get_run_logger().info).tell
    ingested = tell(ingest_documents.with_options(**retries())(job))
    prepared = tell(prepare_labels(job))
    scored = tell(score_labels.with_options(**retries())(job))
    planned = tell(plan.with_options(**retries())(job, prepared, requested=training, broken=scored.broken))
    trained = tell(
        train_and_predict(
            job,
            prepared,
            planned,
            fit=fit_labels,
            predict=lambda process: tell_labels(job, versions=planned.versions, process=process),
        )
    )
    evaluated = tell(judge.with_options(**retries())(job, prepared, planned))
    course = Course(ingested=ingested, prepared=prepared, plan=planned, trained=trained, evaluated=evaluated)
    summary = tell(forecast_labels.with_options(**retries())(job, course, at=clock()))
    return Outcome(summary=summary, prepared=prepared, broken=scored.broken)


LABELS = Kind(job=LabelsJob, stages=stages, publish=publish_labels)
