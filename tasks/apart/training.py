"""Fit the network that was planned and save it; no Prefect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from daycast.tasks.apart.candidates import Grounds, chosen_state, of_version, train_networks
from daycast.tasks.apart.networks import load
from daycast.tasks.apart.versions import Budget, Fitted, Made, recorded_hash, save_version
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.material import materials
from daycast.tasks.handover.results import Plan, Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
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
    rules = job.pipeline.training
    budget = Budget(rules.time_budget_seconds)
    load(job.pipeline.model)
    spec, parent = _parent(job, plan)
    parts = _parts(job, prepared)
    tried = train_networks(
        spec,
        Grounds(parts=parts, scales=_scales(job, prepared, parts) if spec.candidates else None, parent=parent),
        epochs=rules.fine_tune_epochs if parent else None,
        budget=budget,
        told=told,
    )
    best, forecaster = tried[0], tried[0].forecaster
    assert forecaster is not None  # noqa: S101 — the first is one that was trained
    budget.ended = best.cut_short  # what is told of the version is whether its own network had its time
    made = Made(
        save=lambda folder: {
            **forecaster.save(folder),
            **({"ridge": best.ridge.save(folder)} if best.ridge else {}),
            **(chosen_state(tried) if job.pipeline.candidates else {}),
        },
        network=forecaster.network,
        history=forecaster.history,
        validation_loss=forecaster.validation_loss,
        wanted=best.wanted,
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


def _scales(job: Job, prepared: Prepared, parts: list[Portion]) -> Floats:
    """The mean step of each series of the parts."""
    import numpy as np

    from daycast.models.scores.scales import naive_scales
    from daycast.models.series.splits import bounds

    end = bounds(job.instants(prepared), split=job.pipeline.split).training_end
    until = end.tz_localize(None).to_datetime64()
    return np.concatenate([naive_scales(panel, until=until) for panel in parts[1].panels])


def _parent(job: Job, plan: Plan) -> tuple[Pipeline, NetworkForecaster | None]:
    """What is trained: the champion's network on from its weights, or every network of the pipeline anew."""
    if plan.training != "fine_tune" or plan.champion is None:
        return job.pipeline, None
    from daycast.models.networks.forecaster import NetworkForecaster

    registry, name = job.registry(), job.pipeline.name
    with registry.fetch(name, plan.champion, sha256=recorded_hash(job, plan.champion)) as folder:
        state: Mapping[str, Any] = registry.manifest(name, plan.champion).state
        spec = of_version(job.pipeline, state)
        return spec, NetworkForecaster.load(folder, state, spec=spec)
