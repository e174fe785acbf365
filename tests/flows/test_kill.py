"""A run that is killed, wherever that is, leaves a state from which the next run succeeds."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.files import Folder
from storage.registry import Registry
from tests.places import TINY, WALL_CLOCK, Place, make_place

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NEEDED = {
    "commit database",  # the migration, when it is opened
    "commit begin_run",
    "file lake/observations",
    "file lake/windows",
    "commit upsert_series",
    "commit write_actuals",
    "epoch 0",
    "epoch 1",
    "file models/mine",
    "commit record_version",
    "file lake/predictions",
    "commit write_evaluations",
    "commit promote",
    "commit finish_run",
}
"""Where a run is killed: in every stage, at the least."""


@pytest.fixture
def order(prefect_server: str) -> Iterator[Callable[..., int]]:
    """Orders a run from the nursery, and gives its exit code."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.flows.nursery"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PREFECT_API_URL": prefect_server},
    )

    def send(place: Place, *, kill: bool, spared: list[str] | None = None) -> int:
        line = {
            "root": str(place.root),
            "database_url": place.database_url,
            "kill": kill,
            "spared": spared or [],
            "last_event": str(place.root / "last_event"),
        }
        process.stdin.write(json.dumps(line) + "\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    yield send
    process.stdin.close()
    process.stdout.close()
    process.wait(timeout=30)


@pytest.mark.timeout(900)  # some twenty runs
def test_a_run_killed_before_every_write_goes_on_to_the_rows_of_one_that_was_left_alone(tmp_path, order):
    place, alone = (make_place(tmp_path / name) for name in ("killed", "alone"))
    for made in (place, alone):
        made.define(symbols=["A"], model={**TINY["model"], "epochs": 2})
    spared: list[str] = []
    while (code := order(place, kill=True, spared=spared)) == -signal.SIGKILL:
        spared.append((place.root / "last_event").read_text())
        _holds_together(place)
        assert len(spared) < 60
    assert code == 0, f"after a kill at {spared[-1]}"
    assert set(spared) >= NEEDED
    assert order(alone, kill=False) == 0
    assert place.tables(leave=WALL_CLOCK) == alone.tables(leave=WALL_CLOCK)
    assert _content(place) == _content(alone)


def _holds_together(place: Place) -> None:
    """What a reader sees after a kill is whole."""
    with Database.open(place.database_url) as db:
        runs = {row["run_id"]: row["status"] for row in db.query("SELECT run_id, status FROM runs")}
        forecasts = db.query("SELECT count(*) AS n FROM forecasts")[0]["n"]
    assert forecasts == (2 if "succeeded" in runs.values() else 0)
    assert all(file.ok for file in Registry(Folder(place.root / "data" / "models")).verify())


def _content(place: Place) -> dict[str, str]:
    """The hash of the weights, of which versions differ in nothing but when they were saved."""
    registry = place.job().registry()
    (version,) = registry.versions("mine")
    return dict(registry.manifest("mine", version).content)


def _children(pid: int) -> set[int]:
    """A process's descendants."""
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(line.split()[0]): int(line.split()[1]) for line in table.splitlines()}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def _alive(pids: set[int]) -> set[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in listed.splitlines())
    return {int(pid) for pid, state in rows if not state.startswith("Z")} & pids


def _until(condition: Callable[[], object], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {seconds} s"
        time.sleep(0.1)


def test_a_killed_command_leaves_no_process_behind_and_the_next_one_ends_well(place):
    """The real command, with the server and the training process that it starts."""
    environment = {name: value for name, value in place.environment.items() if name != "PREFECT_API_URL"}
    with subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "run", "--as-of", "2024-06-08"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as command:
        try:
            windows = place.root / "data" / "lake" / "windows"
            _until(lambda: list(windows.rglob("_latest/*")), seconds=120, what="windows")
            _until(lambda: len(_children(command.pid)) >= 2, seconds=60, what="training process")
            children = _children(command.pid)
        finally:
            command.kill()
    _until(lambda: not _alive(children), seconds=60, what="end of the children")
    done = place.daycast("run", "--as-of", "2024-06-08")
    assert done.returncode == 0, done.stdout + done.stderr
    assert place.table("runs")[0]["status"] == "succeeded"
    _is_clean(done.stdout + done.stderr)
    assert "mine: retrain" in done.stderr, "the progress bar"
    assert "Next: daycast forecasts" in done.stdout


def _is_clean(output: str) -> None:
    """No traceback, no warning, none of the libraries' own noise."""
    noise = (
        "Traceback",
        "Warning",
        "warning",
        "Error",
        "error:",
        "oneDNN",
        "cuda",
        "CUDA",
        "WARNING",
        "I0000",
        "W0000",
    )
    assert not [
        line for line in output.splitlines() if any(word in line for word in noise) and "its error is" not in line
    ]
