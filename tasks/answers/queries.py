"""What the command line asks of storage: plain functions, no Prefect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from daycast.storage.config.settings import Settings
from daycast.storage.terms.pipeline import Pipeline

if TYPE_CHECKING:
    from daycast.storage.registry.store import Manifest, Registry, Verification
    from daycast.storage.sql.database import Database
    from daycast.storage.sql.versions import Version


@dataclass(frozen=True, kw_only=True)
class VersionDetails:
    """All that is known of a version."""

    row: Version
    manifest: Manifest
    scores: list[dict[str, Any]]


def forecasts(settings: Settings, *, pipeline: str | None, series_id: str | None) -> list[dict[str, Any]]:
    """The latest forecasts, by series and lead."""
    from daycast.storage.sql.forecasts import latest_forecasts

    with _database(settings) as database:
        return latest_forecasts(database, pipeline=pipeline, series_id=series_id)


def versions(settings: Settings, *, pipeline: str | None) -> list[Version]:
    """The versions, newest first."""
    from daycast.storage.sql.versions import list_versions

    with _database(settings) as database:
        return list_versions(database, pipeline)


def version(settings: Settings, *, pipeline: str, name: str | None) -> VersionDetails:
    """One version, or the champion.

    Raises:
        RegistryError: there is none.
    """
    from daycast.storage.sql.evaluations import list_evaluations
    from daycast.storage.sql.versions import champion, find_version

    with _database(settings) as database:
        row = find_version(database, pipeline, name) if name else champion(database, pipeline)
        scores = list_evaluations(database, pipeline, version=row.version)
    manifest = _registry(settings).manifest(pipeline, row.version, sha256=row.sha256)
    return VersionDetails(row=row, manifest=manifest, scores=scores)


def migrate(settings: Settings) -> None:
    """Bring the database to the newest schema."""
    with _database(settings):
        pass


def done_runs(settings: Settings, *, pipeline: str) -> set[str]:
    """The runs of a pipeline that ended well."""
    from daycast.storage.sql.runs import list_runs

    span = {"since": datetime(1, 1, 1, tzinfo=UTC), "until": datetime(9999, 1, 1, tzinfo=UTC)}
    with _database(settings) as database:
        rows = list_runs(database, pipeline, statuses={"succeeded", "degraded"}, **span)
    return {row.run_id for row in rows}


def days(spec: Pipeline, *, first: date, last: date) -> list[date]:
    """The days from first to last on which a pipeline has instants: sessions, days of a week or month, or every day."""
    from daycast.storage.calendars import Calendar

    named = Calendar(spec.calendar)
    calendar = named if named.sessions or (named.frequency and named.frequency.seconds is None) else Calendar("1D")
    begin, end = (datetime.combine(day, time.min, tzinfo=UTC) for day in (first, last))
    return [instant.date() for instant in calendar.instants(begin, end)]


def promote(settings: Settings, *, pipeline: str, name: str, at: datetime) -> None:
    """Let a version serve from ``at`` on, once its files have been verified.

    Raises:
        RegistryError: there is no such version, or a file of it is not the one that was saved.
    """
    from daycast.storage.sql.versions import find_version
    from daycast.storage.sql.versions import promote as promote_row

    with _database(settings) as database:
        row = find_version(database, pipeline, name)
        _registry(settings).check(pipeline, name, sha256=row.sha256)
        promote_row(database, pipeline, name, at=at)


def rollback(settings: Settings, *, pipeline: str, at: datetime) -> tuple[str, str]:
    """Let the version that served before the champion serve again; returns (from, to).

    Raises:
        RegistryError: there is none, or a file of it is not the one that was saved.
    """
    from daycast.storage.sql.versions import rollback as rollback_row

    registry = _registry(settings)

    def check(row: Version) -> None:
        registry.check(pipeline, row.version, sha256=row.sha256)

    with _database(settings) as database:
        return rollback_row(database, pipeline, at=at, check=check)


def verify(settings: Settings, *, pipeline: str | None) -> list[Verification]:
    """Every stored file held against its manifest, and that against SQL."""
    from daycast.storage.sql.versions import list_versions

    with _database(settings) as database:
        recorded = {(row.pipeline, row.version): row.sha256 for row in list_versions(database, pipeline)}
    return _registry(settings).verify(pipeline, recorded=recorded)


def _database(settings: Settings) -> Database:
    from daycast.storage.sql.database import Database

    return Database.open(settings.database)


def _registry(settings: Settings) -> Registry:
    from daycast.storage.lake.folder import Folder
    from daycast.storage.registry.store import Registry

    return Registry(Folder(settings.storage) / "models")
