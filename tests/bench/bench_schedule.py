"""How long after its scheduled instant the first task of a daycast run starts, beside an empty Prefect flow.

Run from the project's folder: ``python -m tests.bench.bench_schedule [ROUNDS]``. One server, as ``daycast up`` makes
it; the empty flow is one task that returns, served by the same runner in a process of its own. They take turns.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from prefect import flow, task
from prefect.types.entrypoint import EntrypointType

from tests.loopback import free_port

ROOT = Path(__file__).parents[2]

_AHEAD = timedelta(seconds=35)
"""Longer than the runner's look ahead, so that nothing is late from the outset."""
_WAIT = 300.0
_ASKED = 10.0
_PIPELINE = """
[tiny]
feed       = "yahoo"
symbols    = ["AMZN"]
target     = "close"
features   = ["close"]
calendar   = "XNYS"
difference = "log"
lookback   = 10
horizon    = 1
model      = { cell = "gru", units = [4], epochs = 1 }
training   = { fine_tune_epochs = 0 }
"""
_SERVE_EMPTY = "from tests.bench.bench_schedule import serve_empty; serve_empty()"


@task
def nothing() -> None:
    """Return."""


@flow
def empty() -> None:
    """One task that returns."""
    nothing()


def serve_empty() -> None:
    """Serve the empty flow as ``daycast up`` serves its own."""
    from daycast.flows.server.serving import run_deployments

    run_deployments([empty.to_deployment("empty", entrypoint_type=EntrypointType.MODULE_PATH)])  # type: ignore[list-item]


def main() -> None:
    """Print a line a round, then the medians."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder, _served(Path(folder)) as api:
        found = {name: _deployment(api, name) for name in ("empty", "sample_tiny")}
        seconds: dict[str, list[float]] = {name: [] for name in found}
        for _ in range(rounds):
            for name, deployment in found.items():
                seconds[name].append(_measure(api, deployment))
                print(f"{name}: {seconds[name][-1]:.1f} s", flush=True)  # noqa: T201
    bare, ours = (statistics.median(seconds[name]) for name in found)
    print(  # noqa: T201
        f"median from the scheduled instant to the first task: empty flow {bare:.1f} s, daycast {ours:.1f} s, "
        f"{ours - bare:+.1f} s ({_ASKED:g} asked for)"
    )


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The API's address of a server with both deployments."""
    (folder / "pipelines.toml").write_text(_PIPELINE)
    port = free_port()
    api = f"http://127.0.0.1:{port}/api"
    given = {name: value for name, value in os.environ.items() if not name.startswith(("DAYCAST_", "PREFECT_"))}
    environment = {
        **given,
        "DAYCAST_STORAGE": str(folder / "data"),
        "DAYCAST_PIPELINES": str(folder / "pipelines.toml"),
        "PREFECT_HOME": str(folder / "prefect"),
    }
    up = ["-m", "daycast.flows.command.cli", "up", "--sample", "--port", str(port)]
    with (folder / "log").open("w+") as log:
        processes = [_start(up, environment, log)]
        try:
            _deployment(api, "sample_tiny")
            processes.append(_start(["-c", _SERVE_EMPTY], {**environment, "PREFECT_API_URL": api}, log))
            yield api
        except SystemExit:
            print((folder / "log").read_text())  # noqa: T201
            raise
        finally:
            for process in reversed(processes):
                process.send_signal(signal.SIGINT)
                process.wait(timeout=60)


def _start(arguments: list[str], environment: dict[str, str], log: IO[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, *arguments]
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)


def _deployment(api: str, name: str) -> str:
    """The id of a deployment, when it is ready to run."""
    wanted = {"deployments": {"name": {"any_": [name]}}}
    return str(
        _come(lambda: [row["id"] for row in _ask(api, "/deployments/filter", wanted) if row["status"] == "READY"])
    )


def _measure(api: str, deployment: str) -> float:
    """Schedule a run, and wait for its end: seconds from the scheduled instant to its first task."""
    due = datetime.now(UTC) + _AHEAD
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": due.isoformat()}}
    run = _ask(api, f"/deployments/{deployment}/create_flow_run", {"state": state})["id"]
    ended = _come(lambda: [run for run in _runs(api, run) if run["end_time"]])
    if ended["state_type"] != "COMPLETED":
        raise SystemExit(f"{ended['name']} ended as {ended['state_name']}: {ended['state']['message']}")
    tasks = _ask(api, "/task_runs/filter", {"flow_runs": {"id": {"any_": [run]}}})
    first = min(datetime.fromisoformat(row["start_time"]) for row in tasks if row["start_time"])
    return (first - due).total_seconds()


def _runs(api: str, run: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _ask(api, "/flow_runs/filter", {"flow_runs": {"id": {"any_": [run]}}})
    return found


def _come(what: Any) -> Any:
    """The first of what there is, once there is something."""
    deadline = time.monotonic() + _WAIT
    while time.monotonic() < deadline:
        try:
            if found := what():
                return found[0]
        except OSError:
            pass
        time.sleep(1)
    raise SystemExit(f"it did not come in {_WAIT:g} s")


def _ask(api: str, path: str, question: dict[str, Any]) -> Any:
    request = urllib.request.Request(  # noqa: S310 — http on loopback
        f"{api}{path}", data=json.dumps(question).encode(), headers={"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


if __name__ == "__main__":
    main()
