"""One run of a pipeline at a time, whoever starts it: by hand, by a scheduler, on this machine or another.

The lock is held by the process that runs, and is free when that is gone, killed or not. On PostgreSQL it is an advisory
lock of a connection of its own; the server frees it when the connection ends. On SQLite it is a lock on an
empty file beside the database, which the operating system frees.

It spares two runs each other's work, and lets upkeep know which runs are dead. What keeps rows and versions whole does
not hang on it: keys, transactions and files that appear whole.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from daycast.storage.sql.database import Database
from daycast.storage.terms.errors import DatabaseError, PipelineBusy

_PAUSE_SECONDS = 0.25
_KEEPALIVE = ("tcp_keepalives_idle = 60", "tcp_keepalives_interval = 10", "tcp_keepalives_count = 3")
"""So that PostgreSQL sees within two minutes that the holder's machine is gone."""


@contextmanager
def run_lock(db: Database, pipeline: str) -> Iterator[bool]:
    """Hold a pipeline's lock as long as the block, if it is free.

    Args:
        db: the database of its runs; one in memory has no lock, as nobody else can see it.
        pipeline: its name.

    Yields:
        Whether the lock is held now; if not, another run is in progress.

    Raises:
        DatabaseUnavailable: the database is down.
        DatabaseError: the file beside the database cannot be written.
    """
    if db.backend == "postgresql":
        with _advisory(db, pipeline) as held:
            yield held
    elif db.file is not None:
        with _beside(db.file, pipeline) as held:
            yield held
    else:
        yield True


@contextmanager
def wait_for_run_lock(db: Database, pipeline: str, *, seconds: float) -> Iterator[None]:
    """Hold a pipeline's lock as long as the block, having waited for it.

    Args:
        db: the database of its runs.
        pipeline: its name.
        seconds: how long to wait at most.

    Raises:
        PipelineBusy: another run was in progress all the time.
        DatabaseUnavailable: the database is down.
    """
    deadline = time.monotonic() + seconds
    while True:
        with run_lock(db, pipeline) as held:
            if held:
                yield
                return
        if time.monotonic() >= deadline:
            raise PipelineBusy(
                f"One run of a pipeline at a time is required. Received: a run of {pipeline} while another one is in "
                f"progress, for which it waited {seconds:g} s. Nothing was changed. See it with: daycast status; "
                "when it has ended, run again."
            )
        time.sleep(_PAUSE_SECONDS)


@contextmanager
def _advisory(db: Database, pipeline: str) -> Iterator[bool]:
    key = int.from_bytes(hashlib.sha256(f"daycast/{pipeline}".encode()).digest()[:8], signed=True)
    with db.session() as connection:
        for setting in _KEEPALIVE:
            connection.execute(text(f"SET {setting}"))
        held = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}))
        try:
            yield held
        finally:
            # The server notices a little later that a connection has ended; the next run shall not wait for that.
            # Where it ended with the server, the lock is free already.
            if held:
                with suppress(SQLAlchemyError):
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})


@contextmanager
def _beside(file: Path, pipeline: str) -> Iterator[bool]:
    """The file stays when the lock is free again: to remove it would let two hold two files of one name."""
    path = file.with_name(f"{file.name}-lock-{pipeline}")
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise DatabaseError(
            f"A folder that can be written is required beside the database. Received: {path}: {error.strerror}. "
            "Change its permissions, or set DAYCAST_DATABASE_URL."
        ) from None
    try:
        yield _taken(handle)
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
