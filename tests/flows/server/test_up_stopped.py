"""What a person or the machine stops under ``daycast up``: said truly, nothing left, and the next run is good."""

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.flows.server.machine import NEW_YEAR, Up, ready, running, signed_in, stopped
from tests.places import browser
from tests.waiting import until

LONG = {"cell": "gru", "units": [4], "epochs": 100_000, "patience": 100_000, "batch_size": 16, "seed": 3}
"""A network that trains until it is stopped."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_cancel_in_the_ui_and_a_killed_training_are_told_and_what_follows_is_good(tmp_path, sqlite_url, webhook):
    with running(tmp_path, sqlite_url, webhook, NEW_YEAR, long={"model": LONG}) as up:
        ready(up)
        cancelled = _train(up, "long")
        _cancel(up, cancelled, tmp_path)
        row = _row(up, cancelled)
        assert (row["status"], row["message"].partition(":")[0]) == ("cancelled", "Stopped by SIGTERM")
        _nothing_trains(up)

        killed = _train(up, "long")
        os.kill(_busiest(up.process.pid), signal.SIGKILL)
        up.wait_for(lambda: _state(up, killed) == "FAILED")
        row = _row(up, killed)
        assert row["status"] == "failed"
        assert "killed by signal 9. Where the machine was out of memory" in row["message"]
        assert "defect" not in row["message"]
        _nothing_trains(up)

        good = up.order("good")
        up.wait_for(lambda: _state(up, good) == "COMPLETED")
        assert _row(up, good)["status"] == "succeeded"
        assert {row["pipeline"] for row in up.place.table("forecasts")} == {"good"}
        assert {row["pipeline"] for row in up.place.table("model_versions")} == {"good"}, "half a version is none"
        up.stop(signal.SIGTERM)
        stopped(up)


def _train(up: Up, name: str) -> str:
    """A run of the pipeline that has come to its training; gives the flow run's id."""
    run = up.order(name)
    up.wait_for(lambda: _progress(up, run) > 0)
    return run


def _progress(up: Up, run: str) -> float:
    found = up.ask("/artifacts/filter", flow_runs={"id": {"any_": [run]}}, artifacts={"type": {"any_": ["progress"]}})
    return max((row["data"] for row in found), default=0.0)


def _cancel(up: Up, run: str, folder: Path) -> None:
    """By the button of the UI, where there is a browser; otherwise by what the button asks of the API."""
    with browser(viewport={"width": 1280, "height": 1000}) as context:
        page = signed_in(context, up)
        page.goto(f"{up.address}/runs/flow-run/{run}")
        page.locator(".flow-run-menu, .p-icon-button-menu").first.click()
        page.get_by_text("Cancel", exact=True).first.click()
        page.locator("#p-modal-teleport-target .p-button--destructive").click()
        up.wait_for(lambda: _state(up, run) == "CANCELLED", seconds=60)
        page.reload()
        page.get_by_text("Cancelled", exact=True).first.wait_for()
        page.screenshot(path=Path(os.environ.get("DAYCAST_SCREENSHOTS", folder)) / "ui-cancelled.png")


def _state(up: Up, run: str) -> str:
    (found,) = up.ask("/flow_runs/filter", flow_runs={"id": {"any_": [run]}})
    state: str = found["state_type"]
    return state


def _row(up: Up, run: str) -> dict[str, Any]:
    """The run's row once it is closed."""

    def closed() -> list[dict[str, Any]]:
        return [row for row in up.place.table("runs") if row["prefect_flow_run_id"] == run and row["finished_at"]]

    (row,) = until(closed, what="closed row")
    assert row["finished_at"] - datetime.now(UTC) < timedelta(seconds=1)
    return row


def _nothing_trains(up: Up) -> None:
    """No process of the run is left: nobody of those that ``up`` started computes."""
    until(lambda: not _computing(up.process.pid), what="end of what trained")


def _busiest(pid: int) -> int:
    """The process that trains: of the forks of a forkserver the one that has computed the most."""
    return max(_computing(pid), key=lambda found: sum(map(int, _stat(found)[11:13])))


def _computing(pid: int) -> list[int]:
    """The forks among the descendants: of them, those whose parent is a forkserver too."""
    parents = {each: int(_stat(each)[1]) for each in map(int, filter(str.isdigit, os.listdir("/proc"))) if _stat(each)}
    below: set[int] = {pid}
    while more := {each for each, parent in parents.items() if parent in below} - below:
        below |= more
    return [each for each in below if _forked(each) and _forked(parents[each])]


def _forked(pid: int) -> bool:
    try:
        return b"forkserver" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _stat(pid: int) -> list[str]:
    """What follows the name in /proc/PID/stat; nothing of a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []
