"""What travels between tasks: keys and small values, never a frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from daycast.storage.terms.live import LiveAccuracy
from daycast.storage.terms.words import NAIVE, ForecasterName, Quality, Status, Training
from daycast.tasks.handover.explained import Explained


@dataclass(frozen=True, kw_only=True)
class Ingested:
    """What a fetch brought.

    Attributes:
        new: rows that the lake did not hold.
        revised: rows that replace what the feed said earlier.
        set_aside: rows of this fetch that cannot be used.
        reasons: why they were set aside, each with its count.
        findings: what looked wrong and was left as it is.
        failures: for each symbol that the feed failed on, why; the lake's earlier data serve.
        damaged: where files of the lake were put aside that were not whole; what they held was asked of the feed again.
    """

    new: int = 0
    revised: int = 0
    set_aside: int = 0
    reasons: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    damaged: tuple[str, ...] = ()

    @property
    def stale(self) -> tuple[str, ...]:
        """Why the feed failed, a symbol each."""
        return tuple(self.failures.values())


class Ready(Protocol):
    """What training needs to know of prepared data, of whatever kind."""

    @property
    def data_hash(self) -> str:
        """Names the state of the data as of the run."""
        ...

    @property
    def untrainable(self) -> str:
        """Why no network can be trained on these data; empty where one can."""
        ...


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Where the windows of one state of the data are.

    Attributes:
        data_hash: names the state of the data as of the run.
        first: the first instant of any series.
        last: the last instant of any series.
        shards: by shard, the name of its own data's state.
        windows: how many there are.
        written: rows that the lake did not hold.
        absent: symbols of which nothing was known.
        untrainable: why no network can be trained on these data; empty where one can.
    """

    data_hash: str
    first: datetime
    last: datetime
    shards: Mapping[str, str]
    windows: int
    written: int
    absent: tuple[str, ...] = ()
    untrainable: str = ""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What the forecasts of earlier runs turned out to be worth, as known at the run's ``as_of``.

    Attributes:
        actuals: actual values that SQL did not hold.
        forecasts: forecasts whose actual value has come, of the versions that were looked at.
        evaluations: rows written.
        week: over the last 7 days, whoever forecast.
        month: likewise over 30 days.
        judged: what the pipeline's rules look at: the network's forecasts of the last ``live_days`` that were made
            since it was last retrained.
        broken: the rules' thresholds that ``judged`` falls short of (``min_skill``, ``min_coverage_80``,
            ``min_coverage_95``), each with the reason in words and figures; the run retrains for it in ``auto``.
    """

    actuals: int
    forecasts: int
    evaluations: int
    week: LiveAccuracy
    month: LiveAccuracy
    judged: LiveAccuracy
    broken: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How the run comes by a network.

    Attributes:
        training: what is done.
        reason: why.
        champion: the version that served before this run; none at first, or where it is another kind of network. Where
            the champion is refused, the latest one before it that is not.
        version: the version that is trained, or the champion's where it is reused; none where no version is left that
            could be reused: then naive serves.
        refused: why stored versions that should have served must not, the champion first.
    """

    training: Training
    reason: str
    champion: str | None
    version: str | None
    refused: tuple[str, ...] = ()

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that race: the planned one, and the champion where it is another."""
        return tuple(dict.fromkeys(name for name in (self.version, self.champion) if name))

    @property
    def challenger(self) -> str | None:
        """The planned version where it is not the champion itself."""
        return None if self.version == self.champion else self.version


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What training made.

    Attributes:
        version: the model version; none where there is none that could serve.
        epochs: passes done now; none where the version was there already or is reused.
        seconds: how long that took.
        loss: of the last epoch, in scaled units; none where nothing was done now.
        validation_loss: of the weights that were kept, likewise.
    """

    version: str | None
    epochs: int = 0
    seconds: float = 0.0
    loss: float | None = None
    validation_loss: float | None = None


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """What the race on held-out windows came to.

    Attributes:
        version: the network version that serves, or would if a baseline did not; none where none is left.
        forecaster: whose forecast is served for the series that the network knows.
        newcomers: whose forecast is served for the others.
        baseline: the best of the baselines, for what a network cannot read.
        promoted: whether the version became the champion in this run.
        reason: why, in words.
        test: of the forecaster that serves, on the test part over all leads and series: ``mae``, ``rmse``, ``skill``,
            ``coverage_80`` and ``coverage_95``, and ``naive_mae`` and ``naive_rmse`` beside them. The skill is none
            where the naive forecast has no error.
    """

    version: str | None
    forecaster: ForecasterName
    promoted: bool
    reason: str
    newcomers: ForecasterName = NAIVE
    baseline: ForecasterName = NAIVE
    test: dict[str, float | None] = field(default_factory=dict)


_Ready = TypeVar("_Ready", bound=Ready)


@dataclass(frozen=True, kw_only=True)
class Course(Generic[_Ready]):
    """What the steps before the forecast came to.

    Attributes:
        ingested: the fetch.
        prepared: the data, of the pipeline's kind.
        plan: how the run comes by its network.
        trained: the training.
        evaluated: the race.
        explained: what moved the forecasts of the versions that raced.
    """

    ingested: Ingested
    prepared: _Ready
    plan: Plan
    trained: Trained
    evaluated: Evaluated
    explained: tuple[Explained, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a run came to: the last thing that it says.

    Attributes:
        pipeline: its name.
        run_id: its key in SQL.
        status: ``succeeded``, ``degraded`` or ``failed``.
        message: why, and what is worth knowing.
        training: how it came by the network.
        version: the model version.
        forecaster: whose forecast is served.
        quality: of the forecasts.
        rows: forecast rows in SQL.
        test: as in :class:`Evaluated`.
        seconds: of training.
    """

    pipeline: str
    run_id: str
    status: Status
    message: str
    training: Training | None = None
    version: str | None = None
    forecaster: ForecasterName | None = None
    quality: Quality | None = None
    rows: int = 0
    test: dict[str, float | None] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Backfilled:
    """What a backfill came to.

    Attributes:
        pipeline: its name.
        done: days done now.
        skipped: days that were done before.
        failed: at which day it stopped, and why; empty where it did not.
    """

    pipeline: str
    done: int = 0
    skipped: int = 0
    failed: str = ""


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What upkeep removed.

    Attributes:
        versions: model versions, row and files, as ``<pipeline>/<version>``.
        orphans: folders of versions that had no row, likewise.
        predictions: files and folders.
        windows: files and folders.
        reports: files.
        partial: files and folders that a killed process left half-written.
        busy: pipelines that were left alone, as a run of them was in progress.
    """

    versions: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    predictions: int = 0
    windows: int = 0
    reports: int = 0
    partial: int = 0
    busy: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Compacted:
    """What upkeep put together.

    Attributes:
        files: how many became one of a few.
        busy: pipelines that were left alone, as a run of them was in progress.
    """

    files: int = 0
    busy: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What re-hashing the stored versions found.

    Attributes:
        files: how many were hashed.
        bad: those that are not as they were saved, as ``<pipeline>/<version>/<file>``.
    """

    files: int
    bad: tuple[str, ...] = ()
