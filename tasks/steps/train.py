"""Fit the network that was planned, and keep it as a version."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from prefect import get_run_logger, task
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.errors import RegistryError
from daycast.tasks.apart.bars import bar
from daycast.tasks.apart.candidates import cell_of
from daycast.tasks.apart.process import HERE, Asked
from daycast.tasks.apart.training import fit_and_save
from daycast.tasks.apart.versions import Fitted, planned_version, recorded_hash
from daycast.tasks.handover.job import AnyJob
from daycast.tasks.handover.results import Plan, Ready, Trained

if TYPE_CHECKING:
    from collections.abc import Callable

_SHOW_SECONDS = 2.0
"""Between two changes of the artifact that shows how far training is: each is asked of the server."""


@task(name="train", task_run_name="train-{plan.version}", cache_policy=NO_CACHE)
def train(
    job: AnyJob, prepared: Ready, plan: Plan, *, process: Asked = HERE, fit: Callable[..., Fitted] = fit_and_save
) -> Trained:
    """Fit the planned version and keep it, or only record it where it is kept already.

    Args:
        job: the run.
        prepared: its data.
        plan: says which version, and how to come by it.
        process: where it is fitted. To be a fresh one: TensorFlow's memory grows with every fit, and only a process
            that has computed nothing gives the same weights again.
        fit: what is called there.
    """
    fitted, version = Fitted(), planned_version(plan)
    if not _kept(job, version):
        with _progress(job, plan) as told:
            fitted = process.ask(fit, job, prepared, plan, told=told)
    _record(job, version)
    return Trained(version=version, **asdict(fitted))


def _kept(job: AnyJob, version: str) -> bool:
    """Whether the version is stored; files of it that are not those that were saved are removed, to be made anew."""
    registry, name = job.registry(), job.pipeline.name
    if not registry.exists(name, version):
        return False
    try:
        registry.check(name, version, sha256=recorded_hash(job, version))
    except RegistryError as error:
        get_run_logger().warning("%s is made anew: %s", version, error)
        registry.remove(name, version)
        return False
    return True


def _record(job: AnyJob, version: str) -> None:
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
                "cell": cell_of(job.pipeline, manifest.state),
                "parameters": manifest.parameters,
                "data_hash": manifest.data_hash,
                "uri": saved.uri,
                "sha256": saved.sha256,
            },
        )


@contextmanager
def _progress(job: AnyJob, plan: Plan) -> Iterator[Callable[[int, int, float, float], None]]:
    """Show training as a bar in the terminal and as a progress artifact in the Prefect UI."""
    artifact: Any = create_progress_artifact(progress=0.0, description=f"{plan.training} of {plan.version}")
    shown = time.monotonic()
    with bar(f"{job.pipeline.name}: {plan.training}", total=job.pipeline.model.epochs) as update:

        def told(number: int, total: int, loss: float, validation_loss: float) -> None:
            nonlocal shown
            update(number, total, f"loss {loss:.4f}, validation {validation_loss:.4f}")
            if time.monotonic() - shown > _SHOW_SECONDS:
                shown = time.monotonic()
                update_progress_artifact(artifact, progress=100.0 * number / total)

        yield told
    update_progress_artifact(artifact, progress=100.0)
