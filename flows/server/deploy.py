"""The same deployments for a Prefect server and a work pool that exist already."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from daycast.flows.server.engine import COMMAND
from daycast.flows.server.local_server import configured_api
from daycast.flows.server.up import RUN_ENVIRONMENT, require_same_version, silent_after
from daycast.storage.config.settings import Settings
from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.text import listed

_PASSED_ON = ("DAYCAST_STORAGE", "DAYCAST_PIPELINES")
"""What workers must know, and is no secret; the database's URL is theirs to have in their own environment."""


def register(
    pipelines: list[AnyPipeline], *, settings: Settings, pool: str, sample: bool, say: Callable[[str], None]
) -> None:
    """Register deployments and automations.

    Args:
        pipelines: as the pipeline file has them.
        settings: the environment.
        pool: the work pool's name.
        sample: run every pipeline on generated data.
        say: prints a line for the operator.

    Raises:
        ConfigError: no server is configured, or it has no such work pool.
        WorkError: the server does not answer, or is of another version.
    """
    if not configured_api():
        raise ConfigError(
            "PREFECT_API_URL must name a Prefect server. Received: nothing. "
            "Set it, or use `daycast up` for one machine."
        )
    require_same_version()
    pool_type = _require_pool(pool)
    from daycast.flows.server.automations import apply_automations
    from daycast.flows.server.deployments import make_deployments
    from daycast.flows.server.settled import settle

    variables = _variables(pool_type)
    for deployment in settle(make_deployments(pipelines, sample=sample)):
        deployment.job_variables = variables
        deployment.apply(work_pool_name=pool)
        say(f"  {deployment.flow_name}/{deployment.name}")
    alerts = settings.alerts.get_secret_value() if settings.alerts else None
    names = apply_automations(pipelines, alerts=alerts, silent_after=silent_after(), sample=sample)
    say(f"  {len(names)} automations" + ("" if alerts else "; set DAYCAST_ALERTS to an Apprise URL to be called"))


def _require_pool(name: str) -> str:
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            return str(client.read_work_pool(name).type)
        except ObjectNotFound:
            known = listed(sorted(pool.name for pool in client.read_work_pools())) or "none"
    raise ConfigError(
        f"A work pool of the server is required (there are: {known}). Received: {name!r}. "
        f"Make it with: prefect work-pool create {name} --type process"
    )


def _variables(pool_type: str) -> dict[str, Any]:
    environment = {**RUN_ENVIRONMENT, **{name: os.environ[name] for name in _PASSED_ON if name in os.environ}}
    here = {"working_dir": os.getcwd(), "command": COMMAND} if pool_type == "process" else {}
    return {"env": environment, **here}
