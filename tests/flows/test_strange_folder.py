"""daycast from a stranger's folder: nothing that lies there is executed, whatever it is called."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import packages_distributions
from pathlib import Path
from uuid import uuid4

import pytest

from tests.installs import Install
from tests.loopback import free_port
from tests.places import AS_OF, TINY, Place, make_place, prefect_headers
from tests.prefect_homes import prefect_home
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PACKAGES = ("flows", "tasks", "models", "storage", "daycast", "prefect", "pandas")
"""What is there as a folder; everything else that could be imported, as a file."""
DONE = {"succeeded", "degraded"}
"""What a run comes to that forecasts; as of today the series are years old, and it says so."""
DAY = (AS_OF - timedelta(days=1)).date().isoformat()


@dataclass(frozen=True)
class Strange:
    """A stranger's folder, with a pipeline file that is ours.

    Attributes:
        place: the folder; what is stored lies in ``storage/data``, as it does by default.
        install: how daycast is called.
        executed: a file with a line for each module of the folder that was executed.
    """

    place: Place
    install: Install
    executed: Path

    @property
    def environment(self) -> dict[str, str]:
        """What is set there: the pipeline file, and Prefect's home; no storage folder, no database."""
        ours = {name: value for name, value in self.install.environment.items() if not name.startswith("DAYCAST_")}
        for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "PYTHONSAFEPATH"):
            ours.pop(name, None)
        return {**ours, "DAYCAST_PIPELINES": "pipelines.toml", "PREFECT_HOME": str(self.executed.parent / "prefect")}

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command in the folder."""
        call = [*self.install.command, *arguments] if arguments[0] != "prefect" else [*self._prefect, *arguments[1:]]
        return subprocess.Popen(
            call, cwd=self.place.root, env={**self.environment, **environment}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    @property
    def _prefect(self) -> list[str]:
        # The script `prefect` finds no module in the working folder; the fresh environment, which borrows it, has none.
        return [str(self.install.python), "-P", "-m", "prefect"]

    def call(self, *arguments: str, **environment: str) -> str:
        """Run a command in the folder, which must end well; gives what it printed."""
        process = self.start(*arguments, **environment)
        printed, _ = process.communicate(timeout=400)
        assert process.returncode == 0, printed + self.what_was_executed()
        return printed

    def what_was_executed(self) -> str:
        """The modules of the folder that were, one a line."""
        return self.executed.read_text() if self.executed.exists() else ""


def module(executed: Path) -> str:
    """What says that it was executed; it imports nothing that is not there already."""
    return (
        f"import sys\nwith open({str(executed)!r}, 'a') as file:\n    file.write(f'{{__name__}}: {{sys.argv}}\\n')\n"
        "raise ImportError('of a stranger')\n"
    )


@pytest.fixture
def strange(install: Install, tmp_path: Path) -> Strange:
    root, executed = tmp_path / "strange", tmp_path / "executed.txt"
    place = make_place(root, f"sqlite:///{root / 'storage' / 'data' / 'daycast.sqlite'}")
    place.define("mine", path="{symbol}.csv", model={**TINY["model"], "epochs": 2})
    prefect_home(tmp_path / "prefect")
    text = module(executed)
    for name in PACKAGES:
        (root / name).mkdir()
        (root / name / "__init__.py").write_text(text)
    importable = {*packages_distributions(), *sys.stdlib_module_names, "sitecustomize", "usercustomize", "conftest"}
    for name in importable - set(PACKAGES):
        if name.isidentifier():
            (root / f"{name}.py").write_text(text)
    for name in ("setup.py", "env.py", "__main__.py", "prefect.engine.py"):
        (root / name).write_text(text)
    return Strange(place=place, install=install, executed=executed)


def statuses(strange: Strange) -> list[str]:
    return [row["status"] for row in strange.place.table("runs")]


def test_it_would_be_executed(strange: Strange) -> None:
    """Or else the other tests could not fail: ``python -c`` and ``-m`` look into the working folder first."""
    for call in (["-c", "import storage"], ["-c", "import pandas"], ["-m", "uvicorn"]):
        before = strange.what_was_executed()
        done = subprocess.run(
            [str(strange.install.python), *call], cwd=strange.place.root, env=strange.environment,
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode != 0
        assert strange.what_was_executed() != before, call


def test_run_twice_and_backfill_execute_nothing_of_it(strange: Strange) -> None:
    strange.call("run", "mine", "--as-of", (AS_OF - timedelta(days=2)).date().isoformat())
    assert (strange.place.root / "storage" / "data" / "daycast.sqlite").is_file()
    assert "succeeded" in strange.call("run", "mine", "--as-of", AS_OF.date().isoformat(), "--train", "reuse")
    strange.call("backfill", "mine", "--from", DAY, "--to", DAY, "--train", "reuse")
    assert statuses(strange) == ["succeeded"] * 3
    strange.call("report")
    assert strange.what_was_executed() == ""


def test_python_m_daycast_finds_only_what_python_needs_before_it(strange: Strange) -> None:
    """Python itself looks into the working folder for daycast and for what ``-m`` is made of; ``-P`` helps that."""
    for name in sys.stdlib_module_names:
        (strange.place.root / f"{name}.py").unlink(missing_ok=True)
    shutil.rmtree(strange.place.root / "daycast")
    done = subprocess.run(
        [str(strange.install.python), "-m", "daycast", "models", "list"], cwd=strange.place.root,
        env=strange.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert strange.what_was_executed() == ""


def test_up_and_the_runs_it_starts_execute_nothing_of_it(strange: Strange) -> None:
    with up(strange) as address:
        until(lambda: begin(address, "daily/mine"), what="run that began")
        until(
            lambda: set(statuses(strange)) & DONE,
            seconds=300, what="run", failed=lambda: strange.what_was_executed() or None,
        )  # fmt: skip
    assert strange.what_was_executed() == ""


def test_a_deployments_run_by_a_worker_executes_nothing_of_it(strange: Strange, prefect_server: str) -> None:
    pool = f"strange-{uuid4().hex[:8]}"
    api = {"PREFECT_API_URL": prefect_server, "PREFECT_API_AUTH_STRING": os.environ["PREFECT_API_AUTH_STRING"]}
    strange.call("prefect", "work-pool", "create", pool, "--type", "process", **api)
    strange.call("deploy", "--pool", pool, **api)
    until(lambda: begin(prefect_server, "daily/mine", headers=prefect_headers()), what="run that began")
    strange.call("prefect", "worker", "start", "--pool", pool, "--run-once", **api)
    assert set(statuses(strange)) <= DONE
    assert len(statuses(strange)) == 1
    assert strange.what_was_executed() == ""


@contextmanager
def up(strange: Strange) -> Iterator[str]:
    """``daycast up`` in the folder, ready; gives its API's address."""
    port = free_port()
    process = strange.start("up", "--port", str(port))
    assert process.stdout is not None
    try:
        printed = []
        for line in process.stdout:
            printed.append(line)
            if line.startswith("Ready."):
                break
        else:
            raise AssertionError("".join(printed) + strange.what_was_executed())
        yield f"http://127.0.0.1:{port}/api"
    finally:
        process.send_signal(signal.SIGTERM)
        left, _ = process.communicate(timeout=90)
    assert process.returncode == 0, left


def begin(address: str, deployment: str, *, headers: dict[str, str] | None = None) -> bool:
    """Let a deployment run now, if there is one, and if the server's SQLite is not locked (503)."""
    import httpx

    with httpx.Client(base_url=address, timeout=30, headers=headers) as client:
        found = client.get(f"/deployments/name/{deployment}")
        if found.status_code in {404, 503}:
            return False
        begun = client.post(f"/deployments/{found.json()['id']}/create_flow_run", json={})
        if begun.status_code != 503:
            begun.raise_for_status()
        return begun.status_code != 503
