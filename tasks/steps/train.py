"""Fit the network that was planned, and keep it as a version."""

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

from daycast.storage.lake.folder import scratch
from daycast.storage.terms.errors import RegistryError
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.material import materials
from daycast.tasks.handover.results import Plan, Prepared, Trained

if TYPE_CHECKING:
    from collections.abc import Callable

    from daycast.models.networks.fitting import Epoch
    from daycast.models.networks.forecaster import NetworkForecaster

_LIBRARIES = ("daycast", "keras", "tensorflow", "numpy", "pandas")


@task(name="load-keras", cache_policy=NO_CACHE)
def load_keras() -> None:
    """Load what training needs into the process that will train, while others prepare its data."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from daycast.models.networks.backend import load_keras as load

    load()
    import daycast.models.networks.forecaster
    import daycast.models.series.material  # noqa: F401


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
    from daycast.storage.sql.versions import list_versions

    with job.database() as database:
        rows = list_versions(database, job.pipeline.name)
    return next((row.sha256 for row in rows if row.version == version), None)


def _fit_and_save(job: Job, prepared: Prepared, plan: Plan, *, began: float) -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from daycast.models.networks.backend import load_keras, share_cores

    load_keras()
    share_cores(job.pipeline.model)
    from daycast.models.networks.forecaster import NetworkForecaster
    from daycast.models.series.windows import concatenate

    spec = job.pipeline
    held = [(each.training, each.validation) for each in materials(job, prepared)]
    training, validation = (concatenate(parts) for parts in zip(*held, strict=True))
    parent = _parent(job, plan)
    with _progress(job, plan) as on_epoch:
        forecaster = NetworkForecaster.fit(
            training,
            validation,
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
    from daycast.models.networks.forecaster import NetworkForecaster

    registry, name = job.registry(), job.pipeline.name
    with registry.fetch(name, plan.champion, sha256=_sha256(job, plan.champion)) as folder:
        return NetworkForecaster.load(folder, registry.manifest(name, plan.champion).state, spec=job.pipeline)


def _save(job: Job, prepared: Prepared, plan: Plan, forecaster: NetworkForecaster, *, seconds: float) -> None:
    from daycast.models.race.retraining import identity
    from daycast.storage.registry.store import Manifest

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
    from daycast.storage.sql.versions import record_version

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
