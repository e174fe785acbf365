"""Remove what nobody needs any more, put small files together, and check what is kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.pipeline import Pipeline
from daycast.tasks.handover.job import Upkeep
from daycast.tasks.handover.results import Compacted, Removed, Verified

if TYPE_CHECKING:
    from daycast.storage.sql.database import Database
    from daycast.storage.sql.versions import Version


@task(name="remove-versions", cache_policy=NO_CACHE)
def remove_versions(upkeep: Upkeep) -> Removed:
    """Remove model versions that need not stay, row and files, and folders of versions that have no row."""
    from daycast.storage.registry.retention import forget_versions, remove_orphans

    registry = upkeep.registry()
    gone: list[str] = []
    orphans: list[str] = []
    with upkeep.database() as database:
        stored = _by_pipeline(database)
        busy = _busy(database, stored, at=upkeep.now)
        for name in sorted(stored.keys() - set(busy)):
            rows = stored[name]
            forgotten = forget_versions(database, registry, rows, now=upkeep.now, keep=upkeep.keep)
            gone += [f"{name}/{version}" for version in forgotten]
            alone = remove_orphans(registry, name, rows=rows, before=upkeep.before)
            orphans += [f"{name}/{version}" for version in alone]
    return Removed(versions=tuple(gone), orphans=tuple(orphans), busy=busy)


@task(name="remove-derived", cache_policy=NO_CACHE)
def remove_derived(upkeep: Upkeep) -> Removed:
    """Remove predictions and windows that no kept version and no pipeline names; both can be computed again."""
    from daycast.storage.lake.windows import preparation
    from daycast.storage.registry.retention import remove_predictions, remove_windows

    lake = upkeep.stores.lake()
    with upkeep.database() as database:
        stored = _by_pipeline(database)
    predictions = sum(
        remove_predictions(lake / "predictions" / name, versions={row.version for row in rows}, before=upkeep.before)
        for name, rows in stored.items()
    )
    named = {name: {preparation(spec)} for name, spec in upkeep.named().items() if isinstance(spec, Pipeline)}
    unnamed = upkeep.now - max(timedelta(days=upkeep.keep.window_days), upkeep.keep.grace)
    windows = sum(
        remove_windows(
            lake / "windows" / name, preparations=named.get(name, set()), before=unnamed, grace=upkeep.before
        )
        for name in (lake / "windows").names()
    )
    return Removed(predictions=predictions, windows=windows)


@task(name="remove-reports", cache_policy=NO_CACHE)
def remove_reports(upkeep: Upkeep) -> Removed:
    """Remove old reports of single runs, and what killed processes left half-written anywhere."""
    from daycast.storage.registry.retention import remove_reports as remove

    age = max(timedelta(days=upkeep.keep.report_days), upkeep.keep.grace)
    reports = remove(upkeep.stores.reports(), before=upkeep.now - age)
    return Removed(reports=reports, partial=upkeep.stores.folder().clear_partial(before=upkeep.before))


@task(name="compact", cache_policy=NO_CACHE)
def compact(upkeep: Upkeep) -> Compacted:
    """Put many small files of observations and windows together; pipelines with a run in progress are left alone."""
    from daycast.storage.lake.observations import Observations
    from daycast.storage.lake.windows import WindowStore

    lake = upkeep.stores.lake()
    with upkeep.database() as database:
        stored = (lake / "observations").names()
        busy = _busy(database, stored, at=upkeep.now)
    files = 0
    for name in stored:
        if name not in busy:
            files += Observations(lake, name).compact(before=upkeep.before, files=upkeep.keep.files)
            spec = upkeep.named().get(name)
            if isinstance(spec, Pipeline):
                files += WindowStore(lake, spec).compact(before=upkeep.before, files=upkeep.keep.files)
    return Compacted(files=files, busy=busy)


@task(name="verify-versions", cache_policy=NO_CACHE)
def verify_versions(upkeep: Upkeep) -> Verified:
    """Hash every file of every version again, and hold it against its manifest, and that against SQL."""
    with upkeep.database() as database:
        rows = [row for rows in _by_pipeline(database).values() for row in rows]
    recorded = {(row.pipeline, row.version): row.sha256 for row in rows}
    found = upkeep.registry().verify(recorded=recorded)
    bad = tuple(f"{file.pipeline}/{file.version}/{file.file}" for file in found if not file.ok)
    return Verified(files=len(found), bad=bad)


def _by_pipeline(database: Database) -> dict[str, list[Version]]:
    from daycast.storage.sql.versions import list_versions

    found: dict[str, list[Version]] = {}
    for row in list_versions(database):
        found.setdefault(row.pipeline, []).append(row)
    return found


def _busy(database: Database, pipelines: Iterable[str], *, at: datetime) -> tuple[str, ...]:
    """The pipelines that have a run in progress; rows of runs whose process is gone are closed."""
    from daycast.storage.sql.runs import running_pipelines

    names = sorted({*pipelines, *running_pipelines(database)})
    return tuple(name for name in names if not _idle(database, name, at=at))


def _idle(database: Database, pipeline: str, *, at: datetime) -> bool:
    from daycast.storage.sql.locks import run_lock
    from daycast.storage.sql.runs import close_dead_runs

    with run_lock(database, pipeline) as free:
        if free:
            close_dead_runs(database, pipeline, at=at)
        return free
