"""Which model versions there are, and which one serves.

A run as of an instant T asks what served at T, and is told only of versions that were promoted by then on data of
then: a run of the past, done again, decides as the first did. At most one version of a pipeline is the champion, and
that is changed in one transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, delete, func, select, update

from daycast.storage.sql.database import Database
from daycast.storage.sql.tables import Evaluation, ModelVersion
from daycast.storage.terms.errors import RegistryError
from daycast.storage.terms.words import Stage, Training

_COLUMNS = ModelVersion.__table__.columns


@dataclass(frozen=True)
class Version:
    """A row of ``model_versions``; times are aware UTC."""

    pipeline: str
    version: str
    stage: Stage
    created_at: datetime
    as_of: datetime
    training: Training
    parent_version: str | None
    cell: str
    parameters: int
    data_hash: str
    uri: str
    sha256: str
    promoted_at: datetime | None


def record_version(db: Database, row: Mapping[str, object]) -> None:
    """Record a version as a challenger; one that is recorded already keeps its stage and its ``promoted_at``.

    Args:
        db: the database.
        row: the table's columns but ``stage`` and ``promoted_at``.

    Raises:
        RegistryError: the row says which stage it is at, which :func:`promote` and :func:`reject` do.
    """
    if row.keys() & {"stage", "promoted_at"}:
        raise RegistryError(f"A row without stage and promoted_at is required. Received: {sorted(row)}. Use promote().")
    db.upsert(ModelVersion, [row])


def serving(db: Database, pipeline: str, *, at: datetime, strictly_before: bool = False) -> Version | None:
    """The version that serves at an instant: the champion, or for an instant before its promotion the one before it.

    Args:
        db: the database.
        pipeline: its name.
        at: aware; versions promoted later, or of later data, are not seen.
        strictly_before: leave out too what was promoted, or made, as of that very instant: what a first run saw.

    Returns:
        The version; none where none served yet.
    """
    return next(iter(served(db, pipeline, at=at, strictly_before=strictly_before)), None)


def served(db: Database, pipeline: str, *, at: datetime, strictly_before: bool = False) -> list[Version]:
    """The version that serves at an instant, and those that served before it, the latest first.

    Args:
        db: the database.
        pipeline: its name.
        at: as in :func:`serving`.
        strictly_before: likewise.
    """
    promoted, made = ModelVersion.promoted_at, ModelVersion.as_of
    then = (promoted < at) & (made < at) if strictly_before else (promoted <= at) & (made <= at)
    question = (
        select(*_COLUMNS)
        .where(ModelVersion.pipeline == pipeline, ModelVersion.stage != "rejected", then)
        .order_by(case((ModelVersion.stage == "champion", 0), else_=1), promoted.desc(), ModelVersion.version.desc())
    )
    return [Version(**row) for row in db.query(question)]


def champion(db: Database, pipeline: str) -> Version:
    """The version that serves now.

    Raises:
        RegistryError: none does.
    """
    row = _champion({row.version: row for row in list_versions(db, pipeline)})
    if row is None:
        raise RegistryError(
            f"A champion of {pipeline} is required. Received: none serves. Make one with: daycast run {pipeline}"
        )
    return row


def promote(db: Database, pipeline: str, version: str, *, at: datetime) -> Version:
    """Let a version serve from an instant on.

    Where the champion was promoted for a later instant (a backfill of the past), it stays, and the version becomes
    ``retired`` with its ``promoted_at``: it served then. The champion itself is left as it is.

    Args:
        db: the database.
        pipeline: its name.
        version: one that is recorded.
        at: aware; the ``as_of`` of the run that promotes, or the real time of a promotion by hand.

    Returns:
        The version's row as it stands now.

    Raises:
        RegistryError: there is no such version.
    """
    with db.transaction() as connection:
        known = _lock(connection, pipeline)
        if version not in known:
            raise _unknown(pipeline, version)
        serves = _champion(known)
        if serves is None:
            _set(connection, known[version], stage="champion", promoted_at=at)
        elif serves.version != version and _later(serves, at):
            _set(connection, known[version], stage="retired", promoted_at=at)
        elif serves.version != version:
            _succeed(connection, serves, known[version], at=at)
    return find_version(db, pipeline, version)


def reject(db: Database, pipeline: str, version: str) -> None:
    """Mark a challenger that lost; a version of another stage is left as it is: someone promoted it since."""
    with db.transaction() as connection:
        challenger = _is(pipeline, version) & (ModelVersion.stage == "challenger")
        connection.execute(update(ModelVersion).where(challenger).values(stage="rejected"))


def settle(db: Database, pipeline: str, challenger: str | None, *, promoted: bool, at: datetime) -> None:
    """Let the challenger of a race serve from an instant on, or mark that it lost; nothing where there was none."""
    if challenger and promoted:
        promote(db, pipeline, challenger, at=at)
    elif challenger:
        reject(db, pipeline, challenger)


def forget(db: Database, pipeline: str, version: str) -> None:
    """Remove a version's row and its scores, as its files are removed; nothing happens where there is none.

    Raises:
        RegistryError: it is the champion.
    """
    with db.transaction() as connection:
        if version in _lock(connection, pipeline):
            _not_champion(connection, pipeline, version)
            connection.execute(delete(ModelVersion).where(_is(pipeline, version)))
            of_version = (Evaluation.pipeline == pipeline) & (Evaluation.version == version)
            connection.execute(delete(Evaluation).where(of_version))


def rollback(
    db: Database, pipeline: str, *, at: datetime, check: Callable[[Version], object] = lambda _: None
) -> tuple[str, str]:
    """Let the version that served before the champion serve again; done twice, it is undone.

    Args:
        db: the database.
        pipeline: its name.
        at: aware; the real time.
        check: given the one that is to serve, before it does; where it raises, nothing is changed.

    Returns:
        The versions' names, from and to.

    Raises:
        RegistryError: there is no champion, or none served before it.
    """
    with db.transaction() as connection:
        known = _lock(connection, pipeline)
        serves = _champion(known)
        earlier = [row for row in known.values() if row.stage == "retired" and row.promoted_at is not None]
        if serves is None or not earlier:
            have = "no champion" if serves is None else f"{serves.version}, before which none served"
            raise RegistryError(
                f"A champion and a version that served before it are required. Received: {pipeline} has {have}. "
                f"See the versions with: daycast models list {pipeline}"
            )
        to = max(earlier, key=lambda row: (row.promoted_at, row.version))
        check(to)
        _succeed(connection, serves, to, at=at)
    return serves.version, to.version


def list_versions(db: Database, pipeline: str | None = None) -> list[Version]:
    """The versions by pipeline, those of the newest ``as_of`` first.

    Args:
        db: the database.
        pipeline: only of this one.
    """
    question = select(*_COLUMNS).order_by(ModelVersion.pipeline, ModelVersion.as_of.desc(), ModelVersion.version.desc())
    if pipeline is not None:
        question = question.where(ModelVersion.pipeline == pipeline)
    return [Version(**row) for row in db.query(question)]


def last_retrain(db: Database, pipeline: str, *, before: datetime) -> datetime | None:
    """The ``as_of`` of the newest version that was retrained before an instant, whether it won the race or not."""
    newest = func.max(ModelVersion.as_of).label("newest")
    retrained = (ModelVersion.pipeline == pipeline) & (ModelVersion.training == "retrain")
    (row,) = db.query(select(newest).where(retrained, ModelVersion.as_of < before))
    return row["newest"]  # type: ignore[no-any-return]


def find_version(db: Database, pipeline: str, version: str) -> Version:
    """One version's row.

    Raises:
        RegistryError: there is no such version.
    """
    for row in db.query(select(*_COLUMNS).where(_is(pipeline, version))):
        return Version(**row)
    raise _unknown(pipeline, version)


def _lock(connection: Connection, pipeline: str) -> dict[str, Version]:
    """A pipeline's versions, kept from other writers until the transaction ends."""
    question = select(*_COLUMNS).where(ModelVersion.pipeline == pipeline).order_by(ModelVersion.version)
    rows = connection.execute(question.with_for_update()).mappings()
    return {row["version"]: Version(**row) for row in rows}


def _champion(known: Mapping[str, Version]) -> Version | None:
    return next((row for row in known.values() if row.stage == "champion"), None)


def _later(champion: Version, at: datetime) -> bool:
    return champion.promoted_at is not None and champion.promoted_at > at


def _not_champion(connection: Connection, pipeline: str, version: str) -> Version:
    known = _lock(connection, pipeline)
    if version not in known:
        raise _unknown(pipeline, version)
    if known[version].stage == "champion":
        raise RegistryError(
            f"A version other than the champion is required. Received: {pipeline} {version}, which serves. "
            f"Let another one serve first: daycast models rollback {pipeline}"
        )
    return known[version]


def _succeed(connection: Connection, champion: Version, successor: Version, *, at: datetime) -> None:
    """Change the champion; the old one steps down first, as there may be but one."""
    _set(connection, champion, stage="retired")
    _set(connection, successor, stage="champion", promoted_at=at)


def _set(connection: Connection, row: Version, **values: object) -> None:
    connection.execute(update(ModelVersion).where(_is(row.pipeline, row.version)).values(values))


def _is(pipeline: str, version: str) -> ColumnElement[bool]:
    return (ModelVersion.pipeline == pipeline) & (ModelVersion.version == version)


def _unknown(pipeline: str, version: str) -> RegistryError:
    return RegistryError(
        f"A recorded version of {pipeline} is required. Received: {version!r}. "
        f"See the versions with: daycast models list {pipeline}"
    )
