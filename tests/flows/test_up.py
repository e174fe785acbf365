"""``daycast up``: it wakes by itself, shows in the UI what it did, and stops when told to."""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.places import Place, Webhook, make_place

pytestmark = pytest.mark.slow

EVERY_MINUTE = {"cron": "* * * * *", "timezone": "UTC"}
PASSWORD = "operator:swordfish"  # noqa: S105 — of a server that lives for one test


@dataclass
class Up:
    """A running ``daycast up``."""

    process: subprocess.Popen[str]
    place: Place
    port: int
    log: Path
    alerts: list[dict[str, Any]]

    @property
    def address(self) -> str:
        """Where the UI is."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str, **question: Any) -> Any:
        """Ask the server's API, with the password."""
        request = urllib.request.Request(  # noqa: S310 — http on loopback
            f"{self.address}/api{path}",
            data=json.dumps(question).encode(),
            headers={
                "content-type": "application/json",
                "authorization": "Basic " + base64.b64encode(PASSWORD.encode()).decode(),
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def wait_for(self, what: Callable[[], Any], *, seconds: float = 240) -> Any:
        """What comes true in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if found := what():
                    return found
            except OSError:
                pass
            time.sleep(0.5)
        raise AssertionError(f"it did not come in {seconds} s; printed: {self.log.read_text()}")

    def runs(self, *states: str) -> list[dict[str, Any]]:
        """The flow runs that are in one of the states."""
        return [run for run in self.ask("/flow_runs/filter") if run["state_name"] in states]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def up(tmp_path: Path, database_url: str, webhook: Webhook) -> Iterator[Up]:
    place = make_place(tmp_path / "place", database_url)
    place.define("good", schedule=EVERY_MINUTE)
    place.define("bad", schedule=EVERY_MINUTE, path=str(place.root / "nowhere" / "{symbol}.csv"))
    port, log = free_port(), tmp_path / "up.log"
    environment = {
        **place.environment,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_SERVER_API_AUTH_STRING": PASSWORD,
        "DAYCAST_ALERTS": webhook.url,
    }
    environment.pop("PREFECT_API_URL", None)
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "up", "--port", str(port)],
            env=environment, stdout=out, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
    try:
        yield Up(process=process, place=place, port=port, log=log, alerts=webhook.received)
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGINT)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.mark.timeout(600)
def test_it_wakes_by_itself_shows_what_it_did_and_calls_for_help(up: Up, tmp_path: Path) -> None:
    run = up.wait_for(lambda: up.runs("Completed"), seconds=300)[0]
    assert run["name"].startswith("good@")
    assert {"daycast", "good", "gru"} <= set(run["tags"])
    rows = up.place.table("forecasts")
    assert {row["series_id"] for row in rows} == {"good/A", "good/B"}
    run = next(row for row in up.place.table("runs") if row["pipeline"] == "good")
    assert run["status"] == "succeeded"
    assert (run["as_of"].second, run["as_of"].microsecond) == (0, 0), "it is of the time for which it was scheduled"

    artifacts = {row["key"]: row for row in up.wait_for(lambda: up.ask("/artifacts/filter"))}
    assert "data:image/" in artifacts["good-report"]["data"]
    assert len(artifacts["good-report"]["data"].encode()) <= 300 * 1024

    alert = up.wait_for(lambda: [said for said in up.alerts if "bad@" in said["title"]], seconds=60)[0]
    assert alert["title"].endswith("Z failed")
    said = alert["message"].splitlines()
    assert said[0] == "Pipeline: bad"
    assert said[1].startswith("Run: bad@")
    assert said[2].startswith("Reason: files gave no usable data for 'A': there is no file ")
    assert said[3] == "Next: daycast status; then daycast run bad"
    assert said[4].startswith(f"{up.address}/runs/flow-run/")

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
    on_sqlite = up.place.database_url.startswith("sqlite")
    if on_sqlite:
        look(up, tmp_path)

    began = time.monotonic()
    os.kill(up.process.pid, signal.SIGINT if on_sqlite else signal.SIGTERM)
    assert up.process.wait(timeout=60) == 0
    assert time.monotonic() - began < 45
    printed = up.log.read_text()
    assert f"its UI will be at {up.address}" in printed
    assert "Stopping. Start again with the same command" in printed
    assert "Traceback" not in printed
    assert "Warning" not in printed
    assert PASSWORD not in printed
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", up.port))  # nothing of it is left


def look(up: Up, tmp_path: Path) -> None:
    """Open the UI as the operator does, and find the run, the deployment and the picture."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return  # the rest of the test stands without a browser; CI installs one
    from playwright.sync_api import sync_playwright

    flags = [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ]  # fmt: skip
    pictures = Path(os.environ.get("DAYCAST_SCREENSHOTS", tmp_path))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=flags)
        context = browser.new_context(viewport={"width": 1280, "height": 1000})
        page = context.new_page()
        page.goto(up.address)
        field = page.get_by_placeholder("admin:pass")
        field.wait_for(timeout=30_000)
        field.fill(PASSWORD)
        page.get_by_role("button", name="Login").click()
        page.goto(f"{up.address}/runs")
        page.get_by_text("good@").first.wait_for(timeout=30_000)
        page.screenshot(path=pictures / "ui-runs.png")
        page.goto(f"{up.address}/deployments")
        page.get_by_text("good-retrain").first.wait_for(timeout=30_000)
        page.screenshot(path=pictures / "ui-deployments.png")
        page.goto(f"{up.address}/artifacts/key/good-report")
        page.locator("a[href*='/artifacts/artifact/']").first.click()
        image = page.locator("img[src^='data:image/']").first
        image.wait_for(timeout=30_000)
        assert image.evaluate("picture => picture.complete && picture.naturalWidth > 300")
        page.screenshot(path=pictures / "ui-artifact.png")
        browser.close()


def test_a_port_in_use_is_said_at_once(place: Place) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = place.daycast("up", "--port", str(port))
    assert ended.returncode == 2
    assert f"A free address is required for the Prefect server. Received: 127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr
