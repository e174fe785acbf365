"""What a backfill day costs that reuses the champion: wall time a day once warm, and which task takes it.

Run from the project's folder: ``python tests/bench/bench_backfill.py [DAYS [PIPELINE…]]``. The pipelines are those that
come with daycast, on generated data; the storage folder and Prefect's database are new. The first two days are not
counted: imports are paid there.
"""

import itertools
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

_PIPELINES = ("prices", "etth1")
_WARM = 2
_ASKED = 3.0
_LAST = date(2026, 8, 20)

_DAYS = """
SELECT id, start_time, end_time FROM flow_run WHERE parent_task_run_id IS NOT NULL ORDER BY start_time
"""
_TASKS = """
SELECT task_run.name, task_run.start_time, task_run.end_time FROM task_run WHERE flow_run_id = ? ORDER BY start_time
"""


def main() -> None:
    """For each pipeline print the median day, and the median of each task in it."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    for pipeline in sys.argv[2:] or _PIPELINES:
        _measure(pipeline, days=days)


def _measure(pipeline: str, *, days: int) -> None:
    first = _LAST - timedelta(days=days - 1)
    with tempfile.TemporaryDirectory() as folder:
        environment = _environment(folder)
        _run(["prefect", "server", "database", "upgrade", "--yes"], environment)
        _run(
            ["daycast.flows.command.cli", "run", pipeline, "--sample", "--as-of", f"{first - timedelta(days=1)}"],
            environment,
        )
        span = ["--from", f"{first}", "--to", f"{_LAST}", "--train", "reuse"]
        began = time.monotonic()
        _run(["daycast.flows.command.cli", "backfill", pipeline, "--sample", *span], environment)
        wall = time.monotonic() - began
        with closing(sqlite3.connect(Path(folder) / "prefect" / "prefect.db")) as connection:
            runs = connection.execute(_DAYS).fetchall()
            tasks = [connection.execute(_TASKS, run[:1]).fetchall() for run in runs]
    print(  # noqa: T201
        f"{pipeline}: {len(runs)} days in {wall:.0f} s, with the start of the command and of its server; "
        f"load average {os.getloadavg()[1]:.1f} on {os.cpu_count()} processors"
    )
    _print(runs, tasks)


def _environment(folder: str) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith(("DAYCAST_", "PREFECT_"))}
    return {
        **given,
        "DAYCAST_STORAGE": f"{folder}/data",
        "PREFECT_HOME": f"{folder}/prefect",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }


def _run(module: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run([sys.executable, "-m", *module], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(module)} ended with {done.returncode}: {done.stdout}{done.stderr}")


def _print(runs: list[tuple[str, str, str]], tasks: list[list[tuple[str, str, str]]]) -> None:
    starts = [_instant(start) for _, start, _ in runs]
    # From one day's start to the next one's: nothing that lies between them is left out.
    seconds = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(starts)][_WARM:]
    print(  # noqa: T201
        f"  a warm day: median {statistics.median(seconds):.2f} s ({_ASKED:g} asked for), from {min(seconds):.2f} to "
        f"{max(seconds):.2f} s over {len(seconds)}"
    )
    by_task: dict[str, list[float]] = {}
    for rows in tasks[_WARM:-1]:
        for name, start, end in rows:
            by_task.setdefault(name.rsplit("-", 1)[0], []).append((_instant(end) - _instant(start)).total_seconds())
    for name, found in by_task.items():
        print(f"    {name:12}{statistics.median(found):6.2f} s")  # noqa: T201
    rest = statistics.median(seconds) - sum(statistics.median(found) for found in by_task.values())
    print(f"    {'Prefect':12}{rest:6.2f} s")  # noqa: T201


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


if __name__ == "__main__":
    main()
