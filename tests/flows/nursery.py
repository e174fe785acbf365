"""Runs of the daily flow that can be killed at any write; started by ``tests/flows/kills.py`` as a process of its own.

Everything heavy is imported once, and each run is a fork of that. A line of JSON on standard input orders a run; a line
on standard output says how it ended. A run counts every write that it makes, as the storage layer makes it: each file
opened for writing, synchronised, moved, copied or removed, each statement of SQL that writes, each commit, and the
epochs of the training. Just before the one that it is told, it ends itself by SIGKILL.
"""

import contextlib
import itertools
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import alembic.command  # noqa: F401
import matplotlib.pyplot  # noqa: F401
import pandera.pandas  # noqa: F401
from fsspec.implementations.local import LocalFileSystem
from sqlalchemy import Engine, event

import daycast.flows.daily
import daycast.models.networks.forecaster
import daycast.models.pictures.plots
import daycast.models.race.contest
from daycast.models.networks.fitting import _Watch
from daycast.storage.config.pipeline_file import load_pipelines
from daycast.storage.terms.keeping import Retention
from daycast.tasks.apart import process as processes
from daycast.tasks.handover.job import Upkeep
from daycast.tasks.upkeep import compact, remove_derived, remove_reports, remove_versions, verify_versions
from tests.places import Place

_FILE_CALLS = ("makedirs", "put_file", "rm", "rm_file", "mv")
_READS = ("SELECT", "PRAGMA", "BEGIN", "SHOW", "SET", "WITH", "EXPLAIN")


@dataclass
class Writes:
    """The writes of a run, as they come.

    Attributes:
        log: where they are noted, one a line.
        fatal: the number of the one before which the run is killed; none kills it never.
    """

    log: Path
    fatal: int | None
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, what: str) -> None:
        """Note a write that is about to be made, or end here."""
        with self._lock:
            number = next(self._numbers)
            with self.log.open("a") as file:
                file.write(f"{what}\n")
            if number == self.fatal:
                os.kill(os.getpid(), signal.SIGKILL)


def watch(write: Callable[[str], None], *, data: str) -> None:
    """Call ``write`` with a name just before each write to the folder ``data`` and to the database."""
    for name in _FILE_CALLS:
        _watch_files(write, name, data=data)
    opened, replaced, synced = LocalFileSystem.open, os.replace, os.fsync

    def opening(self: LocalFileSystem, path: str, mode: str = "rb", **options: Any) -> Any:
        if "r" not in mode:
            write(f"open {_short(path, data)}")
        return opened(self, path, mode, **options)

    def replacing(source: Any, target: Any) -> None:
        if str(target).startswith(data):
            write(f"rename {_short(target, data)}")
        replaced(source, target)

    def syncing(handle: int) -> None:
        if sys._getframe(1).f_globals["__name__"] == "daycast.storage.lake.folder":
            write("fsync")
        synced(handle)

    LocalFileSystem.open = opening
    os.replace, os.fsync = replacing, syncing
    event.listen(Engine, "before_cursor_execute", lambda _, __, statement, *___: _note_sql(write, statement))
    event.listen(Engine, "commit", lambda _: write(f"commit {_caller()}"))
    _Watch.on_epoch_begin = lambda self, epoch, logs=None: write(f"epoch {epoch}")  # noqa: ARG005


def _watch_files(write: Callable[[str], None], name: str, *, data: str) -> None:
    original = getattr(LocalFileSystem, name)

    def calling(self: LocalFileSystem, *paths: Any, **options: Any) -> Any:
        write(f"{name} {_short(paths[-1], data)}")
        return original(self, *paths, **options)

    setattr(LocalFileSystem, name, calling)


def _note_sql(write: Callable[[str], None], statement: str) -> None:
    words = statement.split()
    if words and words[0].upper() not in _READS:
        write(" ".join(words[:3]).lower())


def _short(path: Any, data: str) -> str:
    """The first two folders below the storage folder."""
    return "/".join(str(path).removeprefix(data).strip("/").split("/")[:2])


def _caller() -> str:
    """Who of ours is about to commit."""
    frame = sys._getframe(1)
    while frame.f_back:
        module = str(frame.f_globals["__name__"])
        if module.startswith(("daycast.storage.", "daycast.tasks.")) and module != "daycast.storage.sql.database":
            return frame.f_code.co_name
        frame = frame.f_back
    return "open"


def run(order: dict[str, Any]) -> int:
    """One run, in a fork; gives the exit code."""
    place = Place(root=Path(order["root"]), database_url=order["database_url"])
    if order["log"]:
        watch(Writes(log=Path(order["log"]), fatal=order["fatal"]), data=str(place.root / "data"))
    as_of = datetime.fromisoformat(order["as_of"])
    # A day of long ago, at its own time: what the feed says is known at once, and no column holds the real clock.
    daycast.flows.daily.now = lambda: as_of + timedelta(minutes=1)
    processes.prepare = lambda: None  # the network's writes are watched here as well
    processes.fresh = lambda: contextlib.nullcontext(processes.HERE)
    processes.kept = lambda: processes.HERE
    summary = place.run(as_of=as_of, training=order["training"])
    if order["upkeep"]:
        _keep_up(place)
    return 0 if summary.status == "succeeded" else 1


def _keep_up(place: Place) -> None:
    """Upkeep as if it were two weeks later, so that nothing is spared for being young."""
    specs = tuple(load_pipelines(place.settings.pipelines).values())
    later = datetime.now(UTC) + timedelta(days=14)
    work = Upkeep(pipelines=specs, now=later, settings=place.settings, keep=Retention())
    for task in (remove_versions, remove_derived, remove_reports, compact):
        task.fn(work)
    assert not verify_versions.fn(work).bad


def main() -> None:
    """Fork a run for each order."""
    assert os.environ["PREFECT_API_URL"], "without it, each run would start a server, and leave it behind when killed"
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 2
            with contextlib.redirect_stdout(sys.stderr):
                try:
                    code = run(json.loads(line))
                finally:
                    os._exit(code)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
