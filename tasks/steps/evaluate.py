"""Hold the race on the held-out windows, and let the winner serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.words import NAIVE
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Evaluated, Plan, Prepared

if TYPE_CHECKING:
    import pandas as pd

    from daycast.models.race.contest import Contest


@task(name="evaluate", cache_policy=NO_CACHE)
def evaluate(job: Job, prepared: Prepared, plan: Plan) -> Evaluated:
    """Score networks and baselines on the same windows, keep the scores, and promote or reject the challenger.

    Where no version is left that could race, naive serves.
    """
    if not plan.versions:
        return Evaluated(version=None, forecaster=NAIVE, promoted=False, reason="No version is left: naive serves.")
    contest = _contest(job, prepared, plan)
    _keep(job, contest, challenger=plan.challenger)
    return Evaluated(
        version=contest.version,
        forecaster=contest.verdict.served,
        promoted=contest.verdict.promoted,
        reason=contest.verdict.reason,
        test=contest.test(),
    )


def _contest(job: Job, prepared: Prepared, plan: Plan) -> Contest:
    from daycast.models.race.contest import hold
    from daycast.models.series.material import assemble

    store, kept = job.windows(), job.predictions()
    material = assemble(
        store.read(prepared.until),
        store.read_latest(data_hash=prepared.data_hash),
        instants=job.instants(prepared),
        spec=job.pipeline,
    )
    networks = {name: kept.means(version=name, data_hash=prepared.data_hash) for name in plan.versions}
    return hold(material, networks=networks, challenger=plan.challenger, champion=plan.champion, spec=job.pipeline)


def _keep(job: Job, contest: Contest, *, challenger: str | None) -> None:
    from daycast.storage.sql.evaluations import write_evaluations
    from daycast.storage.sql.versions import promote, reject

    with job.database() as database:
        for version, scores in contest.scores.items():
            write_evaluations(database, _rows(job, version, scores))
        if challenger and contest.verdict.promoted:
            promote(database, job.pipeline.name, challenger, at=job.as_of)
        elif challenger:
            reject(database, job.pipeline.name, challenger)


def _rows(job: Job, version: str, scores: pd.DataFrame) -> pd.DataFrame:
    return scores.assign(pipeline=job.pipeline.name, version=version, evaluated_at=job.as_of)
