"""A run's own lock, and its own row in SQL: opened before the work, closed when the work failed.

A run that ends well is closed by the forecast step, in one transaction with its forecasts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from prefect.states import Failed

from daycast.storage.terms.errors import DatabaseError, DatabaseUnavailable
from daycast.tasks.handover.job import AnyJob

_PAUSE_SECONDS = 2.0


@contextmanager
def alone(job: AnyJob, *, seconds: float) -> Iterator[None]:
    """Let no other run of the pipeline be in progress as long as the block.

    Args:
        job: the run.
        seconds: how long to wait at most for the other run, and for a database that is down.

    Raises:
        PipelineBusy: another run was in progress all the time.
        DatabaseUnavailable: the database was down all the time.
    """
    deadline = time.monotonic() + seconds
    with ExitStack() as held:
        while not _entered(held, job, deadline=deadline):
            time.sleep(_PAUSE_SECONDS)
        yield


def _entered(held: ExitStack, job: AnyJob, *, deadline: float) -> bool:
    """Take the lock for as long as the stack; false where the database is down and there is time left."""
    from daycast.storage.sql.locks import wait_for_run_lock

    left = max(0.0, deadline - time.monotonic())
    try:
        with ExitStack() as opened:
            database = opened.enter_context(job.database())
            opened.enter_context(wait_for_run_lock(database, job.pipeline.name, seconds=left))
            held.enter_context(opened.pop_all())
    except DatabaseUnavailable:
        if time.monotonic() >= deadline:
            raise
        return False
    return True


@task(name="begin-run", cache_policy=NO_CACHE)
def begin(job: AnyJob) -> bool:
    """Open the run's row, status ``running``; the same run done again takes its row over.

    To be called with the pipeline's lock held: other rows of it that are ``running`` are of runs that were killed.

    Returns:
        Whether there is a champion that the run might go on with.
    """
    from daycast.storage.sql.runs import begin_run, close_dead_runs
    from daycast.storage.sql.versions import serving

    with job.database() as database:
        close_dead_runs(database, job.pipeline.name, at=job.now, but=job.run_id)
        begin_run(
            database,
            run_id=job.run_id,
            pipeline=job.pipeline.name,
            as_of=job.as_of,
            started_at=job.now,
            prefect_flow_run_id=flow_run.get_id(),
        )
        return serving(database, job.pipeline.name, at=job.as_of, strictly_before=True) is not None


@task(name="fail-run", cache_policy=NO_CACHE)
def fail(job: AnyJob, *, message: str, at: datetime) -> None:
    """Close the run's row at the instant ``at``, status ``failed``."""
    from daycast.storage.sql.runs import Outcome, finish_run

    outcome = Outcome(status="failed", finished_at=at, message=message)
    with job.database() as database:
        finish_run(database, run_id=job.run_id, outcome=outcome)


@task(name="served-as-asked", cache_policy=NO_CACHE)
def served_as_asked(message: str) -> Any:
    """Say in red, in the Prefect UI, that a run is degraded: it has done its work, and needs a person all the same.

    Its flow run is "Completed", as the UI's lists show no state by another name. A task that failed stands in the
    dashboard's count and in the run's picture, and calls nobody.
    """
    return Failed(message=message)


def cancel(job: AnyJob, *, message: str, at: datetime) -> None:
    """Close the run's row, ``cancelled``, where it is still open; no task, as the run is being stopped.

    To be called with the pipeline's lock held. A database that is down then is left alone: the next run of the pipeline
    closes the row.
    """
    from daycast.storage.sql.runs import close_dead_runs

    with suppress(DatabaseError), job.database() as database:
        close_dead_runs(database, job.pipeline.name, at=at, status="cancelled", message=message)
