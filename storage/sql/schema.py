"""The schema for whoever keeps the database: where it stands, and what bringing it up does or would do."""

from dataclasses import dataclass

from daycast.storage.sql.database import Database
from daycast.storage.sql.migrate import revision_of, steps_ahead
from daycast.storage.sql.tables import REVISION


@dataclass(frozen=True, kw_only=True)
class Migration:
    """What was done to a schema, or would be.

    Attributes:
        where: the database, as it may be shown.
        found: the schema that it stood at; none where there was none.
        wanted: this daycast's.
        steps: in words, in their order; none where there is nothing to do.
    """

    where: str
    found: str | None
    wanted: str
    steps: tuple[str, ...]


def look_ahead(url: str) -> Migration:
    """What :func:`bring_up_to_date` would do; nothing is written.

    Raises:
        SchemaTooNew: a newer daycast migrated the database.
    """
    with Database.as_it_is(url) as db, db.session() as connection:
        found, steps = revision_of(connection), steps_ahead(connection)
        return Migration(where=db.where, found=found, wanted=REVISION, steps=tuple(steps))


def bring_up_to_date(url: str) -> Migration:
    """Bring the database to this daycast's schema; gives what was done.

    Raises:
        SchemaTooNew: a newer daycast migrated it.
    """
    ahead = look_ahead(url)
    with Database.open(url) as db:
        return Migration(where=db.where, found=ahead.found, wanted=ahead.wanted, steps=ahead.steps)
