"""Fit the network that was planned and save it; no Prefect."""

from __future__ import annotations

import importlib.metadata
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daycast.storage.lake.folder import scratch
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.material import materials
from daycast.tasks.handover.results import Plan, Prepared
from daycast.tasks.handover.telling import CUT_SHORT_OF

if TYPE_CHECKING:
    from collections.abc import Callable

    from daycast.models.networks.forecaster import NetworkForecaster
    from daycast.models.series.panel import Index
    from daycast.models.series.windows import Windows

_LIBRARIES = ("daycast", "keras", "tensorflow", "numpy", "pandas")


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """How many epochs a fit took, and how long, with the data read before it and the network written after it.

    The loss is that of its last epoch, the validation loss that of the weights that were kept; both in scaled units.
    """

    epochs: int = 0
    seconds: float = 0.0
    loss: float | None = None
    validation_loss: float | None = None


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
    from daycast.models.networks.forecaster import NetworkForecaster

    spec, budget = job.pipeline, _Budget(job.pipeline.training.time_budget_seconds, since=began)
    parts = _parts(job, prepared)
    # Handed over and not kept here: once they are scaled, the fit has no more use for them, and they are most of it.
    forecaster = NetworkForecaster.fit(
        parts.pop(0),
        parts.pop(0),
        spec=spec,
        parent=_parent(job, plan),
        on_epoch=lambda epoch: told(epoch.number, epoch.total, epoch.loss, epoch.validation_loss),
        expired=budget.over,
    )
    metrics = {"training_seconds": time.monotonic() - began}
    wanted = spec.model.members * (spec.model.epochs if plan.training == "retrain" else spec.training.fine_tune_epochs)
    if budget.ended and len(forecaster.history) < wanted:
        metrics[CUT_SHORT_OF] = float(wanted)
    _save(job, prepared, plan, forecaster, metrics=metrics)
    return Fitted(
        epochs=len(forecaster.history),
        seconds=time.monotonic() - began,
        loss=forecaster.history[-1].loss if forecaster.history else None,
        validation_loss=forecaster.validation_loss,
    )


def _parts(job: Job, prepared: Prepared) -> list[Windows]:
    """The windows of all shards that a network is fitted on, and those that say when to stop."""
    from daycast.models.series.windows import concatenate

    share = _share(job, prepared)
    held = [
        tuple(each.panel.windows(share(index)) for index in (each.training_index, each.validation_index))
        for each in materials(job, prepared)
    ]
    return [concatenate(parts) for parts in zip(*held, strict=True)]


class _Budget:
    """The wall time that a training may take, and whether it was told that it is over."""

    def __init__(self, seconds: float, *, since: float) -> None:
        self._end, self.ended = since + seconds, False

    def over(self) -> bool:
        """Whether training is to end."""
        self.ended = time.monotonic() > self._end
        return self.ended


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


def _save(
    job: Job, prepared: Prepared, plan: Plan, forecaster: NetworkForecaster, *, metrics: dict[str, float]
) -> None:
    from daycast.models.race.retraining import identity
    from daycast.storage.registry.store import Manifest

    history = forecaster.history
    with scratch() as folder:
        state = forecaster.save(folder)
        manifest = Manifest(
            pipeline=job.pipeline.name,
            version=planned_version(plan),
            as_of=job.as_of,
            created_at=job.now,
            training=plan.training,
            parent_version=plan.champion if plan.training == "fine_tune" else None,
            spec=job.pipeline.model_dump(mode="json"),
            state={**state, "identity": identity(job.pipeline)},
            data_hash=prepared.data_hash,
            metrics={"validation_loss": forecaster.validation_loss, **metrics},
            history={
                "loss": [epoch.loss for epoch in history],
                "val_loss": [epoch.validation_loss for epoch in history],
            },
            parameters=int(forecaster.network.count_params()),
            libraries={name: importlib.metadata.version(name) for name in _LIBRARIES},
        )
        job.registry().save(folder, manifest)


def recorded_hash(job: Job, version: str) -> str | None:
    """The hash of a version's manifest, as SQL has it; none where the version is not recorded."""
    from daycast.storage.sql.versions import list_versions

    with job.database() as database:
        rows = list_versions(database, job.pipeline.name)
    return next((row.sha256 for row in rows if row.version == version), None)


def planned_version(plan: Plan) -> str:
    """The version that a plan to train names."""
    assert plan.version is not None  # noqa: S101 — only a plan to reuse has none, and it trains nothing
    return plan.version
