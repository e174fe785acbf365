"""A pipeline's study: a file of trials in the storage folder, which another process goes on with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.errors import ConfigError, DataError
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Prepared
from daycast.tasks.handover.stores import Stores

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

    from daycast.models.tuning.space import Choice
    from daycast.storage.terms.pipeline import Pipeline

_UNPRUNED, _FIRST_EPOCHS = 5, 2
"""Trials, and epochs of each, before which none is given up."""
_STARTUP = 8
"""Trials that are drawn at random before the others are proposed from them."""
_TOLD = 8
"""Trials that came to their end, below which nothing is said of what mattered."""


def study_place(stores: Stores, pipeline: str) -> Path:
    """The file of a pipeline's study.

    Raises:
        ConfigError: the storage folder is not one on this machine.
    """
    folder = stores.settings.storage
    if "://" in folder:
        raise ConfigError(
            "A study is kept in a storage folder on this machine, as another process goes on with it. "
            f"Received: DAYCAST_STORAGE = {folder!r}. Name a folder while tuning."
        )
    return Path(folder) / "studies" / f"{pipeline}.journal"


def begun_at(place: Path, pipeline: str) -> datetime | None:
    """The ``as_of`` of a study that there is already; none where there is none."""
    if not place.exists():
        return None
    kept = _opened(place, pipeline, sampler_seed=0).user_attrs.get("as_of")
    return datetime.fromisoformat(kept) if kept else None


def _opened(place: Path, pipeline: str, *, sampler_seed: int) -> Study:
    """The study in a file; a file that is not there is made."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        study_name=pipeline,
        storage=JournalStorage(JournalFileBackend(str(place))),
        sampler=optuna.samplers.TPESampler(seed=sampler_seed, multivariate=False, n_startup_trials=_STARTUP),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_UNPRUNED, n_warmup_steps=_FIRST_EPOCHS),
        load_if_exists=True,
    )


def study_of(place: Path, job: Job, prepared: Prepared, space: Sequence[Choice]) -> Study:
    """The pipeline's study, of the same settings and data, with what a killed search left half-done put right."""
    from optuna.trial import TrialState

    from daycast.models.race.retraining import identity
    from daycast.models.tuning.space import current

    seed = job.pipeline.model.seed
    study = _opened(place, job.pipeline.name, sampler_seed=seed)
    told = {
        **identity(job.pipeline),
        "windows": job.pipeline.training.windows,
        "data": prepared.data_hash,
        "choices": [[each.name, list(each.values), list(each.between)] for each in space],
    }
    wanted = json.loads(json.dumps(told))  # as the file gives it back
    kept = study.user_attrs.get("of")
    if kept is None:
        study.set_user_attr("as_of", job.as_of.isoformat())
        study.set_user_attr("of", wanted)
        study.enqueue_trial({each.name: current(job.pipeline)[each.name] for each in space})
    elif kept != wanted:
        apart = [key for key in wanted if kept.get(key) != wanted[key]]
        what = ", ".join("other data" if key == "data" else f"another {key}" for key in apart)
        raise ConfigError(
            f"{job.pipeline.name}: a study of the table as it is now is required. Received: {place}, which is of "
            f"{what}. Begin anew with --new, which removes it, or put the table back."
        )
    left = [trial for trial in study.get_trials(deepcopy=False) if trial.state == TrialState.RUNNING]
    for trial in left:
        study.tell(trial.number, state=TrialState.FAIL)
        study.enqueue_trial(trial.params)
    # Begun again, a sampler of the same seed would propose what it has proposed before.
    return _opened(place, job.pipeline.name, sampler_seed=seed + len(study.trials))


def ended_of(study: Study) -> list[FrozenTrial]:
    """The trials that came to their end, in their order."""
    return [trial for trial in study.trials if trial.state.name == "COMPLETE"]


def best_trial(study: Study, spec: Pipeline) -> FrozenTrial:
    """The trial with the least error.

    Raises:
        DataError: none came to its end.
    """
    ended = ended_of(study)
    if not ended:
        raise DataError(
            f"{spec.name}: one trial at least must come to its end. Received: none. Give it more --minutes."
        )
    return min(ended, key=lambda trial: (trial.value, trial.number))


def best_of(study: Study, spec: Pipeline) -> dict[str, Any]:
    """The best trial's settings, with those of now that it did not choose.

    Raises:
        DataError: none came to its end.
    """
    from daycast.models.tuning.space import current

    return {**current(spec), **best_trial(study, spec).params}


def weights_of(study: Study) -> dict[str, float]:
    """How much of the errors' spread each choice explains (functional ANOVA: Hutter, Hoos, Leyton-Brown, 2014)."""
    import optuna

    complete = ended_of(study)
    if len(complete) < _TOLD or len({trial.value for trial in complete}) < 2:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return dict(sorted(found.items(), key=lambda item: -item[1]))
