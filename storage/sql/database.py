"""The database: opened, migrated, written in transactions, read."""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import URL, Connection, Engine, Executable, create_engine, event, text
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

from daycast.storage.sql.address import in_place, is_file, make_folder, parse, shown
from daycast.storage.sql.migrate import bring_up, is_up
from daycast.storage.sql.tables import Base
from daycast.storage.sql.upsert import upsert_rows
from daycast.storage.terms.errors import ConfigError, DatabaseError, DatabaseUnavailable

if TYPE_CHECKING:
    import pandas as pd

_WAIT_SECONDS = 30
"""How long a writer waits for another one on SQLite, and a connection for its answer on PostgreSQL."""
_PORTION = 10_000
"""Rows that are taken from a question at a time."""
_TRIES, _PAUSE_SECONDS = 100, 0.05
_PASSING = ("locked", "busy", "full", "disk i/o error")
"""What SQLite says when another try may do better."""


class Database:
    """A database at the newest schema. Build it with :meth:`open`; close it, or use it in a ``with``.

    Args:
        engine: connects to it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = engine.execution_options(writes=True)

    @classmethod
    def open(cls, url: str) -> Self:
        """Connect, and migrate to the newest schema.

        Args:
            url: a SQLAlchemy URL of SQLite or PostgreSQL; a SQLite file's folder is made where it is missing.

        Raises:
            ConfigError: the URL is of no database that daycast knows.
            DatabaseUnavailable: it is down, or locked for too long.
            SchemaTooNew: a newer daycast migrated it.
            DatabaseError: the folder or the file cannot be used.
        """
        where = parse(url)
        make_folder(where)
        return cls._opened(where)

    @classmethod
    def look(cls, url: str) -> Self:
        """As :meth:`open`, but where there is no database yet none is made: it is an empty one, in memory."""
        return cls._opened(in_place(parse(url)))

    @classmethod
    def as_it_is(cls, url: str) -> Self:
        """As :meth:`look`, but at whatever schema it stands."""
        return cls(_engine(in_place(parse(url))))

    @classmethod
    def _opened(cls, where: URL) -> Self:
        db = cls(_engine(where))
        try:
            db._bring_up()
        except BaseException:
            db.close()
            raise
        return db

    @property
    def where(self) -> str:
        """The URL without password and options, fit for messages."""
        return shown(self._engine.url)

    @property
    def backend(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.url.get_backend_name()

    @property
    def file(self) -> Path | None:
        """The file of a SQLite database; none in memory and on PostgreSQL."""
        url = self._engine.url
        return Path(str(url.database)) if is_file(url) else None

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Database({self.where!r})"

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose writes all happen, or, where the block raises, none of them.

        Raises:
            DatabaseUnavailable: the database went away, or was locked for too long.
            DatabaseError: it refused the work.
        """
        with _speaking(self._engine.url), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection outside any transaction, which is closed and not kept for others when the block ends.

        Raises:
            DatabaseUnavailable: the database is down.
        """
        with _speaking(self._engine.url), self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            try:
                yield connection
            finally:
                connection.invalidate()

    def within(self, connection: Connection | None) -> AbstractContextManager[Connection]:
        """The transaction given, or one of its own."""
        return self.transaction() if connection is None else nullcontext(connection)

    def upsert(
        self,
        table: type[Base],
        rows: "Sequence[Mapping[str, object]] | pd.DataFrame",
        *,
        connection: Connection | None = None,
        unless_older: str | None = None,
    ) -> int:
        """Insert rows, or bring those of the same key up to date.

        A row that would change in nothing but volatile columns (:mod:`daycast.storage.sql.tables`) is left as it is.

        Args:
            table: one of :mod:`daycast.storage.sql.tables`.
            rows: mappings with the same keys, or a frame; missing and NaN become null.
            connection: a transaction to be part of; by default the call is one of its own.
            unless_older: a time column; a stored row with a later time in it stays.

        Returns:
            How many rows were inserted or changed.

        Raises:
            DatabaseError: the database refused the rows, or a key stands in them twice.
        """
        with self.within(connection) as inside:
            return upsert_rows(inside, table, rows, unless_older=unless_older)

    def query(self, statement: Executable | str, **parameters: object) -> list[dict[str, Any]]:
        """The rows of a question, by column.

        Args:
            statement: a ``select`` over the tables, or SQL with ``:name`` for parameters. SQLite keeps no
                types for SQL given as text: its times come as text then.
            parameters: by name.

        Raises:
            DatabaseUnavailable: the database is down.
            DatabaseError: it refused the question.
        """
        question = text(statement) if isinstance(statement, str) else statement
        with _speaking(self._engine.url), self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(question, parameters).mappings()]

    def columns(self, statement: Executable) -> dict[str, list[Any]]:
        """The columns of a question: of a million rows a fifth of the memory that :meth:`query` takes.

        Raises: as :meth:`query` does.
        """
        with _speaking(self._engine.url), self._engine.connect() as connection:
            result = connection.execution_options(stream_results=True).execute(statement)
            names = result.keys()
            found: dict[str, list[Any]] = {name: [] for name in names}
            seen: dict[str, str] = {}
            for part in result.partitions(_PORTION):
                for values, taken in zip(found.values(), zip(*part, strict=True), strict=True):
                    # Names come again and again, each time as a text of its own.
                    values += [seen.setdefault(each, each) if isinstance(each, str) else each for each in taken]
            return found

    def _bring_up(self) -> None:
        with _speaking(self._engine.url), self._engine.connect() as connection:
            if is_up(connection):
                return
        with self.transaction() as connection:
            bring_up(connection)


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() == "postgresql":
            options = {"connect_timeout": _WAIT_SECONDS} if "connect_timeout" not in url.query else {}
            return create_engine(url, pool_pre_ping=True, connect_args=options, hide_parameters=True)
        options = {"timeout": _WAIT_SECONDS} if "timeout" not in url.query else {}
        engine = create_engine(url, connect_args=options, hide_parameters=True)
    except (NoSuchModuleError, ImportError) as error:
        raise ConfigError(
            f"A driver that is installed is required. Received: {url.drivername}: {error}. Set DAYCAST_DATABASE_URL."
        ) from None
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _: object) -> None:
    """Let SQLAlchemy say BEGIN itself; let readers read while a writer writes; hold to foreign keys."""
    connection.isolation_level = None
    _use_write_ahead_log(connection)
    for pragma in ("synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _use_write_ahead_log(connection: Any) -> None:
    """Switch a new file to WAL; SQLite does not wait by itself for another process that is doing the same."""
    for _ in range(_TRIES):
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL").close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the lock at a writer's start: one that read first could not wait for it later."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _speaking(url: URL) -> Iterator[None]:
    """Turn the libraries' errors into ours, without the password (their own text and causes may hold it)."""
    try:
        yield
    except DBAPIError as error:
        said = _scrubbed(str(error.orig).strip(), url)
        if _passes(error, url):
            raise DatabaseUnavailable(
                f"A database that answers is required. Received from {shown(url)}: {said}. "
                "Start it or wait until it is free, check DAYCAST_DATABASE_URL, then run again."
            ) from None
        raise DatabaseError(
            f"The database must accept the work. Received from {shown(url)}: {said}. Nothing was written."
        ) from None
    except SQLAlchemyError as error:
        if isinstance(own := getattr(error, "orig", None), DatabaseError):
            raise own from None
        raise DatabaseError(
            f"The database must accept the work. Received from {shown(url)}: {_scrubbed(str(error), url)}. "
            "Nothing was written."
        ) from None


def _passes(error: DBAPIError, url: URL) -> bool:
    """Whether another try may do better."""
    if error.connection_invalidated:
        return True
    if type(error).__name__ not in {"OperationalError", "InterfaceError"}:
        return False
    return url.get_backend_name() == "postgresql" or any(word in str(error.orig).lower() for word in _PASSING)


def _scrubbed(message: str, url: URL) -> str:
    """The driver's words without the password, on one line (PostgreSQL's come on several)."""
    secrets = [url.password, *(value for key, value in url.query.items() if "password" in key)]
    for secret in secrets:
        if secret:
            message = message.replace(str(secret), "***")
    return " ".join(message.split()).rstrip(".?")
