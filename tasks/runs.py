"""A run's own row in SQL: opened before the work, closed when the work failed.

A run that ends well is closed by the forecast step, in one transaction with its forecasts.
"""

from __future__ import annotations

from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from storage.job import Job


@task(name="begin-run", cache_policy=NO_CACHE)
def begin(job: Job) -> bool:
    """Open the run's row, status ``running``; the same run done again takes its row over.

    Returns:
        Whether there is a champion that the run might go on with.
    """
    from storage.runs import begin_run
    from storage.versions import serving

    with job.database() as database:
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
def fail(job: Job, *, message: str, at: datetime) -> None:
    """Close the run's row at the instant ``at``, status ``failed``."""
    from storage.runs import Outcome, finish_run

    outcome = Outcome(status="failed", finished_at=at, message=message)
    with job.database() as database:
        finish_run(database, run_id=job.run_id, outcome=outcome)
