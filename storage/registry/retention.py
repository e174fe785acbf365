"""What may go: versions, predictions, windows and reports that nobody needs any more.

Everything here may be done beside a running daily run: nothing that was written within the grace of a day is touched,
as a run in progress may be about to use it, and what a version's row vouches for goes after the row, so that a process
that is killed in between leaves files without a row, which the next upkeep removes, and never a row without its files.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from daycast.storage.lake.folder import Folder
from daycast.storage.registry.store import Registry
from daycast.storage.sql.database import Database
from daycast.storage.sql.versions import Version, forget
from daycast.storage.terms.errors import RegistryError
from daycast.storage.terms.keeping import Retention

_LATEST = "_latest"


def kept_versions(rows: Sequence[Version], *, now: datetime, keep: Retention) -> set[str]:
    """The versions of one pipeline that stay.

    The champion and its ancestors, the one that ``rollback`` would return to, the newest by ``as_of``, those promoted
    in the last days, and those made within the grace.

    Args:
        rows: the pipeline's versions.
        now: aware.
        keep: how much is kept.
    """
    parents = {row.version: row.parent_version for row in rows}
    newest = sorted(rows, key=lambda row: (row.as_of, row.version), reverse=True)[: keep.versions]
    served = [row for row in rows if row.stage == "retired" and row.promoted_at is not None]
    before = sorted(served, key=lambda row: (row.promoted_at, row.version))[-1:]
    promoted = [row for row in rows if row.promoted_at and row.promoted_at > now - timedelta(days=keep.promoted_days)]
    young = [row for row in rows if row.created_at > now - keep.grace]
    kept = {row.version for row in [*newest, *before, *promoted, *young]}
    for row in rows:
        if row.stage == "champion":
            kept |= _line(row.version, parents)
    return kept


def forget_versions(
    database: Database, registry: Registry, rows: Sequence[Version], *, now: datetime, keep: Retention
) -> list[str]:
    """Remove the versions of one pipeline that need not stay, rows first; returns their names."""
    gone = []
    kept = kept_versions(rows, now=now, keep=keep)
    for row in rows:
        if row.version not in kept:
            try:
                forget(database, row.pipeline, row.version)
            except RegistryError:  # it was promoted a moment ago: it serves, so that it stays
                continue
            registry.remove(row.pipeline, row.version)
            gone.append(row.version)
    return gone


def remove_orphans(registry: Registry, pipeline: str, *, rows: Sequence[Version], before: datetime) -> list[str]:
    """Remove the folders of versions that have no row, written before an instant; returns their names.

    A pipeline without any row is left alone: then it is more likely that the database is another one.
    """
    known = {row.version for row in rows}
    folder = registry.folder / pipeline
    found = [] if not known else [name for name in registry.versions(pipeline) if name not in known]
    old = _older(folder, found, before=before)
    for name in old:
        registry.remove(pipeline, name)
    return old


def remove_predictions(folder: Folder, *, versions: Collection[str], before: datetime) -> int:
    """Remove the predictions of versions that are gone, and of those that are kept what no release writes any more.

    Args:
        folder: of one pipeline's predictions.
        versions: those that are kept; none leaves all alone.
        before: aware; what was written later stays.

    Returns:
        How many files and folders.
    """
    if not versions:
        return 0
    names = folder.names()
    gone = _remove(folder, _older(folder, [name for name in names if name not in versions], before=before))
    return gone + sum(_remove_files(folder / name, before=before) for name in names if name in versions)


def remove_windows(folder: Folder, *, preparations: Collection[str], before: datetime, grace: datetime) -> int:
    """Remove the windows of preparations that no pipeline names, and the latest windows of earlier data.

    Args:
        folder: of one pipeline's windows.
        preparations: those that are named.
        before: aware; a preparation that nobody names goes if it was written last before this.
        grace: aware; likewise, latest windows of earlier data.

    Returns:
        How many files and folders.
    """
    names = folder.names()
    gone = _remove(folder, _older(folder, [name for name in names if name not in preparations], before=before))
    latest = [folder / name / _LATEST for name in names if name in preparations]
    shards = [each / shard for each in latest for shard in each.names()]
    return gone + sum(_remove_all_but_newest(shard, before=grace) for shard in shards)


def remove_reports(folder: Folder, *, before: datetime) -> int:
    """Remove the reports of single runs written before an instant, but each pipeline's newest; returns how many.

    The pages that stand beside the pipelines' folders are the present ones, and stay.
    """
    return sum(_remove_all_but_newest(folder / name, before=before) for name in folder.names() if "." not in name)


def _line(version: str | None, parents: dict[str, str | None]) -> set[str]:
    """A version and those it came of."""
    line: set[str] = set()
    while version is not None and version not in line:
        line.add(version)
        version = parents.get(version)
    return line


def _remove_files(folder: Folder, *, before: datetime) -> int:
    """Remove the files that lie beside the shards' folders: earlier releases kept a file a state of the data."""
    return _remove(folder, _older(folder, [name for name in folder.names() if "." in name], before=before))


def _remove_all_but_newest(folder: Folder, *, before: datetime) -> int:
    dated = sorted((changed, name) for name in folder.names() if (changed := folder.newest_change(name)))
    return _remove(folder, [name for changed, name in dated[:-1] if changed < before])


def _older(folder: Folder, names: Iterable[str], *, before: datetime) -> list[str]:
    """Those whose every file was written before an instant; an empty folder is of no use to anybody."""
    changes = ((name, folder.newest_change(name)) for name in names)
    return [name for name, changed in changes if changed is None or changed < before]


def _remove(folder: Folder, names: Sequence[str]) -> int:
    for name in names:
        folder.remove(name)
    return len(names)
