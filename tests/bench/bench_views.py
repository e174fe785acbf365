"""How long operators and analysts wait once there are millions of forecasts, on SQLite and on PostgreSQL.

Run it with ``python -m tests.bench.bench_views [ROWS] [--only sqlite|postgresql] [--keep FOLDER]``. It fills five
pipelines of 200 series with a forecast of 24 days a night until there are five million rows, beside their actual values
and what runs keep of them, and prints for ``daycast status``, ``daycast forecasts PIPELINE`` and for each view, asked
for one pipeline, the best of three, beside what is required. With ``--keep`` the SQLite file stays, and is taken again.
"""

# ruff: noqa: S608 — every name in the statements stands in this file

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from daycast.storage.sql.database import Database
from tests.postgres import new_database, postgresql

ROUNDS = 3
PIPELINES, SERIES, LEADS = 5, 200, 24
COMMAND, VIEW = 2.0, 1.0
"""Seconds required of a command and of a view."""

QUESTIONS = {
    "latest_forecasts": "SELECT * FROM latest_forecasts WHERE pipeline = 'p1'",
    "forecast_accuracy, the last 30 days by series": (
        "SELECT series_id, COUNT(*), AVG(absolute_error), AVG(naive_absolute_error), AVG(inside_80) "
        "FROM forecast_accuracy WHERE pipeline = 'p1' AND valid_at > {month} GROUP BY series_id"
    ),
    "forecast_accuracy, one series by lead": (
        "SELECT lead, COUNT(*), AVG(absolute_error), AVG(naive_absolute_error) "
        "FROM forecast_accuracy WHERE series_id = 'p1/7' GROUP BY lead"
    ),
    "accuracy_by_series": "SELECT * FROM accuracy_by_series WHERE pipeline = 'p1'",
    "accuracy_by_lead": "SELECT * FROM accuracy_by_lead WHERE pipeline = 'p1'",
    "champions": "SELECT * FROM champions WHERE pipeline = 'p1'",
    "forecast_changes": "SELECT * FROM forecast_changes WHERE pipeline = 'p1' ORDER BY ABS(change) DESC",
    "coverage_by_series": "SELECT * FROM coverage_by_series WHERE pipeline = 'p1'",
    "runs_last_night": "SELECT * FROM runs_last_night WHERE pipeline = 'p1'",
}
MONTH = {"sqlite": "datetime('now', '-30 days')", "postgresql": "now() - INTERVAL '30 days'"}

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {most} - 1)"
NIGHT = {"sqlite": "datetime('now', 'start of day', -({nights} - {i}) || ' days', {add} || ' days') || '.000000'"}
"""The i-th of so many nights until today, and so many days later."""
NIGHT["postgresql"] = "date_trunc('day', now()) - ({nights} - {i} - {add}) * INTERVAL '1 day'"
NOISE = "(({seed}) * 7919 % 1009) / 1009.0"


def main() -> None:
    """Fill both databases, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=5_000_000)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    nights = max(2, round(asked.rows / (PIPELINES * SERIES * LEADS)))
    missed = 0
    for kind, opened in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
        if asked.only not in {None, kind.lower()}:
            continue
        with opened(asked.keep) as url:
            with Database.open(url) as db:
                _fill(db, nights=nights)
                count = db.query("SELECT COUNT(*) AS n FROM forecasts")[0]["n"]
                _say(f"{kind}: {count:,} forecasts of {PIPELINES} pipelines, {nights} nights")
                missed += sum(_view(db, name, question) for name, question in QUESTIONS.items())
            missed += sum(_command(url, *words) for words in (["status"], ["forecasts", "p1", "--format", "csv"]))
    sys.exit(1 if missed else 0)


def _view(db: Database, name: str, question: str) -> bool:
    asked = question.replace("{month}", MONTH[db.backend])
    rows, seconds = 0, []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        rows = len(db.query(asked))
        seconds.append(time.perf_counter() - began)
    return _judge(f"{name}: {rows:,} rows", min(seconds), VIEW)


def _command(url: str, *words: str) -> bool:
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        pipelines = Path(folder) / "pipelines.toml"
        pipelines.write_text("".join(_spec(number) for number in range(1, PIPELINES + 1)))
        named = {"DAYCAST_DATABASE_URL": url, "DAYCAST_STORAGE": folder, "DAYCAST_PIPELINES": str(pipelines)}
        for _ in range(ROUNDS):
            began = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "daycast.flows.command.cli", *words],
                env={**os.environ, **named, "PREFECT_HOME": folder}, capture_output=True, text=True, check=False,
            )  # fmt: skip
            seconds.append(time.perf_counter() - began)
            if "Error" in done.stderr:
                raise SystemExit(done.stderr)
    return _judge(f"daycast {' '.join(words)}: {done.stdout.count(chr(10)):,} lines", min(seconds), COMMAND)


def _spec(number: int) -> str:
    symbols = ", ".join(f'"{each}"' for each in range(SERIES))
    return (
        f'[p{number}]\nfeed = "files"\npath = "{{symbol}}.csv"\nsymbols = [{symbols}]\n'
        'target = "close"\nfeatures = ["close"]\n'
        f'calendar = "1D"\nlookback = 50\nhorizon = {LEADS}\nschedule = {{ cron = "30 0 * * *" }}\n\n'
    )


def _judge(what: str, seconds: float, required: float) -> bool:
    _say(f"  {seconds:6.3f} s (required {required:.0f})  {what}{'  MISSED' if seconds > required else ''}")
    return seconds > required


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def _fill(db: Database, *, nights: int) -> None:
    """Fill an empty database by statements of its own, a pipeline at a time; one that is filled is left as it is."""
    if db.query("SELECT COUNT(*) AS n FROM series")[0]["n"]:
        return
    for number in range(1, PIPELINES + 1):
        with db.transaction() as connection:
            for statement in _statements(db.backend, f"p{number}", nights):
                connection.execute(text(statement))
    with db.session() as connection:
        connection.execute(text("ANALYZE" if db.backend == "sqlite" else "VACUUM ANALYZE"))


def _statements(backend: str, name: str, nights: int) -> Iterator[str]:
    def night(of: str, *, add: str = "0") -> str:
        return NIGHT[backend].format(nights=nights, i=of, add=add)

    series = f"SELECT '{name}/' || i AS id, i AS s FROM n WHERE i < {SERIES}"
    numbers = NUMBERS.format(most=max(SERIES, nights + LEADS))
    yield (f"INSERT INTO series {numbers} SELECT id, '{name}', 'sample', s, 'close', 'USD', '1D' FROM ({series}) AS a")
    yield (
        f"INSERT INTO runs {numbers} SELECT '{name}@' || i, '{name}', {night('i')}, {night('i')}, {night('i')}, "
        f"'succeeded', 'reuse', '{name}-' || (i / 7), 'done', NULL FROM n WHERE i < {nights}"
    )
    yield (
        f"INSERT INTO actuals {numbers} SELECT id, {night('i')}, 50 + {NOISE.format(seed='i * 31 + s')}, {night('i')} "
        f"FROM ({series}) AS a CROSS JOIN n WHERE i < {nights}"
    )
    mean = f"50 + {NOISE.format(seed='n.i * 37 + s + l.i')}"
    yield (
        f"INSERT INTO forecasts (series_id, origin, valid_at, lead, issued_at, as_of, mean, lower_80, upper_80, "
        f"lower_95, upper_95, forecaster, pipeline, version, quality, run_id) {numbers} "
        f"SELECT id, {night('n.i')}, {night('n.i', add='l.i')}, l.i, {night('n.i')}, {night('n.i')}, {mean}, "
        f"{mean} - 1, {mean} + 1, {mean} - 2, {mean} + 2, 'network', '{name}', '{name}-' || (n.i / 7), 'ok', "
        f"'{name}@' || n.i FROM n CROSS JOIN ({series}) AS a CROSS JOIN n AS l "
        f"WHERE n.i < {nights} AND l.i BETWEEN 1 AND {LEADS}"
    )
    yield (
        f"INSERT INTO model_versions {numbers} SELECT '{name}', '{name}-' || i, "
        f"CASE WHEN i = {(nights - 1) // 7} THEN 'champion' ELSE 'retired' END, {night('i * 7')}, {night('i * 7')}, "
        f"'retrain', NULL, 'lstm', 1000, 'hash', 'file:///models', 'hash', {night('i * 7')} "
        f"FROM n WHERE i <= {(nights - 1) // 7}"
    )
    metrics = " UNION ALL ".join(
        f"SELECT '{each}' AS metric" for each in ("mae", "rmse", "skill", "coverage_80", "coverage_95")
    )
    what = f"FROM n CROSS JOIN ({metrics}) AS m"
    where = f"WHERE n.i <= {(nights - 1) // 7}"
    head = f"'{name}', '{name}-' || n.i, 'network'"
    value = NOISE.format(seed="n.i * 3 + 1")
    yield (
        f"INSERT INTO evaluations {numbers} SELECT {head}, id, 'live', 0, metric, {value}, 168, {night('n.i * 7')} "
        f"{what} CROSS JOIN ({series}) AS a {where}"
    )
    yield (
        f"INSERT INTO evaluations {numbers} SELECT {head}, '*', 'live', l.i, metric, {value}, 1400, {night('n.i * 7')} "
        f"{what} CROSS JOIN n AS l {where} AND l.i <= {LEADS}"
    )
    yield (
        "INSERT INTO live_accuracy (pipeline, as_of, days, n, mae, naive_mae, skill, coverage_80, coverage_95) "
        f"{numbers} SELECT '{name}', {night('i')}, days, 4800, 0.3, 0.4, 0.25, 0.8, 0.95 "
        f"FROM n CROSS JOIN (SELECT 7 AS days UNION ALL SELECT 30) AS d WHERE i < {nights}"
    )


@contextmanager
def _sqlite(keep: Path | None) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{keep or folder}/bench.sqlite"


@contextmanager
def _postgresql(_: Path | None) -> Iterator[str]:
    with postgresql() as server, new_database(server.get_uri()) as url:
        yield url


if __name__ == "__main__":
    main()
