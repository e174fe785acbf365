"""What every training shares, whatever is trained: its time, and the version that comes of it; no Prefect."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from daycast.storage.lake.folder import scratch
from daycast.tasks.handover.job import AnyJob
from daycast.tasks.handover.results import Plan, Ready
from daycast.tasks.handover.telling import CUT_SHORT_OF

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


class Pass(Protocol):
    """What a version's curves need of an epoch, of one network or of several together."""

    @property
    def loss(self) -> float:
        """In training, in scaled units."""
        ...

    @property
    def validation_loss(self) -> float:
        """On validation, in scaled units."""
        ...

    @property
    def accuracy(self) -> float | None:
        """Of the training documents; none where nothing is labelled."""
        ...

    @property
    def validation_accuracy(self) -> float | None:
        """Likewise on validation."""
        ...


class Budget:
    """The wall time that a training may take from now on, and whether it was told that it is over."""

    def __init__(self, seconds: float) -> None:
        self._began, self.ended = time.monotonic(), False
        self._end = self._began + seconds

    @property
    def taken(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    @property
    def seconds_left(self) -> float:
        """Seconds until it ends, none where it has."""
        return max(0.0, self._end - time.monotonic())

    def part(self, count: int) -> Budget:
        """The part of one of so many that are left, from now on; what it does not take is the others'."""
        return Budget(self.seconds_left / count)

    def over(self) -> bool:
        """Whether training is to end."""
        self.ended = time.monotonic() > self._end
        return self.ended


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a fit made.

    Attributes:
        save: writes the version's files into a local folder, and gives the rest of its state.
        parameters: of the network.
        history: the epochs.
        validation_loss: of the weights that were kept.
        wanted: epochs that it was to have.
    """

    save: Callable[[Path], dict[str, Any]]
    parameters: int
    history: Sequence[Pass]
    validation_loss: float
    wanted: int


def save_version(job: AnyJob, prepared: Ready, plan: Plan, made: Made, *, budget: Budget) -> Fitted:
    """Save what a fit made as the planned version, with the manifest that says where it comes from.

    Args:
        job: the run.
        prepared: its data.
        plan: says which version, and how it came about.
        made: the network.
        budget: the time it had.
    """
    from daycast.models.race.retraining import identity
    from daycast.storage.registry.store import Manifest

    history = made.history
    metrics: dict[str, float | None] = {
        "validation_loss": made.validation_loss,
        "training_seconds": budget.taken,
    }
    if budget.ended and len(history) < made.wanted:
        metrics[CUT_SHORT_OF] = float(made.wanted)
    with scratch() as folder:
        state = made.save(folder)
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
            metrics=metrics,
            history=_curves(history),
            parameters=made.parameters,
            libraries={name: importlib.metadata.version(name) for name in _LIBRARIES},
        )
        job.registry().save(folder, manifest)
    return Fitted(
        epochs=len(history),
        seconds=budget.taken,
        loss=history[-1].loss if history else None,
        validation_loss=made.validation_loss,
    )


def _curves(history: Sequence[Pass]) -> dict[str, list[float]]:
    """What is drawn of a training; accuracy where anything is labelled."""
    curves = {"loss": [each.loss for each in history], "val_loss": [each.validation_loss for each in history]}
    accuracy = [each.accuracy for each in history if each.accuracy is not None]
    validation = [each.validation_accuracy for each in history if each.validation_accuracy is not None]
    return {**curves, "accuracy": accuracy, "val_accuracy": validation} if accuracy else curves


def recorded_hash(job: AnyJob, version: str) -> str | None:
    """The hash of a version's manifest, as SQL has it; none where the version is not recorded."""
    from daycast.storage.sql.versions import list_versions

    with job.database() as database:
        rows = list_versions(database, job.pipeline.name)
    return next((row.sha256 for row in rows if row.version == version), None)


def planned_version(plan: Plan) -> str:
    """The version that a plan to train names."""
    assert plan.version is not None  # noqa: S101 — only a plan to reuse has none, and it trains nothing
    return plan.version
