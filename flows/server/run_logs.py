"""What a run logged, as the Prefect server keeps it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.sorting import LogSort

_PAGE = 200


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a log.

    Attributes:
        at: aware UTC.
        level: such as ``INFO``.
        message: what was said.
    """

    at: datetime
    level: str
    message: str


def logs_of(flow_run: str | None) -> list[Line]:
    """What a flow run logged, oldest first; nothing where the server does not know it."""
    if flow_run is None:
        return []
    chosen = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[UUID(flow_run)]))
    found: list[Line] = []
    with get_client(sync_client=True) as client:
        while page := client.read_logs(chosen, limit=_PAGE, offset=len(found), sort=LogSort.TIMESTAMP_ASC):
            found += [
                Line(at=log.timestamp, level=logging.getLevelName(log.level), message=log.message) for log in page
            ]
    return found
