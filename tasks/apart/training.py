"""Fit the network that was planned and save it; no Prefect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from daycast.tasks.apart.candidates import Candidate, Grounds, chosen_state, of_version, train_networks
from daycast.tasks.apart.networks import load
from daycast.tasks.apart.versions import Budget, Fitted, Made, recorded_hash, save_version
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.material import material
from daycast.tasks.handover.results import Plan, Prepared
from daycast.tasks.handover.shard_state import files_of, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any

    from daycast.models.networks.forecaster import NetworkForecaster
    from daycast.models.series.differencing import Floats
    from daycast.models.series.portion import Portion
    from daycast.storage.terms.pipeline import Pipeline


def fit_and_save(job: Job, prepared: Prepared, plan: Plan, *, told: Callable[..., None]) -> Fitted:
    """Fit the planned version and save it, in the process that is called; Prefect need not be known there.

    Args:
        job: the run.
        prepared: its windows.
        plan: says which version, and how to come by it.
        told: called after each epoch with its number, how many there are at most, the loss and the validation loss.
    """
    budget = Budget(job.pipeline.training.time_budget_seconds)
    best = fit(job, prepared, plan, shards=list(prepared.shards), budget=budget, told=told)
    budget.ended = best.network.cut_short  # what is told of the version is whether its own network had its time
    made = Made(
        save=best.save,
        parameters=best.parameters,
        history=best.forecaster.history,
        validation_loss=best.forecaster.validation_loss,
        wanted=best.network.wanted,
    )
    return save_version(job, prepared, plan, made, budget=budget)


@dataclass(frozen=True, kw_only=True, eq=False)
class Best:
    """What a training came to.

    Attributes:
        tried: every network of the pipeline, the best first.
        chosen: whether it was chosen of several.
    """

    tried: Sequence[Candidate]
    chosen: bool

    @property
    def network(self) -> Candidate:
        """The one that becomes the version's."""
        return self.tried[0]

    @property
    def forecaster(self) -> NetworkForecaster:
        """It, trained."""
        assert self.network.forecaster is not None  # noqa: S101 — the first is one that was trained
        return self.network.forecaster

    @property
    def parameters(self) -> int:
        """How many its network has."""
        return int(self.forecaster.network.count_params())

    def save(self, folder: Path) -> dict[str, Any]:
        """Write its files into a local folder; gives the rest of its state."""
        ridge = self.network.ridge
        return {
            **self.forecaster.save(folder),
            **({"ridge": ridge.save(folder)} if ridge else {}),
            **(chosen_state(self.tried) if self.chosen else {}),
        }


def fit(
    job: Job, prepared: Prepared, plan: Plan, *, shards: Sequence[str], budget: Budget, told: Callable[..., None]
) -> Best:
    """Fit one network on the windows of some shards.

    Args:
        job: the run.
        prepared: its windows.
        plan: says how to come by the version.
        shards: all, or the one that has a network of its own.
        budget: the time it has.
        told: as of :func:`fit_and_save`.

    Raises:
        DataError: no network can be trained on them.
    """
    load(job.pipeline.model)
    spec, parent = _parent(job, plan, shards)
    parts = _parts(job, prepared, shards)
    tried = train_networks(
        spec,
        Grounds(parts=parts, scales=_scales(job, prepared, parts) if spec.candidates else None, parent=parent),
        epochs=job.pipeline.training.fine_tune_epochs if parent else None,
        budget=budget,
        told=told,
    )
    return Best(tried=tried, chosen=bool(job.pipeline.candidates))


def _parts(job: Job, prepared: Prepared, shards: Sequence[str]) -> list[Portion]:
    """What a network is fitted on of the shards, and what says when to stop; their share of ``training.windows``.

    The same share of both: whole, the validation part would take longer than what is trained on.
    """
    from daycast.models.series.portion import Portion

    held = [
        [Portion.of(each.panel, index) for index in (each.training_index, each.validation_index)]
        for each in (material(job, prepared, shard) for shard in shards)
    ]
    training, validation = (Portion.joined(parts) for parts in zip(*held, strict=True))
    validation = replace(validation, panels=training.panels)
    most = job.pipeline.training.windows and job.pipeline.training.windows * len(shards) // len(prepared.shards)
    if most is None or most >= len(training):
        return [training, validation]
    return [each.evenly(most / len(training), seed=job.pipeline.model.seed) for each in (training, validation)]


def _scales(job: Job, prepared: Prepared, parts: list[Portion]) -> Floats:
    """The mean step of each series of the parts."""
    import numpy as np

    from daycast.models.scores.scales import naive_scales
    from daycast.models.series.splits import bounds

    end = bounds(job.instants(prepared), split=job.pipeline.split).training_end
    until = end.tz_localize(None).to_datetime64()
    return np.concatenate([naive_scales(panel, until=until) for panel in parts[1].panels])


def _parent(job: Job, plan: Plan, shards: Sequence[str]) -> tuple[Pipeline, NetworkForecaster | None]:
    """What is trained: the champion's network on from its weights, or every network of the pipeline anew.

    A shard that has none yet is trained anew, whatever becomes of the others.
    """
    if plan.training != "fine_tune" or plan.champion is None:
        return job.pipeline, None
    from daycast.models.networks.forecaster import NetworkForecaster

    registry, name = job.registry(), job.pipeline.name
    with registry.fetch(name, plan.champion, sha256=recorded_hash(job, plan.champion)) as folder:
        state = registry.manifest(name, plan.champion).state
        own = state_of(state, shards[0])
        if own is None:
            return job.pipeline, None
        spec = of_version(job.pipeline, own)
        return spec, NetworkForecaster.load(files_of(folder, state, shards[0]), own, spec=spec)
