"""The daily job on generated data as a newcomer runs it, and where its time goes: steps, training, everything else.

Run from the project's folder: ``python -m tests.bench.bench_run [ROUNDS [SOURCE…]]``. A source is the folder ``src`` of
another checkout; each round runs all of them, one after the other, so that they can be compared where other work comes
and goes. Wall time then says little: CPU seconds stand beside it.

Each round has a storage folder of its own and Prefect's database as installation leaves it: made, and empty. A step's
seconds are the ones between its start and its end, in which another pipeline may have had its turn; peak memory is of
all processes together.
"""

import os
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from daycast.flows.benchmarks.watching import Watched, watch

_DAYCAST = (sys.executable, "-m", "daycast.flows.command.cli")
_PIPELINES = ("prices", "etth1")
"""Those of ``make run``."""
_TRAINING = re.compile(r"^(\S+) .*? retrain \((\d+) s\)", re.MULTILINE)
_RUNS = "SELECT id, name, start_time, end_time FROM flow_run ORDER BY start_time"
_STEPS = "SELECT name, start_time, end_time FROM task_run WHERE flow_run_id = ? ORDER BY start_time"

Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One pipeline's run; times in seconds since the command was started.

    Attributes:
        pipeline: its name.
        span: when it began and ended.
        steps: likewise of each step, in their order.
        training: seconds of the fit, with the windows read before it and the network written after it.
    """

    pipeline: str
    span: Span
    steps: dict[str, Span]
    training: float

    @property
    def trained(self) -> Span:
        """When it trained; before that, its step waited for a process that has loaded Keras."""
        end = self.steps["train"][1]
        return end - self.training, end


@dataclass(frozen=True, kw_only=True)
class Round:
    """One command."""

    command: Watched
    runs: list[Run]

    @property
    def outside(self) -> float:
        """Seconds in which nothing trained."""
        return self.command.wall - _covered(run.trained for run in self.runs)


def main() -> None:
    """Print each round of each source, then the medians."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    sources = sys.argv[2:] or [str(Path(__file__).parents[2] / "src")]
    done: dict[str, list[Round]] = {source: [] for source in sources}
    for _ in range(rounds):
        for source in sources:
            done[source].append(_round(source))
            _print(done[source][-1], source=source)
    for source in sources:
        _print_medians(done[source], source=source)


def _round(source: str) -> Round:
    with tempfile.TemporaryDirectory() as folder:
        environment = _environment(source, folder)
        _call(["-m", "prefect", "server", "database", "upgrade", "--yes"], environment)
        done = watch([*_DAYCAST, "run", "--sample", *_PIPELINES], environment=environment)
        if done.code:
            raise SystemExit(f"daycast run --sample of {source} failed: {done.printed}")
        return Round(command=done, runs=_runs(Path(folder) / "prefect" / "prefect.db", done))


def _environment(source: str, folder: str) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith(("DAYCAST_", "PREFECT_"))}
    return {
        **given,
        "PYTHONPATH": source,
        "DAYCAST_STORAGE": f"{folder}/data",
        "PREFECT_HOME": f"{folder}/prefect",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }


def _call(arguments: list[str], environment: dict[str, str]) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, *arguments], env=environment, check=True, capture_output=True)
    return time.monotonic() - began


def _runs(database: Path, done: Watched) -> list[Run]:
    training = {name: float(seconds) for name, seconds in _TRAINING.findall(done.printed)}

    def since(start: str, end: str) -> Span:
        first, last = (datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() for text in (start, end))
        return first - done.began, last - done.began

    runs = []
    with closing(sqlite3.connect(database)) as connection:
        for key, name, *span in connection.execute(_RUNS).fetchall():
            pipeline = name.partition("@")[0]
            steps = {
                # begin-run-1a2, train-20260821T…: the words before what varies
                re.match(r"[a-z]+(-[a-z]+(?=-))*", step)[0]: since(*times)  # type: ignore[index]
                for step, *times in connection.execute(_STEPS, (key,))
            }
            runs.append(Run(pipeline=pipeline, span=since(*span), steps=steps, training=training[pipeline]))
    return runs


def _print(found: Round, *, source: str) -> None:
    command = found.command
    first, last = min(run.span[0] for run in found.runs), max(run.span[1] for run in found.runs)
    _say(f"{source}: {command.wall:.1f} s, {sum(command.cpu.values()):.1f} CPU s; load {os.getloadavg()[0]:.1f}")
    _say(f"  before the first run {first:.1f} s, after the last {command.wall - last:.1f} s")
    for run in found.runs:
        seconds = {name: end - start for name, (start, end) in run.steps.items()}
        rest = run.span[1] - run.span[0] - sum(seconds.values())
        waited = seconds.pop("train") - run.training
        steps = ", ".join(f"{name} {taken:.1f}" for name, taken in seconds.items())
        _say(
            f"  {run.pipeline}: {run.span[1] - run.span[0]:.1f} s: training {run.training:.0f}, waiting for its "
            f"process {max(0.0, waited):.1f}, {steps}, between the steps {max(0.0, rest):.1f}"
        )
    _say("  CPU s: " + ", ".join(f"{role} {seconds:.1f}" for role, seconds in command.cpu.most_common()))


def _print_medians(rounds: list[Round], *, source: str) -> None:
    wall = statistics.median(each.command.wall for each in rounds)
    cpu = statistics.median(sum(each.command.cpu.values()) for each in rounds)
    training = statistics.median(each.command.cpu["trains"] for each in rounds)
    outside = statistics.median(each.outside / len(each.runs) for each in rounds)
    peak = statistics.median(each.command.peak for each in rounds)
    _say(
        f"{source}, medians of {len(rounds)}: {wall:.1f} s (30 asked for), outside training {outside:.1f} s a pipeline "
        f"(8 asked for); {cpu:.1f} CPU s, of which {training:.1f} in what trains; peak {peak:.0f} MiB (2048 asked for)"
    )
    environment = {**os.environ, "PYTHONPATH": source}
    helps = [_call([*_DAYCAST[1:], "--help"], environment) for _ in range(5)]
    _say(f"  daycast --help: median {statistics.median(helps):.2f} s (0.7 asked for)")


def _covered(spans: Iterable[Span]) -> float:
    """Seconds that lie in at least one of the spans.

    >>> _covered([(0.0, 2.0), (1.0, 3.0), (5.0, 6.0)])
    4.0
    """
    total, until = 0.0, 0.0
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
