"""Let the actual values that have come stand beside the forecasts that were made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from storage.contracts import AVAILABLE_AT, OBSERVED_AT, SERIES_ID, VALID_AT, series_id
from storage.job import Job

if TYPE_CHECKING:
    import pandas as pd


@task(name="score", cache_policy=NO_CACHE)
def score(job: Job) -> int:
    """Write the series, and the actual values known at ``as_of`` that SQL does not hold.

    Returns:
        How many values were written.
    """
    from storage.series import known_until, upsert_series, write_actuals

    with job.database() as database:
        upsert_series(database, _series(job))
        known = known_until(database, job.series_ids())
        return sum(
            write_actuals(database, _actuals(job, symbol, since=known.get(series_id(job.pipeline.name, symbol))))
            for symbol in job.pipeline.symbols
        )


def _series(job: Job) -> list[dict[str, object]]:
    spec = job.pipeline
    shared = {"pipeline": spec.name, "feed": spec.feed, "target": spec.target, "unit": spec.unit}
    return [
        {**shared, SERIES_ID: series_id(spec.name, symbol), "symbol": symbol, "calendar": spec.calendar}
        for symbol in spec.symbols
    ]


def _actuals(job: Job, symbol: str, *, since: object) -> pd.DataFrame:
    import pandas as pd

    rows = job.observations().read(symbol, as_of=job.as_of)
    if since is not None:
        rows = rows[rows[AVAILABLE_AT] > pd.Timestamp(since)]
    return pd.DataFrame(
        {
            SERIES_ID: series_id(job.pipeline.name, symbol),
            VALID_AT: rows[OBSERVED_AT],
            "value": rows[job.pipeline.target],
            AVAILABLE_AT: rows[AVAILABLE_AT],
        }
    )
