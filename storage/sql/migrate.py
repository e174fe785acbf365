"""The schema of a database: which migration it stands at, and the way forward and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlalchemy import Connection, column, inspect, select, table, text

from daycast.storage.sql.tables import REVISION, VERSION_TABLE
from daycast.storage.sql.views import amiss, drop_views, make_views
from daycast.storage.terms.errors import DatabaseError, SchemaTooNew

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.config import Config

_LOCK = 0x6461_7963_6173_7401
"""The advisory lock of PostgreSQL under which one process at a time migrates: "daycast", 1."""


def revision_of(connection: Connection) -> str | None:
    """The migration that a database stands at; none where it is new.

    Raises:
        DatabaseError: the database notes more than one, which daycast never does.
    """
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: Sequence[str] = connection.scalars(select(column("version_num")).select_from(table(VERSION_TABLE))).all()
    if len(found) > 1:
        raise DatabaseError(
            f"The table {VERSION_TABLE} must hold one row. Received: {', '.join(sorted(found))}. "
            "Restore the database from a backup, or point DAYCAST_DATABASE_URL at another one."
        )
    return found[0] if found else None


def migrate(connection: Connection, *, to: str = "head") -> None:
    """Bring a database to a migration, ``base`` being before the first; nothing happens where it stands there.

    Args:
        connection: in a transaction; on SQLite one begun ``IMMEDIATE``, so that no other process migrates meanwhile.
        to: a migration's name, ``head`` or ``base``.

    Raises:
        SchemaTooNew: the database stands at a migration that this daycast does not have.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    found = revision_of(connection)
    if found == (REVISION if to == "head" else to):
        return
    config = _config(connection)
    _refuse_newer(found, config)
    if to == "head":
        if connection.dialect.name == "sqlite":
            drop_views(connection)  # a table that is made anew and renamed must not be looked at meanwhile
        _command(config, to=to, way="upgrade")
        make_views(connection)
    else:
        _command(config, to=to, way="downgrade")


def bring_up(connection: Connection) -> None:
    """Bring a database to the newest migration, and make views again that are gone or were altered.

    Args:
        connection: in a transaction, as :func:`migrate` takes it.

    Raises:
        SchemaTooNew: the database stands at a migration that this daycast does not have.
    """
    if revision_of(connection) == REVISION:
        make_views(connection)
    else:
        migrate(connection)


def is_up(connection: Connection) -> bool:
    """Whether there is nothing to bring up."""
    return revision_of(connection) == REVISION and not amiss(connection)


def steps_ahead(connection: Connection) -> list[str]:
    """What :func:`bring_up` would do, in words; nothing is written.

    Raises:
        SchemaTooNew: the database stands at a migration that this daycast does not have.
    """
    found = revision_of(connection)
    if found is None:
        return ["make the tables and views"]
    views = [f"make the view {name} again" for name in amiss(connection)]
    if found == REVISION:
        return views
    from alembic.script import ScriptDirectory

    config = _config(connection)
    _refuse_newer(found, config)
    scripts = ScriptDirectory.from_config(config).iterate_revisions("head", found)
    return [f"{script.revision}: {script.doc}" for script in reversed(list(scripts))] + views


def _refuse_newer(found: str | None, config: "Config") -> None:
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise SchemaTooNew(
            f"A database of schema {REVISION} or older is required. Received: schema {found}, from a newer daycast. "
            "Upgrade daycast, or point DAYCAST_DATABASE_URL at another database."
        )


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _command(config: "Config", *, to: str, way: Literal["upgrade", "downgrade"]) -> None:
    from alembic import command

    if way == "upgrade":
        command.upgrade(config, to)
    else:
        command.downgrade(config, to)
