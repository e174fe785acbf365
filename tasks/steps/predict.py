"""Let model versions predict the held-out windows and the ones whose future is not known yet."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.tasks.apart.predicting import predict_and_keep, predict_shard
from daycast.tasks.apart.process import HERE, Asked
from daycast.tasks.apart.spreading import IN_TURN, Spread
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Prepared


@task(name="predict", cache_policy=NO_CACHE)
def predict(
    job: Job, prepared: Prepared, *, versions: tuple[str, ...], process: Asked = HERE, spread: Spread = IN_TURN
) -> None:
    """Keep each version's predictions for this state of the data in the lake; those kept already are left.

    Args:
        job: the run.
        prepared: its windows.
        versions: those that predict.
        process: where they do, one shard after the other.
        spread: how the shards are gone over where that is not in this process.

    Raises:
        ModelFileError: a version's file is not the one that was saved.
    """
    if versions and not spread.here:
        spread.over(predict_shard, list(prepared.shards), job, prepared, versions)
    elif versions:
        process.ask(predict_and_keep, job, prepared, versions)
