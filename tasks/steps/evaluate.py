"""Hold the race on the held-out windows, and let the winner serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.errors import DataError
from daycast.storage.terms.words import ALL_SERIES, ALL_VERSIONS, NAIVE, NETWORK, Metric
from daycast.tasks.apart.spreading import IN_TURN, Spread
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.material import material
from daycast.tasks.handover.results import Evaluated, Plan, Prepared
from daycast.tasks.handover.told import told

if TYPE_CHECKING:
    import pandas as pd

    from daycast.models.race.contest import Contest, Tallies

_OF_BASELINES: tuple[Metric, ...] = ("mae", "rmse", "mase", "skill", "skill_best", "coverage_80", "coverage_95")
"""What is kept series by series of all but the network."""


@task(name="evaluate", cache_policy=NO_CACHE)
def evaluate(job: Job, prepared: Prepared, plan: Plan, *, spread: Spread = IN_TURN) -> Evaluated:
    """Score networks and baselines on the same windows, keep the scores, and promote or reject the challenger.

    Where no version is left that could race, the best baseline serves; where there are not even windows to find out
    which that is, naive.

    Args:
        job: the run.
        prepared: its windows.
        plan: which versions race.
        spread: how the shards are gone over.
    """
    from daycast.models.race.contest import hold

    spec = job.pipeline
    entered = [] if prepared.untrainable else spread.over(_enter, list(prepared.shards), job, prepared, plan)
    try:
        some = [each for each in entered if each is not None]
        contest = hold(some, challenger=plan.challenger, champion=plan.champion, spec=spec)
    except DataError as error:
        why = str(error) if plan.versions else "No version is left: naive serves."
        return Evaluated(version=None, forecaster=NAIVE, promoted=False, reason=why)
    _keep(job, contest, challenger=plan.challenger)
    alone = "" if plan.versions else "No version is left: "
    return Evaluated(
        version=contest.version,
        forecaster=contest.verdict.served,
        newcomers=contest.newcomers,
        baseline=contest.baseline,
        promoted=contest.verdict.promoted,
        reason=f"{alone}{contest.verdict.reason}",
        test=contest.test(),
    )


def _enter(shard: str, job: Job, prepared: Prepared, plan: Plan) -> Tallies | None:
    from daycast.models.race.contest import SPLITS, enter

    held = material(job, prepared, shard)
    parts = {split: getattr(held, split) for split in SPLITS}
    said = {
        version: {split: told(job, version, shard, windows) for split, windows in parts.items()}
        for version in plan.versions
    }
    networks = {
        version: {name: {split: each[split][name] for split in SPLITS} for name in each["validation"]}
        for version, each in said.items()
    }
    return enter(held, networks=networks, known=job.known_series(plan.versions), spec=job.pipeline)


def _keep(job: Job, contest: Contest, *, challenger: str | None) -> None:
    from daycast.storage.sql.evaluations import write_evaluations
    from daycast.storage.sql.versions import settle

    with job.database() as database:
        for version, scores in contest.scores.items():
            write_evaluations(database, _rows(job, version, scores))
        settle(database, job.pipeline.name, challenger, promoted=contest.verdict.promoted, at=job.as_of)


def _rows(job: Job, version: str, scores: pd.DataFrame) -> pd.DataFrame:
    """The rows of the table; those of the baselines stand once, under no version.

    Series by series there are 38 of a version and what was fitted beside it.
    """
    told = scores["metric"].isin(_OF_BASELINES) | (scores["series_id"] == ALL_SERIES)
    scores = scores[told | (scores["forecaster"] == NETWORK)]
    return scores.assign(pipeline=job.pipeline.name, version=version or ALL_VERSIONS, evaluated_at=job.as_of)
