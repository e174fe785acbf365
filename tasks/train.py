"""Come by a network: choose how, fit it, and keep it as a version."""

from __future__ import annotations

import importlib.metadata
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prefect import get_run_logger, task
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE

from storage.contracts import TrainingChoice
from storage.errors import RegistryError
from storage.files import scratch
from storage.handover import Plan, Prepared, Trained
from storage.job import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from models.fitting import Epoch
    from models.forecaster import NetworkForecaster
    from models.training import ChampionFacts
    from storage.database import Database
    from storage.versions import Version

_REFUSALS = 3
"""Refused versions that are told one by one."""
_LIBRARIES = ("daycast", "keras", "tensorflow", "numpy", "pandas")


@task(name="plan", cache_policy=NO_CACHE)
def plan(job: Job, prepared: Prepared, *, requested: TrainingChoice) -> Plan:
    """Choose between retrain, fine-tune and reuse by the pipeline's rules, from what was known before ``as_of``.

    Raises:
        ConfigError: a fine-tune or a reuse is asked for, and there is no champion that could do it.
    """
    from models.training import choose_training, identity
    from storage.versions import served

    spec = job.pipeline
    with job.database() as database:
        champion, refused = _verified(job, served(database, spec.name, at=job.as_of, strictly_before=True))
        facts = _facts(job, prepared, champion, database=database) if champion else None
    wanted = identity(spec)
    decision = choose_training(requested, rules=spec.training, wanted=wanted, champion=facts, refused=bool(refused))
    comparable = champion.version if champion and facts and facts.identity == wanted else None
    version = comparable
    if decision.training != "reuse":
        version = _new_version(job, prepared, parent=comparable if decision.training == "fine_tune" else None)
    return Plan(
        training=decision.training, reason=decision.reason, champion=comparable, version=version, refused=refused
    )


@task(name="load-keras", cache_policy=NO_CACHE)
def load_keras() -> None:
    """Load what training needs into the process that will train, while others prepare its data."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from models.backend import load_keras as load

    load()
    import models.forecaster
    import models.material  # noqa: F401


@task(name="train", task_run_name="train-{plan.version}", cache_policy=NO_CACHE)
def train(job: Job, prepared: Prepared, plan: Plan) -> Trained:
    """Fit the planned version and keep it, or only record it where it is kept already.

    To be run in a process of its own: TensorFlow's memory grows with every fit, and only a fresh process gives the
    same weights again.
    """
    began = time.monotonic()
    epochs = 0
    if not _kept(job, _planned(plan)):
        epochs = _fit_and_save(job, prepared, plan, began=began)
    _record(job, _planned(plan))
    return Trained(version=plan.version, epochs=epochs, seconds=time.monotonic() - began)


def _planned(plan: Plan) -> str:
    assert plan.version is not None  # noqa: S101 — only a plan to reuse has none, and it trains nothing
    return plan.version


def _verified(job: Job, rows: Sequence[Version]) -> tuple[Version | None, tuple[str, ...]]:
    """The first version whose files are those that were saved, and why each one before it is refused."""
    registry, refused = job.registry(), []
    for row in rows:
        try:
            registry.check(row.pipeline, row.version, sha256=row.sha256)
        except RegistryError as error:
            refused.append(str(error))
        else:
            return row, _told(refused)
    return None, _told(refused)


def _told(refused: Sequence[str]) -> tuple[str, ...]:
    """The first of the reasons: where a whole folder is gone there can be many."""
    rest = len(refused) - _REFUSALS
    return (*refused[:_REFUSALS], *([f"and {rest} more versions. See: daycast models verify"] if rest > 0 else []))


def _new_version(job: Job, prepared: Prepared, *, parent: str | None) -> str:
    from models.training import identity
    from storage.registry import version_name

    spec = job.pipeline
    return version_name(
        as_of=job.as_of,
        identity={
            "spec": identity(spec),
            "rules": spec.training.model_dump(mode="json"),
            "data": prepared.data_hash,
            "parent": parent,
        },
    )


def _kept(job: Job, version: str) -> bool:
    """Whether the version is stored; files of it that are not those that were saved are removed, to be made anew."""
    registry, name = job.registry(), job.pipeline.name
    if not registry.exists(name, version):
        return False
    try:
        registry.check(name, version, sha256=_sha256(job, version))
    except RegistryError as error:
        get_run_logger().warning("%s is made anew: %s", version, error)
        registry.remove(name, version)
        return False
    return True


def _sha256(job: Job, version: str) -> str | None:
    """Of the version's manifest, as SQL has it; none where the version is not recorded."""
    from storage.versions import list_versions

    with job.database() as database:
        rows = list_versions(database, job.pipeline.name)
    return next((row.sha256 for row in rows if row.version == version), None)


def _facts(job: Job, prepared: Prepared, champion: Version, *, database: Database) -> ChampionFacts:
    from models.training import ChampionFacts, completed
    from storage.versions import last_retrain

    # A retrain that lost the race counts too: otherwise an old champion that stays the best is retrained every day.
    retrained = last_retrain(database, job.pipeline.name, before=job.as_of) or champion.as_of
    manifest = job.registry().manifest(job.pipeline.name, champion.version, sha256=champion.sha256)
    return ChampionFacts(
        age_days=(job.as_of - retrained).total_seconds() / 86400,
        same_data=champion.data_hash == prepared.data_hash,
        identity=completed(manifest.state["identity"]),  # type: ignore[arg-type]
        broken=_broken(job, database=database),
        rebased=_rebased(job, since=champion.as_of),
    )


def _rebased(job: Job, *, since: datetime) -> list[str]:
    """The symbols whose history has moved since to a basis that the pipeline's networks are bound to."""
    from models.training import scale_bound

    if not scale_bound(job.pipeline):
        return []
    store = job.observations()
    bases = {symbol: store.basis(symbol, as_of=job.as_of) for symbol in job.pipeline.symbols}
    return [symbol for symbol, basis in bases.items() if basis is not None and basis > since]


def _broken(job: Job, *, database: Database) -> dict[str, str]:
    """The rules that live accuracy falls short of, by what was known before ``as_of``."""
    from datetime import timedelta

    from models.live import judged, resolve
    from models.training import broken_rules
    from storage.evaluations import forecasts_made
    from storage.versions import last_retrain

    name, rules = job.pipeline.name, job.pipeline.training
    if rules.min_skill is rules.min_coverage_80 is rules.min_coverage_95 is None:
        return {}
    since = job.as_of - timedelta(days=rules.live_days)
    made = forecasts_made(database, name, before=job.as_of, since=since)
    retrained = last_retrain(database, name, before=job.as_of)
    outcomes = resolve(made, job.vintages(), as_of=job.as_of)
    return broken_rules(rules, live=judged(outcomes, rules=rules, as_of=job.as_of, retrained=retrained))


def _fit_and_save(job: Job, prepared: Prepared, plan: Plan, *, began: float) -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from models.backend import load_keras

    load_keras()
    from models.forecaster import NetworkForecaster
    from models.material import assemble

    spec, store = job.pipeline, job.windows()
    material = assemble(
        store.read(prepared.until),
        store.read_latest(data_hash=prepared.data_hash),
        instants=job.instants(prepared),
        spec=spec,
    )
    parent = _parent(job, plan)
    with _progress(job, plan) as on_epoch:
        forecaster = NetworkForecaster.fit(
            material.training,
            material.validation,
            spec=spec,
            parent=parent,
            on_epoch=on_epoch,
            expired=lambda: time.monotonic() - began > spec.training.time_budget_seconds,
        )
    _save(job, prepared, plan, forecaster, seconds=time.monotonic() - began)
    return len(forecaster.history)


def _parent(job: Job, plan: Plan) -> NetworkForecaster | None:
    if plan.training != "fine_tune" or plan.champion is None:
        return None
    from models.forecaster import NetworkForecaster

    registry, name = job.registry(), job.pipeline.name
    with registry.fetch(name, plan.champion, sha256=_sha256(job, plan.champion)) as folder:
        return NetworkForecaster.load(folder, registry.manifest(name, plan.champion).state, spec=job.pipeline)


def _save(job: Job, prepared: Prepared, plan: Plan, forecaster: NetworkForecaster, *, seconds: float) -> None:
    from models.training import identity
    from storage.registry import Manifest

    history = forecaster.history
    with scratch() as folder:
        state = forecaster.save(folder)
        manifest = Manifest(
            pipeline=job.pipeline.name,
            version=_planned(plan),
            as_of=job.as_of,
            created_at=job.now,
            training=plan.training,
            parent_version=plan.champion if plan.training == "fine_tune" else None,
            spec=job.pipeline.model_dump(mode="json"),
            state={**state, "identity": identity(job.pipeline)},
            data_hash=prepared.data_hash,
            metrics={"validation_loss": forecaster.validation_loss, "training_seconds": seconds},
            history={
                "loss": [epoch.loss for epoch in history],
                "val_loss": [epoch.validation_loss for epoch in history],
            },
            parameters=int(forecaster.network.count_params()),
            libraries={name: importlib.metadata.version(name) for name in _LIBRARIES},
        )
        job.registry().save(folder, manifest)


def _record(job: Job, version: str) -> None:
    """Note the version in SQL, from its manifest: a run that was killed between the two is mended by the next."""
    from storage.versions import record_version

    registry, name = job.registry(), job.pipeline.name
    manifest, saved = registry.manifest(name, version), registry.saved(name, version)
    with job.database() as database:
        record_version(
            database,
            {
                "pipeline": name,
                "version": version,
                "created_at": manifest.created_at,
                "as_of": manifest.as_of,
                "training": manifest.training,
                "parent_version": manifest.parent_version,
                "cell": job.pipeline.model.cell,
                "parameters": manifest.parameters,
                "data_hash": manifest.data_hash,
                "uri": saved.uri,
                "sha256": saved.sha256,
            },
        )


@contextmanager
def _progress(job: Job, plan: Plan) -> Iterator[Callable[[Epoch], None]]:
    """Show training as a bar in the terminal and as a progress artifact in the Prefect UI."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    artifact = create_progress_artifact(progress=0.0, description=f"{plan.training} of {plan.version}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    label = f"{job.pipeline.name}: {plan.training}"
    with Progress(*columns, TextColumn("{task.fields[loss]}"), console=Console(stderr=True)) as bar:
        row = bar.add_task(label, total=job.pipeline.model.epochs, loss="")

        def on_epoch(epoch: Epoch) -> None:
            losses = f"loss {epoch.loss:.4f}, validation {epoch.validation_loss:.4f}"
            bar.update(row, completed=epoch.number, total=epoch.total, loss=losses)
            update_progress_artifact(artifact, progress=100.0 * epoch.number / epoch.total)  # type: ignore[arg-type]

        yield on_epoch
    update_progress_artifact(artifact, progress=100.0)  # type: ignore[arg-type]
