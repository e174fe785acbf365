"""A run that is killed, wherever that is, leaves a state from which the next run succeeds."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.kills import FIRST, REUSE, Trial, nursery
from tests.waiting import until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NEEDED = {
    FIRST: ("epoch 1", "commit promote"),
    REUSE: ("rename lake/windows", "commit finish_run"),
}
"""Before which writes a run is killed here; the drill takes every write of the second, and of the first a part."""


@pytest.mark.timeout(900)  # some fourteen runs
@pytest.mark.parametrize("day", [FIRST, REUSE], ids=lambda day: day.name)
def test_a_run_killed_before_a_write_is_done_again_to_the_rows_and_files_of_one_left_alone(
    tmp_path, prefect_server, day
):
    with nursery(prefect_server) as order:
        trial = Trial(order, tmp_path, day)
        writes = trial.writes()
        assert len(writes) >= 40
        for name in NEEDED[day]:
            assert trial.kill(writes.index(name)) == name
    assert trial.found == []


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


def test_a_killed_command_leaves_no_process_behind_and_the_next_one_ends_well(place):
    """The real command, with the server and the training process that it starts."""
    environment = {name: value for name, value in place.environment.items() if name != "PREFECT_API_URL"}
    with subprocess.Popen(
        [sys.executable, "-m", "daycast.flows.command.cli", "run", "--as-of", "2024-06-08"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as command:
        try:
            windows = place.root / "data" / "lake" / "windows"
            until(lambda: list(windows.rglob("_latest/*")), seconds=120, what="windows")
            until(lambda: len(_children(command.pid)) >= 2, seconds=60, what="training process")
            children = _children(command.pid)
        finally:
            command.kill()
    until(lambda: not _alive(children), seconds=60, what="end of the children")
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
