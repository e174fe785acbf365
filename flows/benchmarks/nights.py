"""The benchmark of many series: a first night and the next one, each by ``daycast run`` in a place of its own."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daycast.flows.benchmarks.peers import told
from daycast.flows.benchmarks.watching import watch
from daycast.flows.running.clock import now
from daycast.storage.config.settings import Settings
from daycast.storage.terms.errors import WorkError

if TYPE_CHECKING:
    from daycast.tasks.panel_benchmark import Asked
    from daycast.tasks.peers.answer import Forecaster
    from daycast.tasks.peers.comparison import Line

_DAYCAST = (sys.executable, "-m", "daycast.flows.command.cli")
_LOOK_SECONDS = 0.5
"""Between two looks at the processes; to add up the memory of some gigabytes takes a process a while."""
_STEPS = """SELECT name, start_time, end_time FROM task_run
WHERE flow_run_id = (SELECT id FROM flow_run WHERE flow_id = (SELECT id FROM flow WHERE name = 'daily')
                     ORDER BY start_time DESC LIMIT 1)"""


@dataclass(frozen=True, kw_only=True)
class Night:
    """What one night took.

    Attributes:
        name: ``first`` or ``next``.
        seconds: of the whole command, from its start to its end.
        steps: seconds from the first start of a step to its last end, in their order.
        cpu: CPU seconds of all processes, by what they are there for.
        peak_memory_mib: of all processes together; what they share is counted once.
        outcome: the run's status, message and rows.
    """

    name: str
    seconds: float
    steps: Mapping[str, float]
    cpu: Mapping[str, float]
    peak_memory_mib: float
    outcome: Mapping[str, Any] = field(default_factory=dict)

    @property
    def untrained(self) -> float:
        """Seconds without the training."""
        return self.seconds - self.steps.get("train", 0.0)


@dataclass(frozen=True, kw_only=True)
class Nights:
    """Both nights of a panel.

    Attributes:
        series: how many.
        rows: observations.
        dask: what ``DAYCAST_DASK`` said; empty where the steps ran in one process.
        cores: of the machine.
        load: of the machine before it, runnable processes over the last minute.
        nights: the first and the next.
        beside: the first's network and whoever else was asked for the same series and origins; nobody by default.
    """

    series: int
    rows: int
    dask: str
    cores: int
    load: float
    nights: tuple[Night, ...]
    beside: tuple[Line, ...] = ()


def run_nights(asked: Asked, *, peers: Mapping[str, Forecaster], say: Callable[[str], None]) -> Nights:
    """Run a panel for the first time, and again with one session more and no training.

    Args:
        asked: which panel.
        peers: who is asked for forecasts of the same series afterwards.
        say: told what is done.

    Raises:
        DataError: the panel's file is not what is required.
        WorkError: a night failed.
    """
    from daycast.tasks.panel_benchmark import NAME, lay_out
    from daycast.tasks.peers.night import Took, compare_night

    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="daycast-panel-") as folder:
        place = Path(folder)
        say("Writing the panel …")
        laid_out = lay_out(asked, folder=place, now=now())
        environment = _environment(place)
        command = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"]
        subprocess.run(command, env=environment, check=True, capture_output=True)  # noqa: S603
        say(f"{laid_out.series:,} series, {laid_out.rows:,} rows: the first night …")
        first = _night("first", place, environment, training="retrain")
        laid_out.next_night()
        say(f"{first.seconds:.0f} s. The next night …")
        later = _night("next", place, environment, training="reuse")
        say(f"{later.seconds:.0f} s.")
        took = Took(seconds=first.seconds, memory=first.peak_memory_mib, night=later.seconds)
        lines = compare_night(asked, laid_out, _settings(environment), took=took, peers=peers) if peers else ()
        beside = tuple(told(lines, name=NAME, say=say))
    return Nights(
        series=laid_out.series,
        rows=laid_out.rows,
        dask=environment.get("DAYCAST_DASK", ""),
        cores=os.cpu_count() or 1,
        load=round(load, 1),
        nights=(first, later),
        beside=beside,
    )


def _night(name: str, place: Path, environment: dict[str, str], *, training: str) -> Night:
    from daycast.tasks.panel_benchmark import night

    done = watch([*_DAYCAST, "run", "--train", training], environment=environment, every=_LOOK_SECONDS)
    if done.code:
        said = " ".join((done.complained or done.printed).split())
        raise WorkError(f"The {name} night must not fail. Received: exit code {done.code}: {said[-300:]}")
    return Night(
        name=name,
        seconds=round(done.wall, 1),
        steps=_steps(place / "prefect" / "prefect.db"),
        cpu={role: round(seconds, 1) for role, seconds in done.cpu.most_common()},
        peak_memory_mib=round(done.peak),
        outcome=night(_settings(environment)),
    )


def _settings(environment: Mapping[str, str]) -> Settings:
    return Settings(storage=environment["DAYCAST_STORAGE"], database_url=None)


def _environment(place: Path) -> dict[str, str]:
    """That of a command that works in this place, and nowhere else."""
    mine = {"DAYCAST_STORAGE", "DAYCAST_DATABASE_URL", "DAYCAST_PIPELINES"}
    given = {name: value for name, value in os.environ.items() if name not in mine and not name.startswith("PREFECT_")}
    return {
        **given,
        "DAYCAST_STORAGE": str(place / "data"),
        "DAYCAST_PIPELINES": str(place / "pipelines.toml"),
        "PREFECT_HOME": str(place / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }


def _steps(database: Path) -> dict[str, float]:
    """Seconds from the first start of each step to its last end; a step may be many task runs, one a shard."""
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(_STEPS).fetchall()
    spans: dict[str, tuple[datetime, datetime]] = {}
    for name, *times in sorted((row for row in found if row[1] and row[2]), key=lambda row: row[1]):
        start, end = (datetime.fromisoformat(text) for text in times)
        step = re.split(r"[-_]", name)[0]
        first, last = spans.get(step, (start, end))
        spans[step] = min(first, start), max(last, end)
    return {step: round((last - first).total_seconds(), 1) for step, (first, last) in spans.items()}


def keep(found: Nights, *, asked: Asked, out: str) -> str:
    """Keep the figures as ``panel-<series>.json`` in a folder, or ``panel-<series>-dask.json``; gives its path."""
    from daycast.tasks.panel_benchmark import keep_figures

    name = f"panel-{found.series}{'-dask' if found.dask else ''}.json"
    figures = asdict(replace(found, beside=())) | {"beside": [each.figures for each in found.beside]}
    return keep_figures(figures, asked=asked, out=out, name=name)
