"""Whether another process, perhaps on another machine, has what the work needs: the storage and the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from daycast.storage.config.settings import Settings
from daycast.storage.terms.errors import DaycastError
from daycast.tasks.handover.stores import Stores


@dataclass(frozen=True, kw_only=True)
class Ready:
    """What stands in the way there; empty where nothing does.

    Attributes:
        storage: why the storage cannot serve.
        database: why the database cannot.
    """

    storage: str = ""
    database: str = ""


@contextmanager
def probe(settings: Settings, *, token: str) -> Iterator[str]:
    """A file in the storage folder, for the block; gives its name.

    Args:
        settings: the environment.
        token: what makes the name one that nobody has.
    """
    folder, name = Stores(settings).folder(), f"probe-{token}"
    folder.write(name, b"")
    try:
        yield name
    finally:
        folder.remove(name)


def ready(settings: Settings, left: str) -> Ready:
    """Look for the file that :func:`probe` left, and for the database."""
    try:
        there = Stores(settings).folder().exists(left)
        storage = (
            "" if there else "what is written here is not there: a folder that both see is required, or an fsspec URL"
        )
    except Exception as error:
        storage = f"{type(error).__name__}: {error}"
    try:
        with Stores(settings).look():
            database = ""
    except DaycastError as error:
        database = str(error)
    return Ready(storage=storage, database=database)
