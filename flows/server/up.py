"""One command for one machine: a Prefect server with its UI, the schedules, and a process that runs them."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from daycast.flows.running.safe_path import SAFE_PATH
from daycast.flows.running.surroundings import prefect_home, require_prefect_home
from daycast.flows.server.binding import read_binding, server_environment
from daycast.flows.server.local_server import Server, api_url, configured_api, without_password
from daycast.flows.server.password import choose_password
from daycast.flows.server.running_server import told
from daycast.storage.config.settings import Settings
from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.errors import DaycastError, WorkError

RUN_ENVIRONMENT = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "60", **SAFE_PATH}
_SILENT_HEARTBEATS = 3
"""Heartbeats that may be missed before a run counts as dead."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line says of the server.

    Attributes:
        host: the address that it binds to; none is Prefect's own setting.
        port: likewise.
        password: it shall ask for a password, made here where the operator has set none.
    """

    host: str | None = None
    port: int | None = None
    password: bool = False


def serve(
    pipelines: list[AnyPipeline], *, settings: Settings, asked: Asked, sample: bool, say: Callable[[str], None]
) -> None:
    """Start everything, and stay until Ctrl-C or SIGTERM.

    Args:
        pipelines: as the pipeline file has them.
        settings: the environment.
        asked: of the server, where it is started here.
        sample: run every pipeline on generated data.
        say: prints a line for the operator.

    Raises:
        ConfigError: the port is in use, or the server would be open to others without a password.
        WorkError: the server does not start, or is of another version.
    """
    from daycast.tasks.answers import queries

    for name, value in RUN_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with ExitStack() as stack:
        ours = _server(stack, asked, say=say)
        require_same_version()
        queries.migrate(settings)
        if ours:
            _take_up_again(say)
        _register_and_run(pipelines, settings=settings, sample=sample, say=say)
        _close_rows(settings)
        say("Stopping. Start again with the same command; schedules and runs are kept.")


def require_same_version() -> None:
    """Hold the server to this Prefect's version, as far as its API may differ.

    Raises:
        WorkError: it does not answer, or is of another minor version.
    """
    import httpx
    import prefect
    from prefect.client.orchestration import get_client

    try:
        with get_client(sync_client=True) as client:
            response = client.request("GET", "/admin/version")
            response.raise_for_status()
            theirs = str(response.json())
    except httpx.HTTPError as error:
        raise WorkError(
            f"A Prefect server that answers is required. Received: {type(error).__name__} from {configured_api()}. "
            "Check PREFECT_API_URL and PREFECT_API_AUTH_STRING, or start the server."
        ) from None
    ours = prefect.__version__
    if theirs.split(".")[:2] != ours.split(".")[:2]:
        raise WorkError(
            f"A Prefect server of version {'.'.join(ours.split('.')[:2])} is required. Received: {theirs}. "
            "Upgrade the older of the two."
        )


def silent_after() -> timedelta:
    """How long a run may send no heartbeat before it counts as dead."""
    from prefect.settings import get_current_settings

    frequency = get_current_settings().flows.heartbeat_frequency or 180
    return timedelta(seconds=_SILENT_HEARTBEATS * frequency)


def _server(stack: ExitStack, asked: Asked, *, say: Callable[[str], None]) -> bool:
    """Use the configured server, or start one that ends with the block; gives whether it was started."""
    require_prefect_home()
    if configured := configured_api():
        say(f"Using the Prefect server at {without_password(configured).removesuffix('/api')}")
        return False
    binding = read_binding(host=asked.host, port=asked.port)
    binding.require_free()
    say(f"Starting the Prefect server; its UI will be at {binding.address}")
    password = choose_password(binding, generated=asked.password, say=say)
    server = Server.with_ui(binding, environment=server_environment(binding), password=password)
    stack.callback(server.stop)
    stack.enter_context(api_url(server.url, password=password))
    server.wait()
    stack.enter_context(told(prefect_home(), server.url))
    return True


def _take_up_again(say: Callable[[str], None]) -> None:
    from daycast.flows.server.interrupted import take_up_again

    if count := take_up_again():
        runs = "1 run" if count == 1 else f"{count} runs"
        say(f"  {runs} taken up again that {'was' if count == 1 else 'were'} in progress when the last server ended")


def _close_rows(settings: Settings) -> None:
    """Close the rows of runs that Prefect's runner killed; a database that is down leaves that to their next run."""
    from daycast.tasks.answers import queries

    message = "daycast up was told to end while this run was in progress. Started again, it takes the run up again."
    with suppress(DaycastError):
        queries.close_stopped(settings, at=datetime.now(UTC), message=message)


def _register_and_run(
    pipelines: list[AnyPipeline], *, settings: Settings, sample: bool, say: Callable[[str], None]
) -> None:
    from daycast.flows.server.automations import apply_automations
    from daycast.flows.server.deployments import make_deployments
    from daycast.flows.server.serving import run_deployments
    from daycast.flows.server.settled import settle
    from daycast.tasks.answers import queries

    alerts = settings.alerts.get_secret_value() if settings.alerts else None
    names = apply_automations(pipelines, alerts=alerts, silent_after=silent_after(), sample=sample)
    deployments = settle(make_deployments(pipelines, sample=sample))
    for deployment in deployments:
        schedules = deployment.schedules or []
        crons = ", ".join(_shown(item, paused=bool(deployment.paused)) for item in schedules)
        say(f"  {deployment.flow_name}/{deployment.name}: {crons or 'by hand, from the UI'}")
    for missed in [] if sample else queries.missed(settings, pipelines, at=datetime.now(UTC)):
        say(f"  {missed}")
    say(f"  {len(names)} automations" + ("" if alerts else "; set DAYCAST_ALERTS to an Apprise URL to be called"))
    run_deployments(deployments, ready=lambda: say("Ready. Ctrl-C stops everything."))


def _shown(item: Any, *, paused: bool) -> str:
    """A schedule in words."""
    words = [getattr(item.schedule, name, None) for name in ("cron", "rrule", "interval", "timezone")]
    held = " (paused in the UI)" if paused or not item.active else ""
    return " ".join(str(word) for word in words if word) + held
