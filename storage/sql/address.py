"""Where a database is: its URL, read, checked and shown."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from daycast.storage.terms.errors import ConfigError, DatabaseError

_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def parse(url: str) -> URL:
    """Read a database's URL, with the driver that daycast uses where it names none.

    Raises:
        ConfigError: it is of no database that daycast knows.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError):
        backend = ""
    if backend not in _DRIVERS:
        raise ConfigError(
            "A SQLAlchemy URL of SQLite or PostgreSQL is required, such as sqlite:////var/daycast.sqlite or "
            f"postgresql://user:password@host/name. Received: {backend or 'something else'}. Set DAYCAST_DATABASE_URL."
        )
    return parsed if "+" in parsed.drivername else parsed.set(drivername=_DRIVERS[backend])


def in_place(url: URL) -> URL:
    """The database, or where its file is not there an empty one in memory.

    Raises:
        DatabaseError: there can be none, as a file stands in the place of its folder.
    """
    if is_file(url):
        _require_no_file(Path(str(url.database)).parent)
    missing = is_file(url) and not Path(str(url.database)).exists()
    return url.set(database=":memory:", query={}) if missing else url


def is_file(url: URL) -> bool:
    """Whether it is a file of SQLite."""
    return url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}


def make_folder(url: URL) -> None:
    """Make the folder of a file of SQLite.

    Raises:
        DatabaseError: it cannot be made.
    """
    if not is_file(url):
        return
    folder = Path(str(url.database)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _no_folder(folder, str(error.strerror)) from None


def _require_no_file(folder: Path) -> None:
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not there.is_dir():
        raise _no_folder(folder, "a file is in the way")


def _no_folder(folder: Path, reason: str) -> DatabaseError:
    return DatabaseError(
        f"A folder that can be written is required for the database. Received: {folder}: {reason}. "
        "Change its permissions, or set DAYCAST_STORAGE or DAYCAST_DATABASE_URL."
    )


def shown(url: URL) -> str:
    """A URL without password and options, fit for messages."""
    return url.set(query={}).render_as_string(hide_password=True)
