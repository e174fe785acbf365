"""Kill a daily run by SIGKILL before every write that it makes, one by one, and compare what the next run leaves.

Run from the project's folder: ``python -m tests.drills.drill_kill [--all]``. On a day that reuses the champion it is
killed at every write; on the very first day, on one that retrains, on one that fine-tunes, and on PostgreSQL at some of
them, or with ``--all`` at every one. After each kill the same run is done again, then upkeep; then every table and the
storage folder must be as after a run that was left alone. Prints a line a kind of day, and exits with 1 where anything
differs.
"""

import argparse
import os
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests import places
from tests.flows.kills import FINE_TUNE, FIRST, RETRAIN, REUSE, Trial, nursery
from tests.postgres import postgresql

LEAST = 40
PLAN = (
    (REUSE, False, 1),
    (FIRST, False, 13),
    (RETRAIN, False, 16),
    (FINE_TUNE, False, 16),
    (FIRST, True, 22),
    (REUSE, True, 12),
)
"""The kinds of day, whether on PostgreSQL, and how many writes one step is."""


def main() -> int:
    """Kill, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--all", action="store_true", help="kill at every write of every kind of day")
    every = parser.parse_args().all
    places.pytest_configure()
    from daycast.flows.server.local_server import prefect_api

    began = time.monotonic()
    points, wrong = 0, list[str]()
    with tempfile.TemporaryDirectory() as folder, prefect_api() as ready, postgresql() as server:
        ready()
        with nursery(os.environ["PREFECT_API_URL"]) as order:
            for number, (day, on_postgresql, step) in enumerate(PLAN):
                url = server.get_uri() if on_postgresql else None
                trial = Trial(order, Path(folder) / str(number), day, server=url)
                points += _try(trial, step=1 if every else step)
                wrong += trial.found
                for line in trial.found:
                    print(f"  {line[:2000]}", flush=True)  # noqa: T201
    print(f"killed at {points} writes: {len(wrong)} differences, {time.monotonic() - began:.0f} s")  # noqa: T201
    return 1 if wrong or points < LEAST else 0


def _try(trial: Trial, *, step: int) -> int:
    began = time.monotonic()
    trial.root.mkdir(parents=True)
    writes = trial.writes()
    chosen = range(0, len(writes), step)
    kinds = Counter(trial.kill(number).split()[0] for number in chosen)
    said = ", ".join(f"{count} before {kind}" for kind, count in kinds.most_common())
    print(  # noqa: T201
        f"{'PostgreSQL' if trial.server else 'SQLite'}, {trial.day.name}: {len(writes)} writes, killed at "
        f"{len(chosen)} of them ({said}): {len(trial.found)} differences, {time.monotonic() - began:.0f} s",
        flush=True,
    )
    return len(chosen)


if __name__ == "__main__":
    raise SystemExit(main())
