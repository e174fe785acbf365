"""What forecasts turned out to be worth, by everything that the feed ever said of the target of their series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daycast.storage.terms.words import AVAILABLE_AT, FETCHED_AT, OBSERVED_AT, SERIES_ID, SYMBOL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import pandas as pd

    from daycast.storage.lake.observations import Observations


def resolved(
    store: Observations, pipeline: str, made: pd.DataFrame, *, targets: Mapping[str, str], as_of: datetime
) -> pd.DataFrame:
    """Forecasts beside their actual values, as :func:`daycast.models.scores.live.resolve` gives them.

    A shard is looked at after the other: whatever was said of ten thousand series takes gigabytes.

    Args:
        store: the pipeline's observations.
        pipeline: its name.
        made: rows of the table ``forecasts``, each with an index of its own; of other series nothing comes.
        targets: by symbol, the column that is forecast.
        as_of: aware.

    Returns:
        Those rows in the order given.
    """
    import pandas as pd

    from daycast.models.scores.live import resolve
    from daycast.storage.lake.observations import NO_VINTAGES

    found = [resolve(made[:0], NO_VINTAGES, as_of=as_of)]
    for shard, symbols in store.shards().among(targets).items():
        own = made[made[SERIES_ID].isin([f"{pipeline}/{symbol}" for symbol in symbols])]
        if len(own):
            said = _said(store, pipeline, shard, symbols, targets=targets)
            found.append(resolve(own, said, as_of=as_of))
    some = [rows for rows in found if len(rows)] or found
    return pd.concat(some).sort_index()


def _said(
    store: Observations, pipeline: str, shard: str, symbols: Sequence[str], *, targets: Mapping[str, str]
) -> pd.DataFrame:
    """Every vintage of each symbol's target, as ``value``, with its three times."""
    import pandas as pd

    from daycast.storage.lake.observations import NO_VINTAGES

    found = []
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
