"""Runs of the daily flow that can be killed at a chosen event; started by ``test_kill.py`` as a process of its own.

Everything heavy is imported once, and each run is a fork of that. A line of JSON on standard input orders a run; a line
on standard output says how it ended. The run ends itself by SIGKILL at the first event that is not among those spared:
just before a file takes its place, just before a transaction is committed, and at each epoch of training.
"""

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import alembic.command  # noqa: F401
import matplotlib.pyplot  # noqa: F401
import pandera.pandas  # noqa: F401

import models.contest
import models.forecaster
import models.plots  # noqa: F401
from models.fitting import _Watch
from storage.database import Database
from storage.files import Folder
from tests.places import Place

_OURS = {"contextlib", "storage.database", __name__}


def watch(event: Callable[[str], None]) -> None:
    """Call ``event`` with a name just before each durable step."""
    rename, transaction = Folder._rename, Database.transaction

    def renaming(self: Folder, beside: str, place: str) -> None:
        event("file " + "/".join(place.split("/data/", 1)[1].split("/")[:2]))
        rename(self, beside, place)

    @contextlib.contextmanager
    def committing(self: Database) -> Iterator[Any]:
        with transaction(self) as connection:
            yield connection
            event(f"commit {_caller()}")

    Folder._rename = renaming  # type: ignore[method-assign]
    Database.transaction = committing  # type: ignore[method-assign]
    _Watch.on_epoch_begin = lambda self, epoch, logs=None: event(f"epoch {min(epoch, 1)}")  # noqa: ARG005


def _caller() -> str:
    frame = sys._getframe(1)
    while frame.f_globals["__name__"] in _OURS and frame.f_back:
        frame = frame.f_back
    return frame.f_code.co_name


def run(order: dict[str, Any]) -> None:
    """One run, in a fork."""
    spared = set(order["spared"])

    def event(name: str) -> None:
        if name not in spared:
            Path(order["last_event"]).write_text(name)
            os.kill(os.getpid(), signal.SIGKILL)

    if order["kill"]:
        watch(event)
    summary = Place(root=Path(order["root"]), database_url=order["database_url"]).run()
    os._exit(0 if summary.status == "succeeded" else 1)


def main() -> None:
    """Fork a run for each order."""
    assert os.environ["PREFECT_API_URL"], "without it, each run would start a server, and leave it behind when killed"
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            with contextlib.redirect_stdout(sys.stderr):
                try:
                    run(json.loads(line))
                finally:
                    os._exit(2)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
