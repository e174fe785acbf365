"""One command for one machine: a Prefect server with its UI, the schedules, and a process that runs them."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta

from daycast.flows.running.safe_path import SAFE_PATH
from daycast.flows.server.local_server import Server, api_url, configured_api
from daycast.storage.config.settings import Settings
from daycast.storage.terms.errors import ConfigError, WorkError
from daycast.storage.terms.pipeline import Pipeline

_ANYWHERE = {"0.0.0.0", "::"}  # noqa: S104 — compared, not bound

_SERVER_ENVIRONMENT = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "daycast.flows.server.event_order",
}
RUN_ENVIRONMENT = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "60", **SAFE_PATH}
_SILENT_HEARTBEATS = 3
"""Heartbeats that may be missed before a run counts as dead."""


def serve(
    pipelines: list[Pipeline], *, settings: Settings, host: str, port: int, sample: bool, say: Callable[[str], None]
) -> None:
    """Start everything, and stay until Ctrl-C or SIGTERM.

    Args:
        pipelines: as the pipeline file has them.
        settings: the environment.
        host: the address that the server binds to, where it is started here.
        port: likewise.
        sample: run every pipeline on generated data.
        say: prints a line for the operator.

    Raises:
        ConfigError: the port is in use.
        WorkError: the server does not start, or is of another version.
    """
    from daycast.tasks.answers import queries

    for name, value in RUN_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with ExitStack() as stack:
        ours = _server(stack, host=host, port=port, say=say)
        require_same_version()
        queries.migrate(settings)
        if ours:
            _take_up_again(say)
        _register_and_run(pipelines, settings=settings, sample=sample, say=say)
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


def _server(stack: ExitStack, *, host: str, port: int, say: Callable[[str], None]) -> bool:
    """Use the configured server, or start one that ends with the block; gives whether it was started."""
    if configured := configured_api():
        say(f"Using the Prefect server at {configured.removesuffix('/api')}")
        return False
    _require_free(host, port)
    _share_password()
    address = f"http://{host}:{port}"
    environment = {**_SERVER_ENVIRONMENT, **_places(address, anywhere=host in _ANYWHERE)}
    server = Server.with_ui(host=host, port=port, environment=environment)
    stack.callback(server.stop)
    stack.enter_context(api_url(server.url))
    say(f"Starting the Prefect server; its UI will be at {address}")
    server.wait()
    return True


def _take_up_again(say: Callable[[str], None]) -> None:
    from daycast.flows.server.interrupted import take_up_again

    if count := take_up_again():
        say(f"  {count} runs taken up again that were in progress when the last server ended")


def _places(address: str, *, anywhere: bool) -> dict[str, str]:
    """Where the browser finds the API, and where the links in alerts lead, unless the operator has said so."""
    places = {"PREFECT_UI_API_URL": "/api" if anywhere else f"{address}/api", "PREFECT_UI_URL": address}
    return {name: os.environ.get(name, place) for name, place in places.items()}


def _register_and_run(
    pipelines: list[Pipeline], *, settings: Settings, sample: bool, say: Callable[[str], None]
) -> None:
    from daycast.flows.server.automations import apply_automations
    from daycast.flows.server.deployments import make_deployments
    from daycast.flows.server.serving import run_deployments

    alerts = settings.alerts.get_secret_value() if settings.alerts else None
    names = apply_automations(pipelines, alerts=alerts, silent_after=silent_after(), sample=sample)
    deployments = make_deployments(pipelines, sample=sample)
    for deployment in deployments:
        schedules = deployment.schedules or []
        crons = ", ".join(f"{item.schedule.cron} {item.schedule.timezone}" for item in schedules)  # type: ignore[union-attr]
        say(f"  {deployment.flow_name}/{deployment.name}: {crons or 'by hand, from the UI'}")
    say(f"  {len(names)} automations" + ("" if alerts else "; set DAYCAST_ALERTS to an Apprise URL to be called"))
    say("Ready. Ctrl-C stops everything.")
    run_deployments(deployments)


def _share_password() -> None:
    """Let our own clients use the password that the server is given (Prefect's basic authentication)."""
    if password := os.environ.get("PREFECT_SERVER_API_AUTH_STRING"):
        os.environ.setdefault("PREFECT_API_AUTH_STRING", password)


def _require_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"A free address is required for the Prefect server. Received: {host}:{port}: {error.strerror}. "
                "Stop what uses it, choose another with --port, or set PREFECT_API_URL to use a server that runs."
            ) from None
