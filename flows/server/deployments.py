"""The deployments: one a pipeline and kind of run, made from the pipeline file and from nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prefect import Flow
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.schedules import Schedule as PrefectSchedule
from prefect.types.entrypoint import EntrypointType

from daycast.flows.backfill import backfill
from daycast.flows.daily import daily
from daycast.flows.server.describing import BACKFILL, UPKEEP, daily_of, retrain_of
from daycast.flows.upkeep import UPKEEP_SCHEDULE, upkeep
from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.schedule import Schedule

TAG = "daycast"
"""On every deployment, so that automations find their runs."""

SLUG = "daycast"
"""Of the schedule that the pipeline file says, so that it is told from those that a person adds."""

_ONE_AT_A_TIME = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)


def make_deployments(pipelines: Iterable[AnyPipeline], *, sample: bool = False) -> list[RunnerDeployment]:
    """Every deployment: for each pipeline the daily run and the retrain, then backfill and upkeep.

    Args:
        pipelines: as the pipeline file has them.
        sample: run them on generated data.

    Returns:
        Not registered yet; a run of each waits for the one before it.
    """
    deployments = [made for spec in pipelines for made in _of_pipeline(spec, sample=sample)]
    return [
        *deployments,
        _deployment(backfill, "backfill", about=BACKFILL, tags=[TAG]),
        _deployment(upkeep, "upkeep", about=UPKEEP, tags=[TAG], schedule=UPKEEP_SCHEDULE),
    ]


def _of_pipeline(spec: AnyPipeline, *, sample: bool) -> list[RunnerDeployment]:
    shown = spec.as_sample() if sample else spec
    parameters = {"pipeline": spec.name, "sample": sample}
    tags = [TAG, shown.name]
    return [
        _deployment(daily, shown.name, about=daily_of(shown), tags=tags, schedule=spec.schedule, parameters=parameters),
        _deployment(
            daily,
            f"{shown.name}-retrain",
            about=retrain_of(shown),
            tags=[*tags, "retrain"],
            schedule=spec.retrain_schedule,
            parameters={**parameters, "training": "retrain"},
        ),
    ]


def _deployment(
    flow: Flow[..., Any],
    name: str,
    *,
    about: str,
    tags: list[str],
    schedule: Schedule | None = None,
    parameters: dict[str, Any] | None = None,
) -> RunnerDeployment:
    made: Any = flow.to_deployment(
        name,
        schedules=[_cron(schedule)] if schedule else [],
        parameters=parameters,
        tags=tags,
        description=about,
        concurrency_limit=_ONE_AT_A_TIME,
        # By module: a file path would be loaded under its bare name, with flows/ first on sys.path.
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    deployment: RunnerDeployment = made
    return deployment


def _cron(schedule: Schedule) -> PrefectSchedule:
    return Cron(schedule.cron, timezone=schedule.timezone, slug=SLUG)
