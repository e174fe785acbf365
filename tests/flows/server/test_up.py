"""``daycast up``: it wakes by itself, shows in the UI what it did, and stops when told to."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.flows.server.machine import EVERY_MINUTE, NEW_YEAR, Up, ready, running, signed_in, stopped
from tests.loopback import Answer, served
from tests.places import Place, browser


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_what_is_due_is_done_and_shown_and_what_was_begun_is_done_again(tmp_path, postgresql_url, webhook) -> None:
    """On PostgreSQL; the next test, by real crons, is on SQLite."""
    with running(tmp_path, postgresql_url, webhook, NEW_YEAR) as up:
        ready(up)
        minute = up.due("good")
        up.due("bad")
        done = shown(up)
        run = next(row for row in up.place.table("runs") if row["pipeline"] == "good")
        assert run["as_of"] == minute, "it is of the time for which it was scheduled"
        assert done["name"] == f"good@{minute:%Y-%m-%dT%H:%MZ}"
        called_for(up)
        registered(up)
        assert "taken up again" not in up.log.read_text(), "nothing was in progress when there was no server"
        begun = up.order("good")
        up.wait_for(lambda: begun in {run["id"] for run in up.runs("Running")})
        ended(up, signal.SIGTERM)
        again(up, done)
        up.wait_for(lambda: begun in {run["id"] for run in up.runs("Completed")}, told=lambda: up.states([begun]))
        ended(up, signal.SIGTERM)
        stopped(up)


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_it_wakes_by_itself_and_does_so_again_where_it_was_stopped(tmp_path, sqlite_url, webhook) -> None:
    """By real crons of a minute, and looked at in the browser as the operator does."""
    with running(tmp_path, sqlite_url, webhook, EVERY_MINUTE) as up:
        done = shown(up)
        run = next(row for row in up.place.table("runs") if row["pipeline"] == "good")
        assert (run["as_of"].second, run["as_of"].microsecond) == (0, 0), "it is of the time for which it was scheduled"
        called_for(up)
        registered(up)
        look(up, tmp_path)
        ended(up, signal.SIGINT)
        since = datetime.now(UTC)
        again(up, done)
        up.wait_for(
            lambda: [run for run in up.runs("Failed") if datetime.fromisoformat(run["expected_start_time"]) > since]
        )
        ended(up, signal.SIGINT)
        stopped(up)


def shown(up: Up) -> dict[str, Any]:
    """The first run that is done: its forecasts are in SQL, its report is in Prefect."""
    flow_run: dict[str, Any] = up.wait_for(lambda: up.runs("Completed"), seconds=600)[0]
    assert flow_run["name"].startswith("good@")
    assert {"daycast", "good", "gru"} <= set(flow_run["tags"])
    rows = up.place.table("forecasts")
    assert {row["series_id"] for row in rows} == {"good/A", "good/B"}
    run = next(row for row in up.place.table("runs") if row["pipeline"] == "good")
    assert run["status"] == "succeeded"
    artifacts = {row["key"]: row for row in up.wait_for(lambda: up.ask("/artifacts/filter"))}
    assert "data:image/" in artifacts["good-report"]["data"]
    assert len(artifacts["good-report"]["data"].encode()) <= 300 * 1024
    return flow_run


def called_for(up: Up) -> None:
    """The webhook is told of the run that failed."""
    alert = up.wait_for(lambda: [said for said in up.webhook.received if "bad@" in said["title"]], seconds=60)[0]
    assert alert["title"].endswith("Z failed")
    said = alert["message"].splitlines()
    assert said[0] == "Pipeline: bad"
    assert said[1].startswith("Run: bad@")
    assert said[2].startswith("Reason: files gave no usable data for 'A': ")
    assert said[3] == "Next: daycast status; then daycast run bad"
    assert said[4].startswith(f"{up.address}/runs/flow-run/")


def registered(up: Up) -> None:
    names = {row["name"] for row in up.ask("/automations/filter")}
    assert {
        "daycast: good is overdue",
        "daycast: mark runs whose process died",
        "daycast: a run failed or crashed",
    } <= names
    deployments = {row["name"]: row for row in up.ask("/deployments/filter")}
    assert set(deployments) == {"good", "good-retrain", "bad", "bad-retrain", "backfill", "upkeep"}
    assert (
        deployments["good"]["concurrency_limit"] == 1 or deployments["good"]["global_concurrency_limit"]["limit"] == 1
    )


def ended(up: Up, number: int) -> None:
    began = time.monotonic()
    up.stop(number)
    assert time.monotonic() - began < 45


def again(up: Up, done: dict[str, Any]) -> None:
    """Start it again on the same data: what was there is there once, and as it was."""
    up.start()
    ready(up, times=2)
    assert [run["id"] for run in up.runs("Completed") if run["name"] == done["name"]] == [done["id"]]
    names = [row["name"] for row in up.ask("/automations/filter")]
    assert len(names) == len(set(names)) == 7, "mark, failed, skill, coverage, drift, and each of the two being overdue"
    deployments = {row["name"]: row for row in up.ask("/deployments/filter")}
    assert set(deployments) == {"good", "good-retrain", "bad", "bad-retrain", "backfill", "upkeep"}
    assert deployments["good"]["id"] == done["deployment_id"]
    assert not any(row["paused"] for row in deployments.values())


def look(up: Up, tmp_path: Path) -> None:
    """Open the UI as the operator does, and find the run, the deployment and the picture."""
    if shutil.which("chromium") is None:
        return  # the rest of the test stands without a browser; CI installs one
    pictures = Path(os.environ.get("DAYCAST_SCREENSHOTS", tmp_path))
    with browser(viewport={"width": 1280, "height": 1000}) as context:
        page = signed_in(context, up)
        page.goto(f"{up.address}/runs")
        page.get_by_text("good@").first.wait_for()
        page.screenshot(path=pictures / "ui-runs.png")
        page.goto(f"{up.address}/deployments")
        page.get_by_text("good-retrain").first.wait_for()
        page.screenshot(path=pictures / "ui-deployments.png")
        page.goto(f"{up.address}/artifacts/key/good-report")
        page.locator("a[href*='/artifacts/artifact/']").first.click()
        image = page.locator("img[src^='data:image/']").first
        image.wait_for()
        assert image.evaluate("picture => picture.complete && picture.naturalWidth > 300")
        page.screenshot(path=pictures / "ui-artifact.png")


def test_a_port_in_use_is_said_at_once(place: Place) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = place.daycast("up", "--port", str(port))
    assert ended.returncode == 2
    assert f"A free address is required for the Prefect server. Received: 127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (place.root / "data").exists()


@pytest.fixture
def old_server() -> Iterator[str]:
    """The API's address of a server that says that it is of another version."""
    with served() as server:
        for path, body in (("/api/health", "true"), ("/api/admin/version", '"2.20.1"')):
            server.say(path, Answer(body, headers={"content-type": "application/json"}))
        yield f"{server.url}/api"


@pytest.mark.parametrize("arguments", [["up"], ["deploy", "--pool", "workers"]])
def test_a_server_of_another_version_is_refused_before_anything_is_done(place, old_server, arguments) -> None:
    ended = place.daycast(*arguments, PREFECT_API_URL=old_server)
    assert ended.returncode == 1
    ours = ".".join(version("prefect").split(".")[:2])
    assert f"Error: A Prefect server of version {ours} is required. Received: 2.20.1. Upgrade" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (place.root / "data").exists()
