"""Backfill real data with the real command, and hold the live metrics it stored against plain SQL.

Run from the project's folder: ``python tests/drills/drill_backfill.py [PIPELINE…]``; it needs the recorded data beside
the project, as ``docs/examples/real.toml`` names them. Prints what was compared and the wall time a day, and exits with
1 where a figure differs.
"""

import math
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

LIVE_METRICS = """
-- What the served forecasts were worth, from nothing but the tables forecasts and actuals, on SQLite and PostgreSQL.
-- Basis: the actual values as last revised, both the value that came and the one at the origin, which is the naive
-- forecast. The stored metrics stand on the basis of each forecast: the same, where the feed moved no history since.
WITH known AS (
    SELECT pipeline, MAX(evaluated_at) AS until FROM evaluations WHERE split = 'live' GROUP BY pipeline
),
scored AS (
    SELECT f.pipeline, f.version, f.forecaster, f.series_id, f.lead, f.mean, f.lower_80, f.upper_80, f.lower_95,
        f.upper_95, came.value AS actual, last.value AS naive
    FROM forecasts f
    JOIN known ON known.pipeline = f.pipeline
    JOIN actuals came ON came.series_id = f.series_id AND came.valid_at = f.valid_at
    LEFT JOIN actuals last ON last.series_id = f.series_id AND last.valid_at = f.origin
    WHERE f.version IS NOT NULL AND f.as_of < known.until AND came.available_at <= known.until
),
spread AS (
    SELECT s.*, '*' AS over_series, lead AS over_lead FROM scored s
    UNION ALL SELECT s.*, series_id, 0 FROM scored s
    UNION ALL SELECT s.*, '*', 0 FROM scored s
)
SELECT pipeline, version, forecaster, over_series AS series_id, over_lead AS lead,
    AVG(ABS(actual - mean)) AS mae,
    COUNT(*) AS mae_n,
    AVG((actual - mean) * (actual - mean)) AS square,
    COUNT(*) AS square_n,
    1 - SUM(CASE WHEN naive IS NOT NULL THEN ABS(actual - mean) END) / NULLIF(SUM(ABS(actual - naive)), 0) AS skill,
    COUNT(naive) AS skill_n,
    AVG(CASE WHEN actual BETWEEN lower_80 AND upper_80 THEN 1.0 WHEN lower_80 <= upper_80 THEN 0.0 END) AS coverage_80,
    SUM(CASE WHEN lower_80 <= upper_80 THEN 1 ELSE 0 END) AS coverage_80_n,
    AVG(CASE WHEN actual BETWEEN lower_95 AND upper_95 THEN 1.0 WHEN lower_95 <= upper_95 THEN 0.0 END) AS coverage_95,
    SUM(CASE WHEN lower_95 <= upper_95 THEN 1 ELSE 0 END) AS coverage_95_n,
    AVG(upper_80 - lower_80) AS width_80,
    COUNT(upper_80 - lower_80) AS width_80_n,
    AVG(upper_80 - lower_80 + 10.0 * CASE WHEN actual < lower_80 THEN lower_80 - actual
        WHEN actual > upper_80 THEN actual - upper_80 ELSE 0.0 END) AS interval_score_80,
    COUNT(upper_80 - lower_80) AS interval_score_80_n,
    AVG(upper_95 - lower_95) AS width_95,
    COUNT(upper_95 - lower_95) AS width_95_n,
    AVG(upper_95 - lower_95 + 40.0 * CASE WHEN actual < lower_95 THEN lower_95 - actual
        WHEN actual > upper_95 THEN actual - upper_95 ELSE 0.0 END) AS interval_score_95,
    COUNT(upper_95 - lower_95) AS interval_score_95_n,
    AVG(CASE WHEN mean > naive AND actual > naive OR mean < naive AND actual < naive THEN 1.0
        WHEN mean <> naive AND actual <> naive THEN 0.0 END) AS directional_accuracy,
    SUM(CASE WHEN mean <> naive AND actual <> naive THEN 1 ELSE 0 END) AS directional_accuracy_n
FROM spread
GROUP BY pipeline, version, forecaster, over_series, over_lead
"""

_STORED = """
SELECT pipeline, version, forecaster, series_id, lead, metric, value, n FROM evaluations WHERE split = 'live'
"""
_KEY = ("pipeline", "version", "forecaster", "series_id", "lead")
_OF_INTERVALS = tuple(f"{name}_{level}" for name in ("coverage", "width", "interval_score") for level in (80, 95))
_METRICS = ("mae", "rmse", "skill", *_OF_INTERVALS, "directional_accuracy")

Rows = Iterable[Mapping[str, Any]]
Figures = dict[tuple[Any, ...], tuple[float, int]]


@dataclass(frozen=True)
class Drill:
    """A backfill of recorded data.

    Attributes:
        pipeline: of docs/examples/real.toml.
        before: the day of the run that makes the first champion.
        first: the first day of the backfill.
        last: the last.
        days: how many sessions or days that is.
        training: how each of them comes by a network.
    """

    pipeline: str
    before: str
    first: str
    last: str
    days: int
    training: str


DRILLS = (
    Drill("amzn_gru", "2026-07-09", "2026-07-10", "2026-08-20", 30, "auto"),
    Drill("etth1_day", "2018-04-26", "2018-04-27", "2018-06-25", 60, "reuse"),
)


def main() -> int:
    """Run the drills that are named, or all of them."""
    chosen = [drill for drill in DRILLS if drill.pipeline in (sys.argv[1:] or drill.pipeline)]
    wrong = [message for drill in chosen for message in _drilled(drill)]
    for message in wrong:
        print(message)  # noqa: T201
    return 1 if wrong or not chosen else 0


def recomputed(rows: Rows, *, directional: bool) -> Figures:
    """Value and count by key and metric, from the rows of :data:`LIVE_METRICS`.

    Args:
        rows: the rows.
        directional: whether the pipeline's series are prices, of which the direction is scored.
    """
    found: Figures = {}
    for row in rows:
        key = tuple(row[name] for name in _KEY)
        for metric in _METRICS[: None if directional else -1]:
            column = "square" if metric == "rmse" else metric
            if row[column] is not None:
                value = math.sqrt(row[column]) if metric == "rmse" else float(row[column])
                found[*key, metric] = value, int(row[f"{column}_n"])
    return found


def stored(rows: Rows) -> Figures:
    """Likewise, from the live rows of ``evaluations``."""
    return {(*(row[name] for name in _KEY), row["metric"]): (row["value"], row["n"]) for row in rows}


def disagreements(ours: Figures, theirs: Figures) -> list[str]:
    """What is not the same in both, to a relative 1e-9."""
    apart = [f"only on one side: {key}" for key in ours.keys() ^ theirs.keys()]
    for key in ours.keys() & theirs.keys():
        (value, n), (other, count) = ours[key], theirs[key]
        if n != count or not math.isclose(value, other, rel_tol=1e-9, abs_tol=1e-12):
            apart.append(f"{key}: stored {value!r} over {n}, by SQL {other!r} over {count}")
    return apart


def _drilled(drill: Drill) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        environment = _environment(Path(folder))
        _run(["prefect", "server", "database", "upgrade", "--yes"], environment)
        _run(["daycast.flows.command.cli", "run", drill.pipeline, "--as-of", drill.before], environment)
        began = time.monotonic()
        span = ["--from", drill.first, "--to", drill.last]
        said = _run(
            ["daycast.flows.command.cli", "backfill", drill.pipeline, *span, "--train", drill.training], environment
        )
        wall = time.monotonic() - began
        with closing(sqlite3.connect(Path(folder) / "data" / "daycast.sqlite")) as connection:
            connection.row_factory = sqlite3.Row
            prices = drill.pipeline.startswith("amzn")
            ours = stored(connection.execute(_STORED))
            theirs = recomputed(connection.execute(LIVE_METRICS), directional=prices)
    apart = disagreements(ours, theirs)
    if f"{drill.days} days done, 0 done before" not in said:
        apart.append(f"{drill.pipeline}: {drill.days} days were to be done. Received: {said}")
    if not ours:
        apart.append(f"{drill.pipeline}: no live metric was stored")
    _print(drill, ours, theirs, wall=wall)
    return apart


def _environment(folder: Path) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith(("DAYCAST_", "PREFECT_"))}
    return {
        **given,
        "DAYCAST_STORAGE": str(folder / "data"),
        "DAYCAST_PIPELINES": "docs/examples/real.toml",
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }


def _run(module: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *module], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(module)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def _print(drill: Drill, ours: Figures, theirs: Figures, *, wall: float) -> None:
    versions = len({key[1] for key in ours})
    print(  # noqa: T201
        f"{drill.pipeline}: {drill.days} days from {drill.first} to {drill.last} ({drill.training}), "
        f"{versions} versions, {wall / drill.days:.1f} s a day"
    )
    print(f"  {'metric':22}{'figures':>9}{'forecasts':>11}{'largest relative difference':>29}")  # noqa: T201
    for metric in _METRICS:
        keys = [key for key in ours.keys() & theirs.keys() if key[-1] == metric]
        if keys:
            worst = max(abs(ours[key][0] - theirs[key][0]) / max(abs(theirs[key][0]), 1e-3) for key in keys)
            counted = sum(ours[key][1] for key in keys if key[3] == "*" and key[4] == 0)
            print(f"  {metric:22}{len(keys):>9}{counted:>11}{worst:>29.1e}")  # noqa: T201


if __name__ == "__main__":
    raise SystemExit(main())
