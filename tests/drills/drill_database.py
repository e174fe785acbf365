"""Take the database and the disk away in the middle of a run: it waits, or fails with a message; the next one is good.

Run from the project's folder: ``python -m tests.drills.drill_database [--predicts KIND]``. PostgreSQL is stopped and
started, stopped for longer than a run waits, and its connections are cut again and again; SQLite is locked for a minute
by a writer, and for longer than a run waits; a reader stays in a transaction; the disk is full at several sizes of a
file: under a pipeline on values, and with ``--predicts`` under one on labels or on text. Each run is the real command.
After each, nothing is half-written, and the next run leaves the rows of one that was left alone. Prints a line a case,
and exits with 1 where it is otherwise.
"""

import argparse
import contextlib
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from daycast.storage.lake.folder import Folder
from daycast.storage.registry.store import Registry
from daycast.storage.sql.database import Database
from tests import places
from tests.drills.drill_two_at_once import faults
from tests.drills.kinds import KINDS, VALUES, Kind
from tests.places import WALL_CLOCK, Place
from tests.postgres import new_database, postgresql

ROOT = Path(__file__).parents[2]
FILE_SIZES = (2_000, 60_000, 200_000)
"""Bytes that a file may grow to, as if the disk were full then."""
_LIMIT_SECONDS = 500
_CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
_REQUIRED = ("Received", "database", "storage folder", "disk", "full", "locked", "connection", "large", "accept")


@dataclass
class Case:
    """One way to take something away.

    Attributes:
        name: in words.
        codes: how the run may end.
        disturb: does it, once the run is in progress; what it returns is said on the case's line.
        largest: bytes that a file of the run may grow to.
        options: of the database's URL for the run.
    """

    name: str
    codes: set[int]
    disturb: Callable[[], object] = field(default=lambda: None)
    largest: int | None = None
    options: str = ""


def main() -> int:
    """Do the cases, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--predicts", choices=list(KINDS), default=VALUES.predicts, help="what the pipeline predicts")
    kind = KINDS[parser.parse_args().predicts]
    places.give_home()
    from daycast.flows.server.local_server import prefect_api

    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder, prefect_api() as ready, postgresql() as server:
        ready()
        root = Path(folder)
        alone = _place(kind, root / "alone", None)
        assert _daycast(alone).wait(timeout=_LIMIT_SECONDS) == 0
        expected = alone.tables(leave=WALL_CLOCK)
        for number, make in enumerate([*_of_postgresql(server), *_of_sqlite()]):
            with contextlib.ExitStack() as stack:
                url = stack.enter_context(new_database(server.get_uri())) if make.func is not _on_sqlite else None
                place = _place(kind, root / str(number), url)
                wrong += _tried(make(place), place, expected, kind=kind)
    return 1 if wrong else 0


def _place(kind: Kind, root: Path, url: str | None) -> Place:
    place = kind.place(root, url)
    Database.open(place.database_url).close()
    return place


def _of_postgresql(server: Any) -> Iterator["partial[Case]"]:
    yield partial(_stopped, server=server, seconds=6, codes={0})
    yield partial(_stopped, server=server, seconds=45, codes={1})
    yield partial(_cut_again_and_again, server=server)


def _of_sqlite() -> Iterator["partial[Case]"]:
    yield partial(_on_sqlite, kind=_locked, seconds=60, codes={0})
    yield partial(_on_sqlite, kind=_locked, seconds=150, codes={1})  # past the slowest training
    yield partial(_on_sqlite, kind=_read, seconds=20, codes={0})
    for size in FILE_SIZES:
        yield partial(_on_sqlite, kind=_full, seconds=size, codes={0, 1})


def _stopped(_: Place, *, server: Any, seconds: float, codes: set[int]) -> Case:
    def disturb() -> None:
        server.stop()
        time.sleep(seconds)
        server.start()

    return Case(f"PostgreSQL stopped for {seconds:g} s", codes, disturb)


def _cut_again_and_again(place: Place, *, server: Any) -> Case:
    name = make_url(place.database_url).database

    def disturb() -> str:
        count = 0
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for _ in range(8):
                count += len(connection.execute(_CUT, [name]).fetchall())
                time.sleep(1)
        return f"{count} connections"

    return Case("PostgreSQL's connections cut every second for 8 s", {0}, disturb)


def _on_sqlite(place: Place, *, kind: Callable[..., Case], seconds: float, codes: set[int]) -> Case:
    return kind(Path(place.database_url.removeprefix("sqlite:///")), seconds, codes)


def _locked(file: Path, seconds: float, codes: set[int]) -> Case:
    def disturb() -> None:
        with contextlib.closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)

    short = "" if codes == {0} else "?timeout=5"  # so that the run gives up sooner than after two minutes
    return Case(f"SQLite locked by a writer for {seconds:g} s", codes, disturb, options=short)


def _read(file: Path, seconds: float, codes: set[int]) -> Case:
    def disturb() -> None:
        with contextlib.closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN")
            other.execute("SELECT COUNT(*) FROM runs").fetchall()
            time.sleep(seconds)

    return Case(f"SQLite read in one transaction for {seconds:g} s", codes, disturb)


def _full(_: Path, size: float, codes: set[int]) -> Case:
    return Case(f"a disk that is full at {size:g} bytes a file", codes, largest=int(size))


def _tried(case: Case, place: Place, expected: dict[str, Any], *, kind: Kind) -> list[str]:
    began = time.monotonic()
    process = _daycast(place, largest=case.largest, options=case.options)
    if case.largest is None:
        _begun(place, process)
    told = case.disturb()
    said = " ".join(process.communicate(timeout=_LIMIT_SECONDS)[0].split())
    took = time.monotonic() - began
    wrong = _judged(process.returncode, said, case)
    rows = len(expected[kind.table]) if process.returncode == 0 else 0
    wrong += _half_written(place, table=kind.table, rows=rows)
    if (again := _daycast(place)).wait(timeout=_LIMIT_SECONDS) != 0:
        wrong.append(f"the next run ended with {again.returncode}")
    elif place.tables(leave=WALL_CLOCK) != expected:
        wrong.append("the next run did not leave the rows of one that was left alone")
    wrong += faults(place)
    shown = f" ({told})" if told else ""
    print(  # noqa: T201
        f"{case.name}{shown}: the run ended with {process.returncode} after {took:.0f} s, the next one with "
        f"{again.returncode}; {len(wrong)} faults",
        flush=True,
    )
    for fault in wrong:
        print(f"  {fault}", flush=True)  # noqa: T201
    return wrong


def _judged(code: int, said: str, case: Case) -> list[str]:
    wrong = [] if code in case.codes else [f"it ended with {code}: {said}"]
    if "Traceback" in said or "defect of daycast" in said:
        wrong.append(f"no clear message: {said}")
    if code and not any(word in said for word in _REQUIRED):
        wrong.append(f"the message does not say what is away: {said}")
    return wrong


def _half_written(place: Place, *, table: str, rows: int) -> list[str]:
    found = len(place.table(table))
    wrong = [] if found == rows else [f"{found} rows of {table} where {rows} were to be"]
    versions, stored = place.table("model_versions"), Registry(Folder(place.root / "data" / "models"))
    return wrong + [f"{row['version']} has no files" for row in versions if not stored.exists("mine", row["version"])]


def _begun(place: Place, process: "subprocess.Popen[str]") -> None:
    """Return when the run is in progress and its data are fetched."""
    lake = place.root / "data" / "lake"
    while process.poll() is None and not list(lake.rglob("*.parquet")):
        time.sleep(0.05)


def _daycast(place: Place, *, largest: int | None = None, options: str = "") -> "subprocess.Popen[str]":
    assert os.environ["PREFECT_API_URL"], "its server is not limited"
    process = subprocess.Popen(
        [sys.executable, "-m", "daycast.flows.command.cli", "run", "mine", "--as-of", "2024-06-08"],
        env={**place.environment, "DAYCAST_DATABASE_URL": place.database_url + options},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if largest is not None:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (largest, largest))
    return process


if __name__ == "__main__":
    raise SystemExit(main())
