"""Let model versions predict the held-out windows and the ones whose future is not known yet."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.tasks.apart.predicting import predict_and_keep
from daycast.tasks.apart.process import HERE, Asked
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Prepared


@task(name="predict", cache_policy=NO_CACHE)
def predict(job: Job, prepared: Prepared, *, versions: tuple[str, ...], process: Asked = HERE) -> None:
    """Keep each version's predictions for this state of the data in the lake; those kept already are left.

    Args:
        job: the run.
        prepared: its windows.
        versions: those that predict.
        process: where they do.

    Raises:
        ModelFileError: a version's file is not the one that was saved.
    """
    if versions:
        process.ask(predict_and_keep, job, prepared, versions)
