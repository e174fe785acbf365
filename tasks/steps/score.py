"""Hold the forecasts that were made against the actual values that have come."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.live import LiveAccuracy
from daycast.storage.terms.words import (
    ALL_LEADS,
    ALL_SERIES,
    AVAILABLE_AT,
    LEAD,
    OBSERVED_AT,
    SERIES_ID,
    SYMBOL,
    VALID_AT,
    VERSION,
    series_id,
)
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Scored
from daycast.tasks.handover.vintages import resolved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import pandas as pd

    from daycast.storage.sql.database import Database

_WEEK, _MONTH = timedelta(days=7), timedelta(days=30)


@task(name="score", cache_policy=NO_CACHE)
def score(job: Job) -> Scored:
    """Write the series, the actual values known at ``as_of`` that SQL does not hold, and what forecasts were worth.

    Scored are the forecasts of runs before this one, against the actual values as known at ``as_of``, each on the basis
    on which it was made. Versions whose last forecasts were scored long ago are left alone: nothing comes of them.
    """
    from daycast.models.scores.live import accuracy, within
    from daycast.storage.sql.live import write_live

    with job.database() as database:
        actuals = _write_actuals(job, database)
        outcomes = _outcomes(job, database)
        written = _write_evaluations(job, database, outcomes)
        judged, broken = _judge(job, database, outcomes)
        week, month = (LiveAccuracy(**accuracy(within(outcomes, since=job.as_of - span))) for span in (_WEEK, _MONTH))
        write_live(database, job.pipeline.name, as_of=job.as_of, figures={_WEEK.days: week, _MONTH.days: month})
    return Scored(
        actuals=actuals,
        forecasts=len(outcomes),
        evaluations=written,
        week=week,
        month=month,
        judged=judged,
        broken=broken,
    )


def _write_actuals(job: Job, database: Database) -> int:
    from daycast.storage.sql.series import known_until, upsert_series, write_actuals

    upsert_series(database, _series(job))
    known = known_until(database, job.pipeline.name)
    return sum(write_actuals(database, _actuals(job, shard, symbols, known)) for shard, symbols in job.shards().items())


def _series(job: Job) -> list[dict[str, object]]:
    spec = job.pipeline
    shared = {"pipeline": spec.name, "feed": spec.feed, "target": spec.target, "unit": spec.unit}
    return [
        {**shared, SERIES_ID: series_id(spec.name, symbol), "symbol": symbol, "calendar": spec.calendar}
        for symbol in spec.symbols
    ]


def _actuals(job: Job, shard: str, symbols: Sequence[str], known: Mapping[str, datetime]) -> pd.DataFrame:
    """The values of a shard that were known at ``as_of``, and later than the last one in SQL."""
    import pandas as pd

    spec = job.pipeline
    rows = job.observations().history(shard).known(job.as_of).only(symbols).frame
    if rows.empty:
        return rows
    rows = rows[rows[spec.target].notna()]
    since = rows[SYMBOL].map({symbol: known.get(series_id(spec.name, symbol)) for symbol in symbols})
    # Of that very instant too: a run that is on time takes up revisions as known at its own as_of.
    later = ~(rows[AVAILABLE_AT] < pd.to_datetime(since, utc=True)).to_numpy()
    rows = rows[later]
    return pd.DataFrame(
        {
            SERIES_ID: rows[SYMBOL].map({symbol: series_id(spec.name, symbol) for symbol in symbols}),
            VALID_AT: rows[OBSERVED_AT],
            "value": rows[spec.target],
            AVAILABLE_AT: rows[AVAILABLE_AT],
        }
    )


def _outcomes(job: Job, database: Database) -> pd.DataFrame:
    """Forecasts beside their actual values: of every version that forecast lately, or since the last scoring."""
    from daycast.storage.sql.evaluations import forecasts_made, live_until

    lately = job.as_of - max(_MONTH, timedelta(days=job.pipeline.training.live_days))
    scored = live_until(database, job.pipeline.name)
    since = min(lately, scored) if scored else None
    made = forecasts_made(database, job.pipeline.name, before=job.as_of, since=since)
    targets = dict.fromkeys(job.pipeline.symbols, job.pipeline.target)
    return resolved(job.observations(), job.pipeline.name, made, targets=targets, as_of=job.as_of)


def _write_evaluations(job: Job, database: Database, outcomes: pd.DataFrame) -> int:
    """Write the scores of the versions of which something came since they were last written."""
    from daycast.models.scores.live import score_live
    from daycast.storage.sql.evaluations import live_totals, write_evaluations

    if outcomes.empty:
        return 0
    scores = score_live(outcomes, directional=job.pipeline.sessions)
    stored = live_totals(database, job.pipeline.name)
    overall = scores[(scores[SERIES_ID] == ALL_SERIES) & (scores[LEAD] == ALL_LEADS) & (scores["metric"] == "mae")]
    keys = zip(overall[VERSION], overall["forecaster"], overall["value"], overall["n"], strict=True)
    changed = [(version, name) for version, name, value, n in keys if stored.get((version, name)) != (value, n)]
    fresh = scores.set_index([VERSION, "forecaster"]).loc[changed].reset_index()
    return write_evaluations(database, fresh.assign(pipeline=job.pipeline.name, split="live", evaluated_at=job.as_of))


def _judge(job: Job, database: Database, outcomes: pd.DataFrame) -> tuple[LiveAccuracy, dict[str, str]]:
    """What the pipeline's rules look at, and what of them is broken."""
    from daycast.models.race.retraining import broken_rules, drifted
    from daycast.models.scores.live import judged
    from daycast.storage.sql.drift import newest_drift
    from daycast.storage.sql.versions import last_retrain

    name, rules = job.pipeline.name, job.pipeline.training
    retrained = last_retrain(database, name, before=job.as_of)
    live = judged(outcomes, rules=rules, as_of=job.as_of, retrained=retrained)
    found = newest_drift(database, name, until=job.as_of, before=True)
    broken = {**broken_rules(rules, live=live), **drifted(rules, found=found, retrained=retrained)}
    return LiveAccuracy(**live), broken
