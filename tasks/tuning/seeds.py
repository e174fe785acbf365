"""Networks from other seeds than the trials', of the best settings and of the table as it is, and the time for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from daycast.tasks.tuning.found import Budget
from daycast.tasks.tuning.study import best_of, best_trial, ended_of

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

    from daycast.models.tuning.tried import Tried
    from daycast.storage.terms.pipeline import Pipeline

Attempt = Callable[[Mapping[str, Any], int], "Tried"]
"""Trains a network of some settings from a seed."""
_MOST = 0.5
"""Share of a search's time that is kept for seeds at most, so that there is something to be compared."""


def kept(study: Study, spec: Pipeline, budget: Budget) -> float:
    """Seconds to be kept for networks from seeds: those that are not there yet, at what a trial of theirs took."""
    ended = ended_of(study)
    if not ended:
        return 0.0
    trials = ended[0], best_trial(study, spec)  # the first is the table's
    owed = (
        _seconds(trial) * _missing(study, spec, budget, settings)
        for trial, settings in zip(trials, _pair(study, spec), strict=True)
    )
    return min(_MOST * budget.seconds, sum(owed))


def from_seeds(
    study: Study, spec: Pipeline, budget: Budget, *, attempt: Attempt, late: Callable[[], bool]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The errors of the table as it is and of the best settings, as many of one as of the other.

    No network of the trials is among them, as the best settings were chosen by those. What was done before is not done
    again.

    Args:
        study: its trials; what comes is noted in it.
        spec: the pipeline.
        budget: has the number of seeds.
        attempt: trains a network.
        late: whether the time is over; one seed of each there is nevertheless.
    """
    pair = _pair(study, spec)
    errors: list[list[float]] = []
    for seed in _seeds(spec, budget):
        there = all(_key(settings, seed) in study.user_attrs for settings in pair)
        if errors and late() and not there:
            break
        errors.append([_error(study, settings, seed, attempt) for settings in pair])
    table, best = zip(*errors, strict=True)
    return table, best


def _pair(study: Study, spec: Pipeline) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    from daycast.models.tuning.space import current

    return current(spec), best_of(study, spec)


def _seeds(spec: Pipeline, budget: Budget) -> range:
    """Those after the trials'; of a network of several members each takes as many."""
    step = spec.model.members
    return range(spec.model.seed + step, spec.model.seed + step * (budget.seeds + 1), step)


def _key(settings: Mapping[str, Any], seed: int) -> str:
    return f"seed {seed} of {json.dumps(dict(settings), sort_keys=True)}"


def _missing(study: Study, spec: Pipeline, budget: Budget, settings: Mapping[str, Any]) -> int:
    there = study.user_attrs
    return sum(_key(settings, seed) not in there for seed in _seeds(spec, budget))


def _seconds(trial: FrozenTrial) -> float:
    return trial.duration.total_seconds() if trial.duration else 0.0


def _error(study: Study, settings: Mapping[str, Any], seed: int, attempt: Attempt) -> float:
    key = _key(settings, seed)
    if key not in study.user_attrs:
        tried = attempt(settings, seed)
        study.set_user_attr(key, tried.error)
        study.set_user_attr("naive", tried.naive)
    return float(study.user_attrs[key])
