"""What a person has set of a deployment in the Prefect UI stays set when it is registered again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import signature
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, DeploymentScheduleUpdate
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound

from daycast.flows.backfill import backfill
from daycast.flows.daily import daily
from daycast.flows.server.deployments import SLUG, TAG
from daycast.flows.upkeep import upkeep

_FIXED = ("pipeline", "sample")
"""Parameters that make the deployment the one that it is."""
_TAKEN: Mapping[str, set[str]] = {
    str(flow.name): set(signature(flow.fn).parameters) for flow in (daily, backfill, upkeep)
}
"""The parameters that each flow takes; others were those of an earlier daycast."""


def settle(deployments: Iterable[RunnerDeployment]) -> list[RunnerDeployment]:
    """Take over what the server has of each deployment: paused or not, its schedules' too, parameters and tags.

    The cron of the pipeline file's own schedule comes from there each time; schedules that a person added stay.

    Args:
        deployments: about to be registered; changed in place.

    Returns:
        The same.
    """
    settled = list(deployments)
    with get_client(sync_client=True) as client:
        for deployment in settled:
            try:
                found = client.read_deployment_by_name(f"{deployment.flow_name}/{deployment.name}")
            except ObjectNotFound:
                continue
            _take_over(deployment, found)
    return settled


def _take_over(deployment: RunnerDeployment, found: DeploymentResponse) -> None:
    ours: dict[str, Any] = deployment.parameters or {}
    taken = _TAKEN[str(deployment.flow_name)]
    kept = {name: value for name, value in found.parameters.items() if name in taken}
    deployment.parameters = {**ours, **kept, **{name: ours[name] for name in _FIXED if name in ours}}
    deployment.tags = [*found.tags, *({TAG} - set(found.tags))]
    deployment.paused = found.paused
    own = deployment.schedules or []
    for schedule in own:
        schedule.active = all(before.active for before in found.schedules if _is_ours(before, own))
    added = [_again(schedule) for schedule in found.schedules if not _is_ours(schedule, own)]
    deployment.schedules = [*own, *added]


def _is_ours(schedule: DeploymentSchedule, own: Iterable[DeploymentScheduleCreate | DeploymentScheduleUpdate]) -> bool:
    """Whether daycast made it; an earlier daycast gave it no slug, but the pipeline file's cron."""
    if schedule.slug is not None:
        return schedule.slug == SLUG
    return any(schedule.schedule == each.schedule for each in own)


def _again(schedule: DeploymentSchedule) -> DeploymentScheduleCreate:
    """A schedule as it is; Prefect asks for a slug of each, where one has one."""
    slug = schedule.slug or f"added-{str(schedule.id)[:8]}"
    return DeploymentScheduleCreate(
        schedule=schedule.schedule, active=schedule.active, parameters=schedule.parameters, slug=slug
    )
