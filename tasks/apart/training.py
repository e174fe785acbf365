"""Fit the network that was planned and save it; no Prefect."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from daycast.tasks.apart.versions import Budget, Fitted, Made, recorded_hash, save_version
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.material import materials
from daycast.tasks.handover.results import Plan, Prepared

if TYPE_CHECKING:
    from collections.abc import Callable

    from daycast.models.networks.forecaster import NetworkForecaster
    from daycast.models.series.panel import Index
    from daycast.models.series.windows import Windows


def fit_and_save(job: Job, prepared: Prepared, plan: Plan, *, told: Callable[..., None]) -> Fitted:
    """Fit the planned version and save it, in the process that is called; Prefect need not be known there.

    Args:
        job: the run.
        prepared: its windows.
        plan: says which version, and how to come by it.
        told: called after each epoch with its number, how many there are at most, the loss and the validation loss.
    """
    began = time.monotonic()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from daycast.models.networks.backend import load_keras, share_cores

    load_keras()
    share_cores(job.pipeline.model)
    from daycast.models.networks.forecaster import NetworkForecaster, scaler_of
    from daycast.models.race.ridge import RidgeForecaster

    spec, budget = job.pipeline, Budget(job.pipeline.training.time_budget_seconds, since=began)
    parts, parent = _parts(job, prepared), _parent(job, plan)
    scaler = scaler_of(parts[0], spec=spec, parent=parent)
    ridge = RidgeForecaster.fit(*parts, spec=spec, scaler=scaler)
    # Handed over and not kept here: once they are scaled, the fit has no more use for them, and they are most of it.
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
    return save_version(job, prepared, plan, made, began=began, budget=budget)


def _parts(job: Job, prepared: Prepared) -> list[Windows]:
    """The windows of all shards that a network is fitted on, and those that say when to stop."""
    from daycast.models.series.windows import concatenate

    share = _share(job, prepared)
    held = [
        tuple(each.panel.windows(share(index)) for index in (each.training_index, each.validation_index))
        for each in materials(job, prepared)
    ]
    return [concatenate(parts) for parts in zip(*held, strict=True)]


def _share(job: Job, prepared: Prepared) -> Callable[[Index], Index]:
    """Takes of a shard's windows those that are its share of the pipeline's ``training.windows``.

    The same share of the validation part says when to stop: whole, it would take more memory than what is trained on.
    """
    from daycast.models.series.panel import evenly

    most = job.pipeline.training.windows
    if most is None:
        return lambda index: index
    total = sum(len(each.training_index) for each in materials(job, prepared))
    share = min(1.0, most / max(total, 1))
    return lambda index: evenly(index, share=share, seed=job.pipeline.model.seed)


def _parent(job: Job, plan: Plan) -> NetworkForecaster | None:
    if plan.training != "fine_tune" or plan.champion is None:
        return None
    from daycast.models.networks.forecaster import NetworkForecaster

    registry, name = job.registry(), job.pipeline.name
    with registry.fetch(name, plan.champion, sha256=recorded_hash(job, plan.champion)) as folder:
        return NetworkForecaster.load(folder, registry.manifest(name, plan.champion).state, spec=job.pipeline)
