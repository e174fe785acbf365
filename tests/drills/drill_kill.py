"""Kill a daily run by SIGKILL before every write that it makes, one by one, and compare what the next run leaves.

Run from the project's folder: ``python -m tests.drills.drill_kill [--all] [--predicts KIND]``. On a day that reuses the
champion it is killed at every write; on the very first day, on one that retrains, on one that fine-tunes, and on
PostgreSQL at some of them, or with ``--all`` at every one; a pipeline on values, then one on labels, then one on text.
After each kill the same run is done again, then upkeep; then every table and the storage folder must be as after a run
that was left alone. Prints a line a kind of day, and exits with 1 where anything differs.
"""

import argparse
import os
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests import places
from tests.flows.document_kills import LabelTrial, TextTrial
from tests.flows.kills import FINE_TUNE, FIRST, RETRAIN, REUSE, Day, Trial, nursery
from tests.postgres import postgresql

LEAST = 15
PLAN: tuple[tuple[str, type[Trial], Day, bool, int], ...] = (
    ("values", Trial, REUSE, False, 1),
    ("values", Trial, FIRST, False, 13),
    ("values", Trial, RETRAIN, False, 16),
    ("values", Trial, FINE_TUNE, False, 16),
    ("values", Trial, FIRST, True, 22),
    ("values", Trial, REUSE, True, 12),
    ("labels", LabelTrial, REUSE, False, 1),
    ("labels", LabelTrial, FIRST, False, 9),
    ("labels", LabelTrial, FIRST, True, 14),
    ("text", TextTrial, REUSE, False, 1),
    ("text", TextTrial, FIRST, False, 9),
    ("text", TextTrial, FIRST, True, 14),
)
"""What is predicted, the kinds of day, whether on PostgreSQL, and how many writes one step is."""


def main() -> int:
    """Kill, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--all", action="store_true", help="kill at every write of every kind of day")
    parser.add_argument("--predicts", choices=["values", "labels", "text"], help="pipelines of this kind alone")
    options = parser.parse_args()
    plan = [each for each in PLAN if options.predicts in {None, each[0]}]
    places.give_home()
    from daycast.flows.server.local_server import prefect_api

    began = time.monotonic()
    points, wrong = 0, list[str]()
    with tempfile.TemporaryDirectory() as folder, prefect_api() as ready, postgresql() as server:
        ready()
        with nursery(os.environ["PREFECT_API_URL"]) as order:
            for number, (predicts, kind, day, on_postgresql, step) in enumerate(plan):
                url = server.get_uri() if on_postgresql else None
                trial = kind(order, Path(folder) / str(number), day, server=url)
                points += _try(trial, predicts=predicts, step=1 if options.all else step)
                wrong += trial.found
                for line in trial.found:
                    print(f"  {line[:2000]}", flush=True)  # noqa: T201
    print(f"killed at {points} writes: {len(wrong)} differences, {time.monotonic() - began:.0f} s")  # noqa: T201
    return 1 if wrong or points < LEAST else 0


def _try(trial: Trial, *, predicts: str, step: int) -> int:
    began = time.monotonic()
    trial.root.mkdir(parents=True)
    writes = trial.writes()
    chosen = range(0, len(writes), step)
    kinds = Counter(trial.kill(number).split()[0] for number in chosen)
    said = ", ".join(f"{count} before {kind}" for kind, count in kinds.most_common())
    print(  # noqa: T201
        f"{predicts}, {'PostgreSQL' if trial.server else 'SQLite'}, {trial.day.name}: {len(writes)} writes, killed at "
        f"{len(chosen)} of them ({said}): {len(trial.found)} differences, {time.monotonic() - began:.0f} s",
        flush=True,
    )
    return len(chosen)


if __name__ == "__main__":
    raise SystemExit(main())
