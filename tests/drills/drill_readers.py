"""Eight readers ask for the latest forecasts while runs write them; each answer must be whole origins, never a mixture.

Run from the project's folder: ``python -m tests.drills.drill_readers [--seconds S]``, on SQLite and on PostgreSQL.
The readers are processes of their own; half of them ask as daycast does, half with the database's plain driver and no
more than SQL. The writer ends one run after the other, each with a new origin or an earlier one done again, with a
longer or a shorter horizon. Every value that it writes says which run it is of. Prints a line a database, and exits
with 1 where an answer mixes runs, goes back in time, is not there, or took long.
"""

import argparse
import contextlib
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg

from daycast.storage.sql.database import Database
from daycast.storage.sql.forecasts import latest_forecasts
from daycast.storage.sql.runs import Outcome, begin_run, finish_run
from daycast.storage.sql.tables import Series
from tests.postgres import new_database, postgresql

ROOT = Path(__file__).parents[2]
READERS = 8
SERIES = 50
PIPELINE = "mine"
_START = datetime(2026, 1, 1, tzinfo=UTC)
_SLOWEST_SECONDS = 5.0
_QUESTION = "SELECT series_id, origin, lead, mean, run_id FROM latest_forecasts"


@dataclass
class Seen:
    """What one reader saw.

    Attributes:
        answers: how many it was given.
        changes: how often the newest run was another one than before.
        slowest: seconds that the slowest took.
        wrong: what must not be, in words.
    """

    answers: int
    changes: int
    slowest: float
    wrong: list[str]


def main() -> int:
    """Write and read on both databases, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--reader", nargs=2, metavar=("KIND", "URL"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reader:
        print(json.dumps(vars(watch(*options.reader, seconds=options.seconds))))  # noqa: T201
        return 0
    wrong = []
    with tempfile.TemporaryDirectory() as folder, postgresql() as server, new_database(server.get_uri()) as url:
        for name, database_url in (("SQLite", f"sqlite:///{folder}/daycast.sqlite"), ("PostgreSQL", url)):
            runs, seen = _drilled(database_url, seconds=options.seconds)
            faults = [fault for each in seen for fault in each.wrong]
            wrong += faults
            slowest = max(each.slowest for each in seen)
            if slowest > _SLOWEST_SECONDS or min(each.changes for each in seen) < 2:
                wrong.append(f"{name}: a reader was held up: {[(each.changes, each.slowest) for each in seen]}")
            print(  # noqa: T201
                f"{name}: {runs} runs of {SERIES} series written, {READERS} readers, "
                f"{sum(each.answers for each in seen)} answers read, {len(faults)} mixtures, slowest {slowest:.2f} s",
                flush=True,
            )
    for line in wrong:
        print(line)  # noqa: T201
    return 1 if wrong else 0


def _drilled(url: str, *, seconds: float) -> tuple[int, list[Seen]]:
    with Database.open(url) as db:
        write = writer(db)
        next(write)
        readers = [_reader(("daycast", "driver")[number % 2], url, seconds=seconds) for number in range(READERS)]
        runs = 1
        while any(reader.poll() is None for reader in readers):
            next(write)
            runs += 1
    said = [reader.communicate()[0] for reader in readers]
    return runs, [Seen(**json.loads(line)) for line in said]


def _reader(kind: str, url: str, *, seconds: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.drills.drill_readers", "--seconds", str(seconds), "--reader", kind, url]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def writer(db: Database) -> Iterator[int]:
    """End one run after the other; gives each one's number."""
    names = [f"{PIPELINE}/{number:03d}" for number in range(SERIES)]
    fixed = {"pipeline": PIPELINE, "feed": "files", "target": "close", "unit": "", "calendar": "1D"}
    db.upsert(Series, [{"series_id": name, "symbol": name.split("/")[1], **fixed} for name in names])
    number = 0
    while True:
        number += 1
        day = number // 2  # each origin is written twice, the second time by a run of a later instant
        as_of = _START + timedelta(days=day, hours=number % 2)
        run_id = f"{PIPELINE}@{number}"
        begin_run(db, run_id=run_id, pipeline=PIPELINE, as_of=as_of, started_at=as_of)
        outcome = Outcome(status="succeeded", finished_at=as_of, training="reuse")
        finish_run(db, run_id=run_id, outcome=outcome, forecasts=_frame(names, number, day=day, as_of=as_of))
        yield number


def horizon(number: int) -> int:
    """How many leads a run forecasts: shorter and longer from run to run."""
    return (5, 8, 3)[number % 3]


def _frame(names: list[str], number: int, *, day: int, as_of: datetime) -> pd.DataFrame:
    origin, value = _START + timedelta(days=day), float(number)
    bounds = dict.fromkeys(("mean", "lower_80", "upper_80", "lower_95", "upper_95"), value)
    said = {"forecaster": "naive", "pipeline": PIPELINE, "version": None, "quality": "baseline"}
    rows = [
        {
            "series_id": name, "origin": origin, "valid_at": origin + timedelta(days=lead), "lead": lead,
            "issued_at": as_of, "as_of": as_of, **bounds, **said, "run_id": f"{PIPELINE}@{number}",
        }
        for name in names
        for lead in range(1, horizon(number) + 1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def watch(kind: str, url: str, *, seconds: float, changes: int = 0, patience: float = 120.0) -> Seen:
    """Ask again and again, and look at each answer.

    Args:
        kind: ``daycast`` asks as daycast does, ``driver`` with the database's own.
        url: of the database.
        seconds: how long.
        changes: go on beyond that until so many were seen: on a busy machine the writer may not have had its turn.
        patience: seconds after which it ends all the same.
    """
    seen = Seen(answers=0, changes=0, slowest=0.0, wrong=[])
    started, last = time.monotonic(), 0
    with _asking(kind, url) as ask:
        while (lasted := (began := time.monotonic()) - started) < seconds or (
            seen.changes < changes and lasted < patience
        ):
            rows = ask()
            seen.slowest = max(seen.slowest, time.monotonic() - began)
            number, faults = judge(rows)
            if number < last:
                faults.append(f"run {number} was read after run {last}")
            seen.answers, seen.changes, last = seen.answers + 1, seen.changes + (number != last), number
            seen.wrong += faults[:3]
    return seen


@contextlib.contextmanager
def _asking(kind: str, url: str) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    if kind == "daycast":
        with Database.open(url) as db:
            yield lambda: latest_forecasts(db, pipeline=PIPELINE)
    elif url.startswith("sqlite"):
        file = f"file:{url.removeprefix('sqlite:///')}?mode=ro"
        with contextlib.closing(sqlite3.connect(file, uri=True)) as plain:
            plain.row_factory = sqlite3.Row
            yield lambda: [dict(row) for row in plain.execute(_QUESTION)]
    else:
        with psycopg.connect(url, autocommit=True, row_factory=psycopg.rows.dict_row) as other:
            yield lambda: other.execute(_QUESTION).fetchall()


def judge(rows: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """The newest run in an answer, and what is wrong with the answer.

    All series are written by one run: they must all be there, of one run, with all of its leads and none of another's.
    """
    by_series: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_series[row["series_id"]].append(row)
    numbers = {int(row["mean"]) for row in rows}
    if len(by_series) != SERIES or len(numbers) != 1:
        return max(numbers, default=0), [f"{len(by_series)} series of the runs {sorted(numbers)}"]
    (number,) = numbers
    leads = list(range(1, horizon(number) + 1))
    faults = [
        f"{name} of run {number} has the leads {sorted(row['lead'] for row in found)}"
        for name, found in by_series.items()
        if sorted(row["lead"] for row in found) != leads or {row["run_id"] for row in found} != {f"{PIPELINE}@{number}"}
    ]
    return number, faults


if __name__ == "__main__":
    raise SystemExit(main())
