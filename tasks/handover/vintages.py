"""Everything that the feed ever said of the target of series that were forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daycast.storage.terms.words import AVAILABLE_AT, FETCHED_AT, OBSERVED_AT, SERIES_ID, SYMBOL
from daycast.tasks.handover.job import Job

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from daycast.storage.lake.observations import Observations


def vintages(job: Job, made: pd.DataFrame) -> pd.DataFrame:
    """The vintages of those of the job's series that forecasts are of; see :func:`vintages_of`."""
    wanted = set(made[SERIES_ID].unique())
    targets = {
        symbol: job.pipeline.target
        for symbol, name in zip(job.pipeline.symbols, job.series_ids(), strict=True)
        if name in wanted
    }
    return vintages_of(job.observations(), job.pipeline.name, targets=targets)


def vintages_of(store: Observations, pipeline: str, *, targets: Mapping[str, str]) -> pd.DataFrame:
    """Every vintage of each symbol's target.

    Args:
        store: the pipeline's observations.
        pipeline: its name.
        targets: by symbol, the column.

    Returns:
        ``series_id``, ``observed_at``, ``available_at``, ``fetched_at`` and ``value``, by series and instant.
    """
    import pandas as pd

    from daycast.storage.lake.observations import NO_VINTAGES

    found = []
    for shard, symbols in store.shards().among(targets).items():
        for column in sorted({targets[symbol] for symbol in symbols}):
            of_column = [symbol for symbol in symbols if targets[symbol] == column]
            rows = store.history(shard).only(of_column).frame
            if rows.empty:
                continue
            # A column that was never asked of the feed is known of nowhere.
            kept = rows.reindex(columns=[SYMBOL, OBSERVED_AT, AVAILABLE_AT, FETCHED_AT, column])
            names = kept[SYMBOL].map({symbol: f"{pipeline}/{symbol}" for symbol in of_column})
            found.append(kept.rename(columns={column: "value"}).assign(**{SERIES_ID: names}).astype({"value": float}))
    return pd.concat(found, ignore_index=True) if found else NO_VINTAGES
