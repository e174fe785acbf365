"""A ``daycast up`` for tests: started, asked through its API, stopped; what it must have said and left."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.loopback import free_port
from tests.places import FIRST, Place, Webhook, make_place, walk
from tests.prefect_homes import prefect_home
from tests.waiting import until

EVERY_MINUTE = {"cron": "* * * * *", "timezone": "UTC"}
NEW_YEAR = {"cron": "0 12 1 1 *", "timezone": "UTC"}
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
        self.order(name, state={"type": "SCHEDULED", "state_details": {"scheduled_time": minute.isoformat()}})
        return minute

    def order(self, name: str, **what: Any) -> str:
        """Have a deployment run, as a person does in the UI; gives the flow run's id."""
        (found,) = [row for row in self.ask("/deployments/filter") if row["name"] == name]
        made: str = self.ask(f"/deployments/{found['id']}/create_flow_run", **what)["id"]
        return made

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

    def wait_for(self, found: Callable[[], Any], *, seconds: float = 240, told: Callable[[], Any] = str) -> Any:
        """What comes true in time; where it does not, ``told`` says how things stand."""
        try:
            return until(found, seconds=seconds, failed=self._ended, passing=(OSError,))
        except AssertionError as error:
            raise AssertionError(f"{error}: {told()}\n{self.log.read_text()[-4000:]}") from None

    def _ended(self) -> str | None:
        return None if self.process.poll() is None else self.log.read_text()

    def runs(self, *states: str) -> list[dict[str, Any]]:
        """The flow runs that are in one of the states, as the server chooses: of all, it lists 200."""
        found: list[dict[str, Any]] = self.ask("/flow_runs/filter", flow_runs={"state": {"name": {"any_": [*states]}}})
        return found

    def states(self, runs: Iterable[str]) -> dict[str, str]:
        """What state each of the flow runs is in, by name."""
        found = self.ask("/flow_runs/filter", flow_runs={"id": {"any_": [*runs]}})
        return {run["name"]: f"{run['state_name']} since {run['state']['timestamp']}" for run in found}


@contextmanager
def running(
    root: Path, database_url: str, webhook: Webhook, schedule: dict[str, str], **more: dict[str, Any]
) -> Iterator[Up]:
    """A ``daycast up`` of two pipelines with a schedule, one of which cannot but fail; more by name and keys."""
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
    for name, keys in more.items():
        place.define(name, schedule=schedule, **keys)
    environment = {
        **place.environment,
        "PREFECT_HOME": prefect_home(root / "prefect"),
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


def signed_in(context: Any, up: Up) -> Any:
    """A page of the UI in a browser's context, behind the password."""
    page = context.new_page()
    page.set_default_timeout(120_000)  # the UI is many files, and other tests run beside it
    page.set_default_navigation_timeout(120_000)
    page.goto(up.address)
    field = page.get_by_placeholder("admin:pass")
    field.wait_for()
    field.fill(PASSWORD)
    page.get_by_role("button", name="Login").click()
    return page
