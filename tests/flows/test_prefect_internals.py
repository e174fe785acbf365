"""What daycast uses of Prefect that Prefect promises to nobody, and the bound of its version that stands for as long.

A new minor version of Prefect is admitted when every line of :data:`INTERNALS` holds under it and ``make test_all``
passes; the bound goes when the table is empty.
"""

import importlib
import inspect
import tomllib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Internal:
    """Something of Prefect's that is in no documentation of its API.

    Attributes:
        module: where it is in Prefect.
        name: the object there; the module itself where empty.
        holds: what its source must say, for what no attribute shows; empty where the object is enough.
        used: the file of daycast that uses it.
        by: what stands there for it.
        why: what for.
    """

    module: str
    name: str = ""
    holds: tuple[str, ...] = ()
    used: str
    by: str
    why: str


INTERNALS = (
    Internal(
        module="prefect.runner", name="Runner.__aenter__", holds=("self._scheduled_run_poller", "resolve_starter="),
        used="flows/server/serving.py", by="_scheduled_run_poller",
        why="the poller of due runs is told with what command to start them",
    ),
    Internal(
        module="prefect.runner._scheduled_run_poller", name="ScheduledRunPoller",
        holds=("self._resolve_starter = resolve_starter", "self._resolve_starter(flow_run)"),
        used="flows/server/serving.py", by="_resolve_starter", why="likewise",
    ),
    Internal(
        module="prefect.runner._starter_engine", name="EngineCommandStarter.start",
        holds=("self._command is None", "command_from_string(self._command)"),
        used="flows/server/serving.py", by="_command", why="likewise",
    ),
    Internal(
        module="prefect.runner", name="Runner.handle_sigterm", used="flows/server/serving.py", by="handle_sigterm",
        why="SIGTERM ends in order",
    ),
    Internal(
        module="prefect.engine", holds=('if __name__ == "__main__":', "PREFECT__FLOW_RUN_ID"),
        used="flows/server/engine.py", by="prefect.engine", why="a run is started without the working folder's modules",
    ),
    Internal(
        module="prefect.server.events.ordering.memory", name="CausalOrdering.wait_for_leader",
        used="flows/server/event_order.py", by="wait_for_leader", why="runs that are scheduled hold no events back",
    ),
    Internal(
        module="prefect.server.events.ordering", holds=("CausalOrdering", "causal_ordering"),
        used="flows/server/binding.py", by="PREFECT_SERVER_EVENTS_CAUSAL_ORDERING",
        why="likewise, by the module's name",
    ),
    Internal(
        module="prefect.context", name="refresh_global_settings_context", used="flows/server/local_server.py",
        by="refresh_global_settings_context", why="threads of Prefect's see which server was started",
    ),
    Internal(
        module="prefect.events.worker", name="EventsWorker.drain_all", used="flows/server/local_server.py",
        by="EventsWorker.drain_all", why="events are sent before the server ends",
    ),
    Internal(
        module="prefect.logging.handlers", name="APILogWorker.drain_all", used="flows/server/local_server.py",
        by="APILogWorker.drain_all", why="logs likewise",
    ),
    Internal(
        module="prefect.server.api.server", name="create_app", used="flows/server/gate.py", by="create_app",
        why="a server behind a gate, without what `prefect server start` adds",
    ),
    Internal(
        module="prefect.server.api.server", name="create_app",
        holds=("PREFECT__SERVER_EPHEMERAL", "PREFECT__SERVER_FINAL"),
        used="flows/server/local_server.py", by="PREFECT__SERVER_EPHEMERAL", why="likewise",
    ),
)  # fmt: skip


def resolve(internal: Internal) -> Any:
    found: Any = importlib.import_module(internal.module)
    for name in internal.name.split(".") if internal.name else ():
        found = getattr(found, name)
    return found


@pytest.mark.parametrize("internal", INTERNALS, ids=lambda one: f"{one.module}:{one.name}:{one.by}")
def test_what_is_used_of_prefects_inside_is_there(internal: Internal) -> None:
    found = resolve(internal)
    source = inspect.getsource(found) if internal.holds else ""
    missing = [said for said in internal.holds if said not in source]
    assert not missing, f"Prefect {version('prefect')}: {internal.used} relies on it, so that {internal.why}"


@pytest.mark.parametrize("internal", INTERNALS, ids=lambda one: f"{one.used}:{one.by}")
def test_it_is_still_used(internal: Internal) -> None:
    assert internal.by in (ROOT / internal.used).read_text(encoding="utf-8"), "take the line out of INTERNALS"


def bound() -> Requirement:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (found,) = [one for one in map(Requirement, project["dependencies"]) if one.name == "prefect"]
    return found


def test_prefect_is_held_below_the_next_minor_version_for_as_long_as_that() -> None:
    major, minor = map(int, version("prefect").split(".")[:2])
    following = f"{major}.{minor + 1}"
    if INTERNALS:
        assert not bound().specifier.contains(following), f"hold prefect below {following} in pyproject.toml"
        assert bound().specifier.contains(version("prefect"))
    else:
        assert bound().specifier.contains(following), "nothing inside Prefect is used any more: lift the bound"
