"""What the command line asks of storage: plain functions, no Prefect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from storage.settings import Settings

if TYPE_CHECKING:
    from storage.database import Database
    from storage.evaluations import LiveAccuracy
    from storage.registry import Manifest, Registry, Verification
    from storage.runs import RunRow
    from storage.versions import Version

_LIVE_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class PipelineStatus:
    """How a pipeline stands.

    Attributes:
        pipeline: its name.
        champion: the version that serves; none where there is none.
        last: the run with the newest ``as_of``; none before the first.
        live: how the forecasts of the last 30 days turned out.
    """

    pipeline: str
    champion: Version | None
    last: RunRow | None
    live: LiveAccuracy

    @property
    def trouble(self) -> str:
        """What needs a person, in words; empty where nothing does."""
        if self.last is None:
            return "never run"
        if self.last.status in {"failed", "degraded"}:
            return f"{self.last.status}: {self.last.message}"
        return ""


@dataclass(frozen=True, kw_only=True)
class VersionDetails:
    """All that is known of a version."""

    row: Version
    manifest: Manifest
    scores: list[dict[str, Any]]


def status(settings: Settings, *, at: datetime) -> list[PipelineStatus]:
    """How each pipeline stands that has ever run, by name."""
    from storage.evaluations import live_accuracy
    from storage.runs import latest_runs
    from storage.versions import list_versions

    with _database(settings) as database:
        champions = {row.pipeline: row for row in list_versions(database) if row.stage == "champion"}
        runs = {row.pipeline: row for row in latest_runs(database)}
        since = at - timedelta(days=_LIVE_DAYS)
        return [
            PipelineStatus(
                pipeline=name,
                champion=champions.get(name),
                last=runs.get(name),
                live=live_accuracy(database, name, since=since, until=at),
            )
            for name in sorted(champions.keys() | runs.keys())
        ]


def forecasts(settings: Settings, *, pipeline: str | None, series_id: str | None) -> list[dict[str, Any]]:
    """The latest forecasts, by series and lead."""
    from storage.forecasts import latest_forecasts

    with _database(settings) as database:
        return latest_forecasts(database, pipeline=pipeline, series_id=series_id)


def versions(settings: Settings, *, pipeline: str | None) -> list[Version]:
    """The versions, newest first."""
    from storage.versions import list_versions

    with _database(settings) as database:
        return list_versions(database, pipeline)


def version(settings: Settings, *, pipeline: str, name: str | None) -> VersionDetails:
    """One version, or the champion.

    Raises:
        RegistryError: there is none.
    """
    from storage.evaluations import list_evaluations
    from storage.versions import champion, find_version

    with _database(settings) as database:
        row = find_version(database, pipeline, name) if name else champion(database, pipeline)
        scores = list_evaluations(database, pipeline, version=row.version)
    manifest = _registry(settings).manifest(pipeline, row.version, sha256=row.sha256)
    return VersionDetails(row=row, manifest=manifest, scores=scores)


def promote(settings: Settings, *, pipeline: str, name: str, at: datetime) -> None:
    """Let a version serve from ``at`` on, once its files have been verified.

    Raises:
        RegistryError: there is no such version, or a file of it is not the one that was saved.
    """
    from storage.versions import find_version
    from storage.versions import promote as promote_row

    with _database(settings) as database:
        row = find_version(database, pipeline, name)
        with _registry(settings).fetch(pipeline, name, sha256=row.sha256):
            promote_row(database, pipeline, name, at=at)


def rollback(settings: Settings, *, pipeline: str, at: datetime) -> tuple[str, str]:
    """Let the version that served before the champion serve again; returns (from, to).

    Raises:
        RegistryError: there is none.
    """
    from storage.versions import rollback as rollback_row

    with _database(settings) as database:
        return rollback_row(database, pipeline, at=at)


def verify(settings: Settings, *, pipeline: str | None) -> list[Verification]:
    """Every stored file held against its manifest."""
    return _registry(settings).verify(pipeline)


def _database(settings: Settings) -> Database:
    from storage.database import Database

    return Database.open(settings.database)


def _registry(settings: Settings) -> Registry:
    from storage.files import Folder
    from storage.registry import Registry

    return Registry(Folder(settings.storage) / "models")
