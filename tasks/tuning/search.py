"""Trials one after the other, until the budget is spent; the best of them beside the table as it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.errors import DataError
from daycast.tasks.apart.process import Asked
from daycast.tasks.apart.trying import halves_of, try_settings, windows_to_try
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Prepared
from daycast.tasks.tuning.found import Budget, Found
from daycast.tasks.tuning.seeds import from_seeds, kept
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
    from daycast.models.tuning.space import applied, choices

    name = job.pipeline.name
    counts = windows_to_try(job, prepared)
    require(name, counts)
    space = choices(job.pipeline, training=halves_of(job, prepared).bounds.sizes[0])
    place = study_place(job.stores, name)
    place.parent.mkdir(parents=True, exist_ok=True)
    study = study_of(place, job, prepared, space)
    work = _Work(job=job, prepared=prepared, fresh=fresh, deadline=time.monotonic() + budget.seconds)
    _try_all(study, space, work, budget, told)
    best = best_of(study, job.pipeline)
    table_errors, best_errors = from_seeds(study, job.pipeline, budget, attempt=work.attempt, late=lambda: work.late)
    done = [trial for trial in study.trials if trial.state.is_finished() and trial.state.name != "FAIL"]
    return Found(
        pipeline=name,
        trials=len(done),
        pruned=sum(trial.state.name == "PRUNED" for trial in done),
        windows=counts,
        naive=float(study.user_attrs["naive"]),
        current=table_errors,
        best=best_errors,
        settings=best,
        table=_table(job, applied(job.pipeline, best)),
        weights=weights_of(study),
        out_of_time=len(done) < budget.trials,
    )


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What every trial is given."""

    job: Job
    prepared: Prepared
    fresh: Fresh
    deadline: float

    @property
    def late(self) -> bool:
        return time.monotonic() > self.deadline

    def attempt(self, settings: Mapping[str, Any], seed: int, told: Callable[..., None] = lambda *_: None) -> Tried:
        with self.fresh() as process:
            tried: Tried = process.ask(try_settings, self.job, self.prepared, dict(settings), seed, told=told)
        return tried


def _try_all(study: Study, space: Sequence[Choice], work: _Work, budget: Budget, told: Callable[[str], None]) -> None:
    while _done(study) < budget.trials:
        trying = replace(work, deadline=work.deadline - kept(study, work.job.pipeline, budget))
        if trying.late:
            return
        _try_one(study, space, trying, told)


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
        tried = work.attempt(settings, work.job.pipeline.model.seed, told=watch)
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


def _suggested(trial: Trial, choice: Choice) -> Any:
    if choice.values:
        return trial.suggest_categorical(choice.name, list(choice.values))
    return trial.suggest_float(choice.name, *choice.between, log=True)


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
