"""What the command line asks of storage: plain functions, no Prefect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from daycast.storage.config.pipeline_file import load_pipelines
from daycast.storage.config.settings import Settings
from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.known import require_known
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.words import SAMPLE_PREFIX, SERIES_ID, Predicts
from daycast.tasks.handover.stores import Stores

if TYPE_CHECKING:
    from daycast.storage.registry.store import Manifest, Verification
    from daycast.storage.sql.database import Database
    from daycast.storage.sql.runs import RunRow
    from daycast.storage.sql.schema import Migration
    from daycast.storage.sql.versions import Version


@dataclass(frozen=True, kw_only=True)
class VersionDetails:
    """All that is known of a version."""

    row: Version
    manifest: Manifest
    scores: list[dict[str, Any]]


def forecasts(settings: Settings, *, pipeline: str | None, series_id: str | None) -> list[dict[str, Any]]:
    """The latest forecasts, by series and lead.

    Raises:
        ConfigError: there is no such pipeline or series.
    """
    from daycast.storage.sql.forecasts import latest_forecasts

    with Stores(settings).look() as database:
        if pipeline is not None:
            require_known(pipeline, _pipelines(settings, database), kind="pipeline")
        if series_id is not None:
            require_known(series_id, _series(database), kind="series")
        return latest_forecasts(database, pipeline=pipeline, series_id=series_id)


def predicts(settings: Settings, *, pipeline: str) -> Predicts:
    """What a pipeline predicts: by the pipeline file, and where that has it no more, by what was written."""
    from daycast.storage.sql.labels import latest_labels, latest_texts

    of_file = load_pipelines(settings.pipelines)
    spec = of_file.get(pipeline) or of_file.get(pipeline.removeprefix(SAMPLE_PREFIX))
    if spec is not None:
        return spec.predicts
    with Stores(settings).look() as database:
        if latest_texts(database, pipeline):
            return "text"
        return "labels" if latest_labels(database, pipeline) else "values"


def labels(settings: Settings, *, pipeline: str, series_id: str | None) -> list[dict[str, Any]]:
    """What was told last of documents, by document.

    Raises:
        ConfigError: a series is asked for.
    """
    from daycast.storage.sql.labels import latest_labels

    if series_id is not None:
        raise ConfigError(f"A pipeline with series is required. Received: {pipeline}, which predicts labels.")
    with Stores(settings).look() as database:
        return latest_labels(database, pipeline)


def texts(settings: Settings, *, pipeline: str, series_id: str | None) -> list[dict[str, Any]]:
    """The texts that were written last, in their order.

    Raises:
        ConfigError: a series is asked for.
    """
    from daycast.storage.sql.labels import latest_texts

    if series_id is not None:
        raise ConfigError(f"A pipeline with series is required. Received: {pipeline}, which predicts text.")
    with Stores(settings).look() as database:
        return latest_texts(database, pipeline)


def versions(settings: Settings, *, pipeline: str | None) -> list[Version]:
    """The versions, newest first."""
    from daycast.storage.sql.versions import list_versions

    with Stores(settings).look() as database:
        if pipeline is not None:
            require_known(pipeline, _pipelines(settings, database), kind="pipeline")
        return list_versions(database, pipeline)


def runs(settings: Settings, *, pipeline: str | None, last: int) -> list[RunRow]:
    """The last runs, the newest first.

    Raises:
        ConfigError: there is no such pipeline.
    """
    from daycast.storage.sql.runs import last_runs

    with Stores(settings).look() as database:
        if pipeline is not None:
            require_known(pipeline, _pipelines(settings, database), kind="pipeline")
        return last_runs(database, pipeline, count=last)


def run(settings: Settings, *, run: str) -> RunRow:
    """A run by its ``run_id``, or the last one of a pipeline.

    Raises:
        ConfigError: there is none.
    """
    from daycast.storage.sql.runs import find_run, last_runs

    with Stores(settings).look() as database:
        found = find_run(database, run) or next(iter(last_runs(database, run, count=1)), None)
        if found is None:
            require_known(run, [row.run_id for row in last_runs(database, None, count=1000)], kind="run")
    assert found is not None  # noqa: S101 — what is known was found
    return found


def migration(settings: Settings, *, dry_run: bool) -> Migration:
    """Bring the schema up, or with ``dry_run`` only say what that would be.

    Raises:
        SchemaTooNew: a newer daycast migrated the database.
    """
    from daycast.storage.sql.schema import bring_up_to_date, look_ahead

    return look_ahead(settings.database) if dry_run else bring_up_to_date(settings.database)


def _pipelines(settings: Settings, database: Database) -> list[str]:
    from daycast.storage.sql.runs import latest_runs

    of_file = load_pipelines(settings.pipelines)
    sampled = (f"{SAMPLE_PREFIX}{name}" for name in of_file)
    return list(dict.fromkeys([*of_file, *(row.pipeline for row in latest_runs(database)), *sampled]))


def _series(database: Database) -> list[str]:
    from daycast.storage.sql.series import list_series

    return [row[SERIES_ID] for row in list_series(database)]


def version(settings: Settings, *, pipeline: str, name: str | None) -> VersionDetails:
    """One version, or the champion.

    Raises:
        RegistryError: there is none.
    """
    from daycast.storage.sql.evaluations import list_evaluations
    from daycast.storage.sql.versions import champion, find_version

    with Stores(settings).database() as database:
        row = find_version(database, pipeline, name) if name else champion(database, pipeline)
        scores = list_evaluations(database, pipeline, version=row.version)
    manifest = Stores(settings).registry().manifest(pipeline, row.version, sha256=row.sha256)
    return VersionDetails(row=row, manifest=manifest, scores=scores)


def migrate(settings: Settings) -> None:
    """Bring the database to the newest schema."""
    with Stores(settings).database():
        pass


def missed(settings: Settings, pipelines: Sequence[AnyPipeline], *, at: datetime) -> list[str]:
    """Of each pipeline that should have run and did not, its name, the nights, and the command that makes them up."""
    from daycast.tasks.answers.missed import missed_nights

    with Stores(settings).look() as database:
        return [f"{spec.name}: {said}" for spec in pipelines for said in missed_nights(database, spec, at=at)]


def close_stopped(settings: Settings, *, at: datetime, message: str) -> list[str]:
    """Close the row of every run that is ``running`` and whose process is gone, ``cancelled``; gives the pipelines."""
    from daycast.storage.sql.locks import run_lock
    from daycast.storage.sql.runs import close_dead_runs, running_pipelines

    closed = []
    with Stores(settings).database() as database:
        for name in running_pipelines(database):
            with run_lock(database, name) as free:
                if free and close_dead_runs(database, name, at=at, status="cancelled", message=message):
                    closed.append(name)
    return closed


def done_runs(settings: Settings, *, pipeline: str) -> set[str]:
    """The runs of a pipeline that ended well."""
    from daycast.storage.sql.runs import list_runs

    span = {"since": datetime(1, 1, 1, tzinfo=UTC), "until": datetime(9999, 1, 1, tzinfo=UTC)}
    with Stores(settings).database() as database:
        rows = list_runs(database, pipeline, statuses={"succeeded", "degraded"}, **span)
    return {row.run_id for row in rows}


def days(spec: AnyPipeline, *, first: date, last: date) -> list[date]:
    """The days from first to last on which a pipeline has instants: sessions, days of a week or month, or every day."""
    from daycast.storage.calendars import Calendar

    named = Calendar(spec.calendar if isinstance(spec, Pipeline) else "1D")
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

    with Stores(settings).database() as database:
        row = find_version(database, pipeline, name)
        Stores(settings).registry().check(pipeline, name, sha256=row.sha256)
        promote_row(database, pipeline, name, at=at)


def rollback(settings: Settings, *, pipeline: str, at: datetime) -> tuple[str, str]:
    """Let the version that served before the champion serve again; returns (from, to).

    Raises:
        RegistryError: there is none, or a file of it is not the one that was saved.
    """
    from daycast.storage.sql.versions import rollback as rollback_row

    registry = Stores(settings).registry()

    def check(row: Version) -> None:
        registry.check(pipeline, row.version, sha256=row.sha256)

    with Stores(settings).database() as database:
        return rollback_row(database, pipeline, at=at, check=check)


def verify(settings: Settings, *, pipeline: str | None) -> list[Verification]:
    """Every stored file held against its manifest, and that against SQL."""
    from daycast.storage.sql.versions import list_versions

    with Stores(settings).database() as database:
        recorded = {(row.pipeline, row.version): row.sha256 for row in list_versions(database, pipeline)}
    return Stores(settings).registry().verify(pipeline, recorded=recorded)
