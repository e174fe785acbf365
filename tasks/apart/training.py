"""Fit the network that was planned and save it; no Prefect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from daycast.tasks.apart.networks import load
from daycast.tasks.apart.versions import Budget, Fitted, Made, recorded_hash, save_version
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.material import materials
from daycast.tasks.handover.results import Plan, Prepared

if TYPE_CHECKING:
    from collections.abc import Callable

    from daycast.models.networks.forecaster import NetworkForecaster
    from daycast.models.series.portion import Portion


def fit_and_save(job: Job, prepared: Prepared, plan: Plan, *, told: Callable[..., None]) -> Fitted:
    """Fit the planned version and save it, in the process that is called; Prefect need not be known there.

    Args:
        job: the run.
        prepared: its windows.
        plan: says which version, and how to come by it.
        told: called after each epoch with its number, how many there are at most, the loss and the validation loss.
    """
    spec = job.pipeline
    budget = Budget(spec.training.time_budget_seconds)
    load(spec.model)
    from daycast.models.networks.forecaster import NetworkForecaster, scaler_of
    from daycast.models.race.ridge import RidgeForecaster

    parts, parent = _parts(job, prepared), _parent(job, plan)
    scaler = scaler_of(parts[0], spec=spec, parent=parent)
    parts[1] = parts[1].among(scaler.knows(parts[1]))  # a series that is new in the validation part has no scale
    ridge = RidgeForecaster.fit(*parts, spec=spec, scaler=scaler)
    # Handed over and not kept here: once the rows are scaled, the fit has no more use for them.
    forecaster = NetworkForecaster.fit(
        parts.pop(0),
        parts.pop(0),
        spec=spec,
        parent=parent,
        on_epoch=lambda epoch: told(epoch.number, epoch.total, epoch.loss, epoch.validation_loss),
        expired=budget.over,
        scaler=scaler,
    )
    epochs = spec.model.epochs if plan.training == "retrain" else spec.training.fine_tune_epochs
    made = Made(
        save=lambda folder: forecaster.save(folder) | ({"ridge": ridge.save(folder)} if ridge else {}),
        network=forecaster.network,
        history=forecaster.history,
        validation_loss=forecaster.validation_loss,
        wanted=spec.model.members * epochs,
    )
    return save_version(job, prepared, plan, made, budget=budget)


def _parts(job: Job, prepared: Prepared) -> list[Portion]:
    """What a network is fitted on of all shards, and what says when to stop; their share of ``training.windows``.

    The same share of both: whole, the validation part would take longer than what is trained on.
    """
    from daycast.models.series.portion import Portion

    held = [
        [Portion.of(each.panel, index) for index in (each.training_index, each.validation_index)]
        for each in materials(job, prepared)
    ]
    training, validation = (Portion.joined(parts) for parts in zip(*held, strict=True))
    validation = replace(validation, panels=training.panels)
    most = job.pipeline.training.windows
    if most is None or most >= len(training):
        return [training, validation]
    return [each.evenly(most / len(training), seed=job.pipeline.model.seed) for each in (training, validation)]


def _parent(job: Job, plan: Plan) -> NetworkForecaster | None:
    if plan.training != "fine_tune" or plan.champion is None:
        return None
    from daycast.models.networks.forecaster import NetworkForecaster

    registry, name = job.registry(), job.pipeline.name
    with registry.fetch(name, plan.champion, sha256=recorded_hash(job, plan.champion)) as folder:
        return NetworkForecaster.load(folder, registry.manifest(name, plan.champion).state, spec=job.pipeline)
