"""Train everybody who tells labels, let them race on validation, and save them as a version; no Prefect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daycast.tasks.apart.networks import load
from daycast.tasks.apart.versions import Budget, Fitted, Made, save_version
from daycast.tasks.handover.documents_job import LabelsJob
from daycast.tasks.handover.label_parts import PreparedLabels, parts_of
from daycast.tasks.handover.results import Plan

if TYPE_CHECKING:
    from collections.abc import Callable


def fit_labels(job: LabelsJob, prepared: PreparedLabels, plan: Plan, *, told: Callable[..., None]) -> Fitted:
    """Fit the planned version and save it, in the process that is called; Prefect need not be known there.

    Args:
        job: the run.
        prepared: its documents.
        plan: says which version.
        told: called after each epoch with its number, how many there are at most, the loss and the validation loss.
    """
    spec = job.pipeline
    budget = Budget(spec.training.time_budget_seconds)
    load(spec.model)
    from daycast.models.networks.label_forecaster import LabelForecaster
    from daycast.models.race.labelling import hold_labels
    from daycast.models.text.parts import codes

    parts = parts_of(job)
    training, validation = (
        (frame["text"].tolist(), codes(frame, parts.labels)) for frame in (parts.training, parts.validation)
    )
    forecaster = LabelForecaster.fit(
        [training, validation],
        labels=parts.labels,
        model=spec.model,
        size=(spec.vocabulary, spec.length),
        on_epoch=lambda epoch: told(epoch.number, epoch.total, epoch.loss, epoch.validation_loss),
        expired=budget.over,
    )
    race = hold_labels({"validation": (forecaster.tell(validation[0]), validation[1])}, margin=spec.training.margin)
    network = forecaster.network
    made = Made(
        save=forecaster.raced(race.tellers).save,
        parameters=int(network.network.count_params()),
        history=network.history,
        validation_loss=network.validation_loss,
        wanted=spec.model.members * spec.model.epochs,
    )
    return save_version(job, prepared, plan, made, budget=budget)
