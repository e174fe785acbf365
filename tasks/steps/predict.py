"""Let model versions predict the held-out windows and the ones whose future is not known yet, and say why."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.tasks.apart.explaining import explain_shard, explain_shards, shards_of
from daycast.tasks.apart.predicting import predict_and_keep, predict_shard
from daycast.tasks.apart.process import HERE, Asked
from daycast.tasks.apart.spreading import IN_TURN, Spread
from daycast.tasks.handover.explained import Explained
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.material import forget
from daycast.tasks.handover.results import Prepared


@task(name="predict", cache_policy=NO_CACHE)
def predict(
    job: Job, prepared: Prepared, *, versions: tuple[str, ...], process: Asked = HERE, spread: Spread = IN_TURN
) -> tuple[Explained, ...]:
    """Keep each version's predictions for this state of the data in the lake; those kept already are left.

    Args:
        job: the run.
        prepared: its windows.
        versions: those that predict.
        process: where they do, one shard after the other.
        spread: how the shards are gone over where that is not in this process.

    Returns:
        What moved each version's forecasts of the series that a report shows.

    Raises:
        ModelFileError: a version's file is not the one that was saved.
    """
    if not versions:
        return ()
    if spread.here:
        process.ask(predict_and_keep, job, prepared, versions)
        explained = tuple(process.ask(explain_shards, job, prepared, versions))
        process.ask(forget)
        return explained
    spread.over(predict_shard, list(prepared.shards), job, prepared, versions)
    told = spread.over(explain_shard, shards_of(job, prepared), job, prepared, versions)
    return tuple(each for of in told for each in of)
