"""Trials one after the other, until the budget is spent; the best of them beside the table as it is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.errors import DataError
from daycast.tasks.apart.process import Asked
from daycast.tasks.apart.trying import halves_of, try_settings, windows_to_try
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Prepared
from daycast.tasks.tuning.found import Budget, Found
from daycast.tasks.tuning.study import best_of, study_of, study_place, weights_of

if TYPE_CHECKING:
    from optuna import Study, Trial

    from daycast.models.tuning.space import Choice
    from daycast.models.tuning.tried import Tried

Fresh = Callable[[], AbstractContextManager[Asked]]
"""Gives a process that has computed nothing yet, for one trial."""


def search(job: Job, prepared: Prepared, budget: Budget, *, fresh: Fresh, told: Callable[[str], None]) -> Found:
    """Try settings until the budget is spent, and tell the best of them beside the table as it is.

    Args:
        job: the run that the search pretends to be: its ``as_of`` is the study's.
        prepared: its data.
        budget: how long.
        fresh: gives each trial a process of its own.
        told: takes a line on each trial.

    Raises:
        DataError: the history is too short.
        ConfigError: the study that there is, is of other settings or of other data.
    """
    from daycast.models.tuning.blocks import require
    from daycast.models.tuning.space import applied, choices, current

    name = job.pipeline.name
    counts = windows_to_try(job, prepared)
    require(name, counts)
    space = choices(job.pipeline, training=halves_of(job, prepared).bounds.sizes[0])
    place = study_place(job.stores, name)
    place.parent.mkdir(parents=True, exist_ok=True)
    study = study_of(place, job, prepared, space)
    work = _Work(job=job, prepared=prepared, fresh=fresh, deadline=_deadline(budget))
    _try_all(study, space, work, budget, told)
    best = best_of(study, job)
    errors = {
        who: tuple(_seeded(study, work, settings, budget.seeds))
        for who, settings in (("current", current(job.pipeline)), ("best", best))
    }
    done = [trial for trial in study.trials if trial.state.is_finished() and trial.state.name != "FAIL"]
    return Found(
        pipeline=name,
        trials=len(done),
        pruned=sum(trial.state.name == "PRUNED" for trial in done),
        windows=counts,
        naive=float(study.user_attrs["naive"]),
        current=errors["current"],
        best=errors["best"],
        settings=best,
        table=_table(job, applied(job.pipeline, best)),
        weights=weights_of(study),
        out_of_time=work.late,
    )


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What every trial is given."""

    job: Job
    prepared: Prepared
    fresh: Fresh
    deadline: float | None

    @property
    def late(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline

    def attempt(self, settings: Mapping[str, Any], *, seed: int, told: Callable[..., None]) -> Tried:
        with self.fresh() as process:
            tried: Tried = process.ask(try_settings, self.job, self.prepared, dict(settings), seed, told=told)
        return tried


def _deadline(budget: Budget) -> float | None:
    return None if budget.seconds is None else time.monotonic() + budget.seconds


def _try_all(study: Study, space: Sequence[Choice], work: _Work, budget: Budget, told: Callable[[str], None]) -> None:
    while _done(study) < budget.trials and not work.late:
        _try_one(study, space, work, told)


def _done(study: Study) -> int:
    return sum(trial.state.name in {"COMPLETE", "PRUNED"} for trial in study.get_trials(deepcopy=False))


def _try_one(study: Study, space: Sequence[Choice], work: _Work, told: Callable[[str], None]) -> None:
    import optuna
    from optuna.trial import TrialState

    from daycast.models.tuning.space import applied

    trial = study.ask()
    settings = {each.name: _suggested(trial, each) for each in space}

    def watch(number: int, total: int, loss: float) -> None:  # noqa: ARG001 — as every training tells
        trial.report(loss, number)
        if work.late or trial.should_prune():
            raise optuna.TrialPruned

    began = time.monotonic()
    words = ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in settings.items()
    )
    try:
        applied(work.job.pipeline, settings)
        tried = work.attempt(settings, seed=work.job.pipeline.model.seed, told=watch)
    except optuna.TrialPruned:
        if work.late:
            study.tell(trial, state=TrialState.FAIL)
            told(f"trial {trial.number + 1}: out of time")
            return
        study.tell(trial, state=TrialState.PRUNED)
        told(f"trial {trial.number + 1}: given up after {time.monotonic() - began:.0f} s: {words}")
    except (DataError, ValueError) as error:
        study.tell(trial, state=TrialState.PRUNED)
        told(f"trial {trial.number + 1}: {error}")
    else:
        study.tell(trial, tried.error)
        study.set_user_attr("naive", tried.naive)
        told(f"trial {trial.number + 1}: {tried.error:.4g} in {time.monotonic() - began:.0f} s: {words}")


def _words(settings: Mapping[str, Any]) -> str:
    parts = (
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in settings.items()
    )
    return ", ".join(parts)


def _suggested(trial: Trial, choice: Choice) -> Any:
    if choice.values:
        return trial.suggest_categorical(choice.name, list(choice.values))
    return trial.suggest_float(choice.name, *choice.between, log=True)


def _seeded(study: Study, work: _Work, settings: Mapping[str, Any], seeds: int) -> list[float]:
    """The errors of networks from one seed after the other; what was done before is not done again."""
    first, errors = work.job.pipeline.model.seed, []
    for seed in range(first, first + seeds):
        key = f"seed {seed} of {json.dumps(dict(settings), sort_keys=True)}"
        if key not in study.user_attrs:
            tried = work.attempt(settings, seed=seed, told=lambda *_: None)
            study.set_user_attr(key, tried.error)
            study.set_user_attr("naive", tried.naive)
        errors.append(float(study.user_attrs[key]))
        if work.late:
            break
    return errors


def _table(job: Job, best: Any) -> dict[str, Any]:
    """The keys of the pipeline's table that the best settings change, as the pipeline file has them."""
    now = job.pipeline
    table: dict[str, Any] = {
        key: getattr(best, key) for key in ("lookback", "difference") if getattr(best, key) != getattr(now, key)
    }
    table["model"] = best.model.model_dump(mode="json", exclude_unset=True)
    if best.model.learning_rate != now.model.learning_rate:  # drawn, with more digits than a reader needs
        table["model"]["learning_rate"] = float(f"{best.model.learning_rate:.4g}")
    return table


def draw(job: Job, found: Found) -> str:
    """Draw what mattered, and say where; empty where there is nothing to draw yet."""
    from daycast.models.pictures.importance import draw_importance

    if not found.weights:
        return ""
    name = f"{found.pipeline}-tuning.svg"
    folder = job.stores.reports()
    folder.write(
        name, draw_importance(found.weights, title=f"{found.pipeline}: what mattered in {found.trials} trials")
    )
    return folder.path(name)
