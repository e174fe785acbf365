"""How the tasks of a run are tried again."""

from __future__ import annotations

import functools
from typing import Any

from prefect.runtime import deployment

from daycast.storage.terms.errors import DatabaseUnavailable, FeedUnavailable

_PAUSES = [2.0, 4.0, 8.0]
"""Seconds between the tries of a task."""
_PATIENT_PAUSES = [*_PAUSES, 60.0, 600.0]
"""Likewise, where nobody sits and waits."""
_WAIT_SECONDS, _PATIENT_WAIT_SECONDS = 15.0, 1500.0
"""How long a run waits for another one of its pipeline, and for a database that is down when it begins.

Less than the half hour after which what a run fetches comes too late for its ``as_of``.
"""


def retries() -> dict[str, Any]:
    """What a task is given, so that it is tried again.

    Not so the whole run: Prefect never comes back to a flow that returns its failure, and it would not ask whether
    another try may help.
    """
    pauses = _PATIENT_PAUSES if _deployed() else _PAUSES
    return {
        "retries": len(pauses),
        "retry_delay_seconds": pauses,
        "retry_jitter_factor": 0.5,
        "retry_condition_fn": _transient,
    }


def patience() -> float:
    """How many seconds a run waits before it begins, where it cannot begin at once."""
    return _PATIENT_WAIT_SECONDS if _deployed() else _WAIT_SECONDS


def _transient(task: Any, run: Any, state: Any) -> bool:  # noqa: ARG001 — Prefect's signature
    """Whether another try may help: the feed or the database was away, and nothing is wrong with what was asked."""
    # Not by state.result(): whether that is to be awaited hangs on where it is called.
    error = getattr(state.data, "result", state.data)
    return isinstance(error, FeedUnavailable | DatabaseUnavailable)


@functools.cache
def _deployed() -> bool:
    """Whether this process was started for a deployment; asked anew, Prefect asks its server, a tenth of a second."""
    return deployment.id is not None
