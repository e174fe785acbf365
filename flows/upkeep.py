"""The upkeep flow: what is no longer needed goes, small files are put together, and what is kept is checked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, FlowRunFilter
from prefect.states import Completed, Failed

from daycast.flows.running.clock import now
from daycast.storage.config.pipeline_file import load_pipelines
from daycast.storage.config.settings import Settings
from daycast.storage.terms.errors import DaycastError
from daycast.storage.terms.keeping import Retention
from daycast.storage.terms.schedule import Schedule
from daycast.storage.terms.text import counted
from daycast.tasks.handover.job import Upkeep
from daycast.tasks.handover.results import Compacted, Removed, Verified
from daycast.tasks.upkeep import compact, remove_derived, remove_reports, remove_versions, verify_versions

UPKEEP_SCHEDULE = Schedule(cron="30 4 * * 0", timezone="UTC")

_PREFECT_DAYS = 90
_PAGE = 200


def _run_name() -> str:
    return f"upkeep@{now():%Y-%m-%dT%H:%MZ}"


@flow(name="upkeep", flow_run_name=_run_name)
def upkeep(keep_versions: int = 10, keep_report_days: float = 90, keep_prefect_days: float = _PREFECT_DAYS) -> Any:
    """Remove what nobody needs, put small files together, and hash every stored model again.

    Args:
        keep_versions: How many of the newest model versions of each pipeline stay, beside the champion, its ancestors
            and the one before it.
        keep_report_days: For how many days reports of single runs stay.
        keep_prefect_days: For how many days Prefect's own records of runs stay.

    Returns:
        A state: completed, or failed where a stored file is not the one that was saved.
    """
    settings, present = Settings(), now()
    keep = Retention(versions=keep_versions, report_days=keep_report_days)
    try:
        pipelines = tuple(load_pipelines(settings.pipelines).values())
        work = Upkeep(pipelines=pipelines, now=present, settings=settings, keep=keep)
        removed = [remove_versions(work), remove_derived(work), remove_reports(work)]
        compacted, verified = compact(work), verify_versions(work)
    except DaycastError as error:
        get_run_logger().error("%s", error)
        return Failed(message=str(error))
    runs = _forget_runs(days=keep_prefect_days)
    create_markdown_artifact(_page(removed, compacted, verified, runs=runs), key="upkeep")
    if verified.bad:
        return Failed(
            message=f"Stored files are not as they were saved: {', '.join(verified.bad)}. See: daycast models verify"
        )
    return Completed(
        message=f"{counted(len(removed[0].versions), 'version')} removed, {counted(verified.files, 'file')} verified"
    )


def _forget_runs(*, days: float) -> int:
    """Remove Prefect's records of runs that ended long ago, where its own vacuum does not."""
    ended = FlowRunFilter.model_validate(
        {
            "end_time": {"before_": now() - timedelta(days=days)},
            "state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"]}},
        }
    )
    count = 0
    with get_client(sync_client=True) as client:
        while runs := client.read_flow_runs(flow_run_filter=ended, limit=_PAGE):
            _forget_artifacts(client, [run.id for run in runs])
            for run in runs:
                client.delete_flow_run(run.id)
            count += len(runs)
    return count


def _forget_artifacts(client: SyncPrefectClient, runs: list[UUID]) -> None:
    """Remove the artifacts of runs, which Prefect keeps when the runs go: each report is some dozens of kilobytes."""
    of_runs = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=runs))
    while artifacts := client.read_artifacts(artifact_filter=of_runs, limit=_PAGE):
        for artifact in artifacts:
            client.delete_artifact(artifact.id)


def _page(removed: list[Removed], compacted: Compacted, verified: Verified, *, runs: int) -> str:
    rows = {
        "model versions removed": sum(len(part.versions) + len(part.orphans) for part in removed),
        "predictions removed": sum(part.predictions for part in removed),
        "windows removed": sum(part.windows for part in removed),
        "reports removed": sum(part.reports for part in removed),
        "half-written files removed": sum(part.partial for part in removed),
        "small files put together": compacted.files,
        "records of old Prefect runs removed": runs,
        "model files verified": verified.files,
        "model files that are not as they were saved": len(verified.bad),
    }
    lines = [f"| {what} | {count} |" for what, count in rows.items()]
    busy = sorted({name for part in removed for name in part.busy} | set(compacted.busy))
    left = f"\nLeft alone, as a run was in progress: {', '.join(busy)}.\n" if busy else ""
    return "\n".join(["# Upkeep", "| | |", "|---|---|", *lines, left])
