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
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.loopback import Answer, free_port, served
from tests.places import FIRST, Place, Webhook, browser, make_place, walk
from tests.waiting import until

EVERY_MINUTE = {"cron": "* * * * *", "timezone": "UTC"}
NEW_YEAR = {"cron": "0 12 1 1 *", "timezone": "UTC"}
BEGUN = ("Submitting", "Pending", "Running")
PASSWORD = "operator:swordfish"  # noqa: S105 — of a server that lives for one test


def _heed_interrupts() -> None:
    """Tests that a script has started in the background have SIGINT ignored, and so has what they start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass
class Up:
    """A running ``daycast up``."""

    place: Place
    environment: dict[str, str]
    port: int
    log: Path
    webhook: Webhook
    process: subprocess.Popen[str] = field(init=False)

    def start(self) -> None:
        """Start it, or start it again."""
        with self.log.open("a") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "daycast.flows.command.cli", "up", "--port", str(self.port)],
                env=self.environment, stdout=out, stderr=subprocess.STDOUT, text=True, start_new_session=True,
                preexec_fn=_heed_interrupts,  # noqa: PLW1509 — nothing else does it
            )  # fmt: skip

    def stop(self, number: int) -> None:
        """Send it a signal, and see it end well."""
        os.kill(self.process.pid, number)
        assert self.process.wait(timeout=60) == 0

    @property
    def address(self) -> str:
        """Where the UI is."""
        return f"http://127.0.0.1:{self.port}"

    def due(self, name: str) -> datetime:
        """Have a deployment's run be due since the minute began, as its schedule would."""
        minute = datetime.now(UTC).replace(second=0, microsecond=0)
        (found,) = [row for row in self.ask("/deployments/filter") if row["name"] == name]
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": minute.isoformat()}}
        self.ask(f"/deployments/{found['id']}/create_flow_run", state=state)
        return minute

    def ask(self, path: str, **question: Any) -> Any:
        """Ask the server's API, with the password; again where its SQLite is locked (503), as Prefect's client does."""
        request = urllib.request.Request(  # noqa: S310 — http on loopback
            f"{self.address}/api{path}",
            data=json.dumps(question).encode(),
            headers={
                "content-type": "application/json",
                "authorization": "Basic " + base64.b64encode(PASSWORD.encode()).decode(),
            },
        )
        for pause in (1, 2, 4, 8, 0):
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE or not pause:
                    raise
                time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def wait_for(self, what: Callable[[], Any], *, seconds: float = 240) -> Any:
        """What comes true in time."""
        return until(what, seconds=seconds, failed=self._ended, passing=(OSError,))

    def _ended(self) -> str | None:
        return None if self.process.poll() is None else self.log.read_text()

    def runs(self, *states: str) -> list[dict[str, Any]]:
        """The flow runs that are in one of the states."""
        return [run for run in self.ask("/flow_runs/filter") if run["state_name"] in states]


@contextmanager
def running(root: Path, database_url: str, webhook: Webhook, schedule: dict[str, str]) -> Iterator[Up]:
    """A ``daycast up`` of two pipelines with a schedule, one of which cannot but fail."""
    place = make_place(root / "place", database_url)
    for seed, symbol in enumerate("AB"):  # up to today: a series that ended long ago makes a run degraded
        place.write(symbol, walk(seed, (datetime.now(UTC) - FIRST).days + 1))
    place.define("good", schedule=schedule)
    # Files that hold no table: what is wrong with them does not pass by itself, so that nothing is tried again.
    wrong = place.root / "wrong"
    wrong.mkdir()
    for symbol in "AB":
        (wrong / f"{symbol}.csv").write_text("<html>Sign in</html>\n")
    place.define("bad", schedule=schedule, path=str(wrong / "{symbol}.csv"))
    environment = {
        **place.environment,
        "PREFECT_HOME": str(root / "prefect"),
        "PREFECT_SERVER_API_AUTH_STRING": PASSWORD,
        "DAYCAST_ALERTS": webhook.url,
    }
    environment.pop("PREFECT_API_URL", None)
    made = Up(place=place, environment=environment, port=free_port(), log=root / "up.log", webhook=webhook)
    made.start()
    try:
        yield made
    finally:
        if made.process.poll() is None:
            os.kill(made.process.pid, signal.SIGINT)
            try:
                made.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                made.process.kill()
                made.process.wait()


def ready(up: Up, *, times: int = 1) -> None:
    up.wait_for(lambda: up.log.read_text().count("Ready. Ctrl-C stops everything.") == times)


@pytest.mark.timeout(600)
def test_what_is_due_is_done_and_shown_and_help_is_called_for(tmp_path, database_url, webhook) -> None:
    with running(tmp_path, database_url, webhook, NEW_YEAR) as up:
        ready(up)
        minute = up.due("good")
        up.due("bad")
        done = shown(up)
        run = next(row for row in up.place.table("runs") if row["pipeline"] == "good")
        assert run["as_of"] == minute, "it is of the time for which it was scheduled"
        called_for(up)
        registered(up)
        began = time.monotonic()
        up.stop(signal.SIGINT if database_url.startswith("sqlite") else signal.SIGTERM)
        assert time.monotonic() - began < 45
        assert done["name"] == f"good@{minute:%Y-%m-%dT%H:%MZ}"
        stopped(up)
        assert "runs taken up again that were in progress" not in up.log.read_text()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_it_wakes_by_itself_and_goes_on_where_it_was_stopped(tmp_path, sqlite_url, webhook) -> None:
    """By real crons of a minute, and looked at in the browser as the operator does."""
    with running(tmp_path, sqlite_url, webhook, EVERY_MINUTE) as up:
        done = shown(up)
        run = next(row for row in up.place.table("runs") if row["pipeline"] == "good")
        assert (run["as_of"].second, run["as_of"].microsecond) == (0, 0), "it is of the time for which it was scheduled"
        called_for(up)
        registered(up)
        look(up, tmp_path)
        begun = up.wait_for(lambda: up.runs(*BEGUN))
        began = time.monotonic()
        up.stop(signal.SIGINT)
        assert time.monotonic() - began < 45
        goes_on(up, done=done, begun={run["id"] for run in begun})
        stopped(up)
        assert "runs taken up again that were in progress" in up.log.read_text()


def shown(up: Up) -> dict[str, Any]:
    """The first run that is done: its forecasts are in SQL, its report is in Prefect."""
    flow_run: dict[str, Any] = up.wait_for(lambda: up.runs("Completed"), seconds=300)[0]
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


def stopped(up: Up) -> None:
    """It said what a person needs and nothing else, and left nothing behind."""
    printed = up.log.read_text()
    assert f"its UI will be at {up.address}" in printed
    assert "Stopping. Start again with the same command" in printed
    assert "Traceback" not in printed
    assert "Warning" not in printed
    assert PASSWORD not in printed
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", up.port))


def goes_on(up: Up, *, done: dict[str, Any], begun: set[str]) -> None:
    """Start it again on the same data: what was begun is done, what was there is there once, the schedules go on."""
    again = datetime.now(UTC)
    up.start()
    ready(up, times=2)
    assert [run["id"] for run in up.runs("Completed") if run["name"] == done["name"]] == [done["id"]]
    names = [row["name"] for row in up.ask("/automations/filter")]
    assert len(names) == len(set(names)) == 6, "mark, failed, skill, coverage, and each of the two being overdue"
    deployments = {row["name"]: row for row in up.ask("/deployments/filter")}
    assert set(deployments) == {"good", "good-retrain", "bad", "bad-retrain", "backfill", "upkeep"}
    assert deployments["good"]["id"] == done["deployment_id"]
    assert not any(row["paused"] for row in deployments.values())
    up.wait_for(lambda: begun <= {run["id"] for run in up.runs("Completed", "Failed")})
    up.wait_for(
        lambda: [run for run in up.runs("Failed") if datetime.fromisoformat(run["expected_start_time"]) > again]
    )
    up.stop(signal.SIGINT)


def look(up: Up, tmp_path: Path) -> None:
    """Open the UI as the operator does, and find the run, the deployment and the picture."""
    if shutil.which("chromium") is None:
        return  # the rest of the test stands without a browser; CI installs one
    pictures = Path(os.environ.get("DAYCAST_SCREENSHOTS", tmp_path))
    with browser(viewport={"width": 1280, "height": 1000}) as context:
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
