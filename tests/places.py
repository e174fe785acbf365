"""A place of its own for a test: a storage folder, a database, a pipeline file, and the series that it reads.

Loaded as a pytest plugin by ``tests/conftest.py``.
"""

import atexit
import base64
import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from sqlalchemy import select

from daycast.storage.config.pipeline_file import load_pipelines
from daycast.storage.config.settings import Settings
from daycast.storage.sql.database import Database
from daycast.storage.sql.tables import Base
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Summary
from tests.loopback import Server, served
from tests.prefect_homes import make_database, prefect_home

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
"""The first day of every series."""
DAYS = 160
AS_OF = FIRST + timedelta(days=DAYS - 1)
"""The last day of every series: all of it is known then."""
EARLIER = AS_OF - timedelta(days=20)
TINY: Mapping[str, Any] = {
    "feed": "files",
    "symbols": ["A", "B"],
    "target": "close",
    "features": ["close"],
    "calendar": "1D",
    "difference": "log",
    "lookback": 8,
    "horizon": 2,
    "model": {"cell": "gru", "units": [4], "epochs": 8, "batch_size": 16, "learning_rate": 0.02, "seed": 3},
}
"""A pipeline that trains in a moment."""
LONGEST_MESSAGE = 400
"""How many letters a message to a person may have, and name what was required, what came and what to do."""
WALL_CLOCK = {
    "runs": {"started_at", "finished_at", "prefect_flow_run_id"},
    "forecasts": {"issued_at"},
    "labels": {"issued_at"},
    "model_versions": {"created_at", "uri", "sha256"},
}
"""The columns that say when and where a thing was done, and so differ between two runs in two places."""

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Place:
    """Where a test's pipelines live."""

    root: Path
    database_url: str

    @property
    def settings(self) -> Settings:
        """What the environment says here."""
        return Settings(
            storage=str(self.root / "data"), database_url=self.database_url, pipelines=self.root / "pipelines.toml"
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a command that works here."""
        return {
            **os.environ,
            "DAYCAST_STORAGE": str(self.root / "data"),
            "DAYCAST_DATABASE_URL": self.database_url,
            "DAYCAST_PIPELINES": str(self.root / "pipelines.toml"),
        }

    def define(self, name: str = "mine", *, base: Mapping[str, Any] | None = None, **changes: Any) -> Any:
        """Add a tiny pipeline to the pipeline file; by default one that predicts values."""
        of_values = {**TINY, "path": str(self.root / "{symbol}.csv")}
        keys = {**(of_values if base is None else base), **changes}
        lines = [f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in keys.items() if value is not None)]
        with (self.root / "pipelines.toml").open("a") as file:
            file.write("\n".join(lines) + "\n\n")
        return load_pipelines(self.root / "pipelines.toml")[name]

    def write(self, symbol: str, values: np.ndarray) -> None:
        """Write a series of days from :data:`FIRST` on."""
        days = [FIRST.date() + timedelta(days=step) for step in range(len(values))]
        rows = "".join(f"{day},{value!r}\n" for day, value in zip(days, values.tolist(), strict=True))
        (self.root / f"{symbol}.csv").write_text("date,close\n" + rows)

    def job(self, name: str = "mine", *, as_of: datetime = AS_OF, now: datetime | None = None) -> Job:
        """What tasks are given."""
        spec = load_pipelines(self.settings.pipelines)[name]
        return Job(pipeline=spec, as_of=as_of, now=now or as_of + timedelta(hours=1), settings=self.settings)

    def run(self, name: str = "mine", *, as_of: datetime = AS_OF, training: str = "auto") -> Summary:
        """Run the daily flow in this process; gives the summary."""
        from daycast.flows.daily import daily

        with patch.dict(os.environ, self.environment):
            state: Any = daily(name, as_of=as_of, training=training, return_state=True)
        summary = state.result(raise_on_failure=False)
        if isinstance(summary, BaseException):
            raise summary
        assert isinstance(summary, Summary), state
        return summary

    def daycast(self, *arguments: str, timeout: float = 240, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command line with no Prefect server configured, unless the environment given names one."""
        variables = {name: value for name, value in self.environment.items() if name != "PREFECT_API_URL"}
        return subprocess.run(
            [sys.executable, "-m", "daycast.flows.command.cli", *arguments],
            env={**variables, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def tables(self, *, leave: Mapping[str, set[str]] | None = None) -> dict[str, Rows]:
        """Every row of every table, sorted, without the columns named."""
        left = leave or {}
        with Database.open(self.database_url) as db:
            return {
                table.name: sorted(
                    (
                        tuple(row.values())
                        for row in db.query(select(*(c for c in table.c if c.name not in left.get(table.name, set()))))
                    ),
                    key=repr,
                )
                for table in Base.metadata.sorted_tables
            }

    def table(self, name: str) -> list[dict[str, Any]]:
        """The rows of one table."""
        with Database.open(self.database_url) as db:
            return db.query(select(Base.metadata.tables[name]))

    def copied(self, root: Path) -> "Place":
        """The same place elsewhere, on SQLite."""
        shutil.copytree(self.root, root)
        pipelines = (root / "pipelines.toml").read_text()
        (root / "pipelines.toml").write_text(pipelines.replace(str(self.root), str(root)))
        return Place(root=root, database_url=f"sqlite:///{root / 'data' / 'daycast.sqlite'}")

    def files(self) -> dict[str, str]:
        """The SHA-256 of every stored file, by its path; the database is none of them."""
        data = self.root / "data"
        return {
            str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(data.rglob("*"))
            if path.is_file() and ".sqlite" not in path.name
        }


def pytest_configure(config: pytest.Config) -> None:
    """Give Prefect a home of the session's own; of processes beside each other the first makes its database."""
    give_home(first=not hasattr(config, "workerinput"))


def give_home(*, first: bool = True) -> None:
    """Give Prefect a home of this process's own and no server, before anything imports it.

    Args:
        first: whether no process before this one has made the database that a home begins with.
    """
    if first:
        make_database()
    home = prefect_home(Path(tempfile.mkdtemp(prefix="prefect-")))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ.update(PREFECT_HOME=home, PREFECT_SERVER_ANALYTICS_ENABLED="false")
    os.environ.update(PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL="CRITICAL", TF_CPP_MIN_LOG_LEVEL="3")
    # A test that needs a server asks for the fixture, and shares it: one more takes ten seconds of a core.
    os.environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "false"
    os.environ.pop("PREFECT_API_URL", None)


def walk(seed: int, count: int = DAYS) -> np.ndarray:
    """Prices above zero with a weekly cycle, so that a forecaster has something to find."""
    steps = np.random.default_rng(seed).normal(scale=0.01, size=count).cumsum()
    return 50.0 * np.exp(steps + 0.03 * np.sin(np.arange(count) * 2 * np.pi / 7))


def make_place(root: Path, database_url: str | None = None) -> Place:
    """A place with two series and no pipeline yet."""
    root.mkdir(parents=True, exist_ok=True)
    place = Place(root=root, database_url=database_url or f"sqlite:///{root / 'data' / 'daycast.sqlite'}")
    for seed, symbol in enumerate("AB"):
        place.write(symbol, walk(seed))
    return place


@dataclass(frozen=True)
class Webhook:
    """A webhook on loopback.

    Attributes:
        url: its address, as Apprise writes it.
        server: what listens there.
    """

    url: str
    server: Server

    @property
    def received(self) -> list[dict[str, Any]]:
        """What came, oldest first."""
        return [json.loads(asked.body) for asked in self.server.asked]


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """A webhook that listens for one test."""
    with served() as server:
        yield Webhook(url=server.say("/alerts", "").replace("http", "json", 1), server=server)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place on SQLite with the tiny pipeline ``mine``."""
    made = make_place(tmp_path / "place")
    made.define()
    return made


@pytest.fixture
def new_place(tmp_path: Path) -> Callable[[str], Place]:
    """Makes more places on SQLite, by name, each with the tiny pipeline ``mine``."""

    def make(name: str) -> Place:
        made = make_place(tmp_path / name)
        made.define()
        return made

    return make


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[str]:
    """The API's address of a real Prefect server on loopback, that this process speaks to from then on."""
    from daycast.flows.server.local_server import prefect_api

    with prefect_api() as ready:
        importlib.import_module("prefect.context")  # while the environment names the server, and nothing else
        ready()
        yield os.environ["PREFECT_API_URL"]


def prefect_headers() -> dict[str, str]:
    """What the server of :func:`prefect_server` asks of a request: JSON, and its password."""
    token = base64.b64encode(os.environ["PREFECT_API_AUTH_STRING"].encode()).decode()
    return {"content-type": "application/json", "authorization": f"Basic {token}"}


@contextmanager
def browser(*flags: str, **options: Any) -> Iterator[Any]:
    """A context of a real browser, Chromium; the test skips where there is none.

    Args:
        flags: for Chromium, beside those that keep it off the network.
        options: of the context, such as its viewport.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Chromium")
    from playwright.sync_api import sync_playwright

    quiet = [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ]  # fmt: skip
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, headless=True, args=[*quiet, *flags])
        try:
            yield opened.new_context(**options)
        finally:
            opened.close()


@pytest.fixture(scope="session")
def _trained(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> Place:
    assert prefect_server
    made = make_place(tmp_path_factory.mktemp("trained") / "place")
    made.define()
    assert made.run(as_of=EARLIER).status == "succeeded"
    return made


@pytest.fixture
def trained(_trained: Place, tmp_path: Path) -> Place:
    """A place of the test's own where ``mine`` was run as of :data:`EARLIER`; its feed had all the data."""
    return _trained.copied(tmp_path / "trained")


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)
