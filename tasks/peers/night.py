"""What a panel's nights predicted, beside which peers are asked for the same origins of the same file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from daycast.storage.terms.rules import SplitSpec
from daycast.storage.terms.words import MEAN, ORIGIN, SERIES_ID, series_id
from daycast.tasks.handover.stores import Stores
from daycast.tasks.panel_benchmark import BATCH, HORIZON, LOOKBACK, NAME, UNITS, Asked, LaidOut
from daycast.tasks.peers.answer import Answer, Forecaster, What
from daycast.tasks.peers.comparison import Line, compare
from daycast.tasks.peers.ours import NAIVE, NETWORK, forecast
from daycast.tasks.peers.sets import Set

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from daycast.storage.config.settings import Settings

_SEASON = 5
_ORIGINS = 10
"""Of the test part, and as many before it."""


@dataclass(frozen=True, kw_only=True)
class Took:
    """What the nights took.

    Attributes:
        seconds: of the first, from the file to the forecasts in SQL.
        night: of the next.
        memory: MiB of all processes of the first together at most.
    """

    seconds: float
    night: float
    memory: float


def compare_night(
    asked: Asked, laid_out: LaidOut, settings: Settings, *, took: Took, peers: Mapping[str, Forecaster]
) -> Iterator[Line]:
    """What the first night's network had predicted, the last value, and each peer, on the same origins.

    Args:
        asked: which panel.
        laid_out: its file.
        settings: of the place where the nights ran.
        took: what they took.
        peers: by name.
    """
    table = _prices(asked, laid_out)

    def network(what: What) -> Answer:
        mean = _predicted(settings, table, origins=what["origins"])
        return Answer(mean=mean, seconds=took.seconds, night=took.night, memory=took.memory)

    others = {name: _of_one_night(peer) for name, peer in peers.items()}
    forecasters = {NETWORK: network, NAIVE: lambda what: forecast(NAIVE, what), **others}
    return compare(_as_set(table, asked=asked), origins=_ORIGINS, forecasters=forecasters)


def _of_one_night(peer: Forecaster) -> Forecaster:
    """The same, its seconds those of fitting and of one origin's forecasts."""

    def ask(what: What) -> Answer:
        answer = peer(what)
        return replace(answer, seconds=answer.seconds - (len(what["origins"]) - 1) * (answer.night or 0.0))

    return ask


def _prices(asked: Asked, laid_out: LaidOut) -> pd.DataFrame:
    """Those of the series that have one on each of the first night's sessions, a column a series."""
    import pandas as pd

    read = pd.read_parquet if laid_out.file.suffix == ".parquet" else pd.read_csv
    time, symbol, value = asked.columns
    rows = read(laid_out.file)
    rows = rows.assign(**{value: pd.to_numeric(rows[value], errors="coerce")})  # what a run sets aside
    table = rows.pivot_table(index=time, columns=symbol, values=value)
    table.index = pd.DatetimeIndex(table.index).normalize().tz_localize(None)
    return table.iloc[:-1].dropna(axis=1)


def _as_set(table: pd.DataFrame, *, asked: Asked) -> Set:
    """They as a set, in the parts that the pipeline cuts, with networks as large as the pipeline's."""
    from daycast.models.series.splits import sizes

    values = table.to_numpy(dtype=float).T
    series, sessions = values.shape
    training, validation, _ = sizes(sessions, split=SplitSpec())
    windows = min(asked.windows, series * max(1, training - LOOKBACK - HORIZON))
    return Set(
        name="panel",
        values=values,
        training=training,
        stop=training + validation,
        end=sessions,
        horizon=HORIZON,
        season=_SEASON,
        lookback=LOOKBACK,
        sizes={"units": UNITS, "batch": BATCH, "updates": -(-windows // BATCH)},
    )


def _predicted(settings: Settings, table: pd.DataFrame, *, origins: NDArray[np.intp]) -> NDArray[np.float64]:
    """What the champion's network predicted, ``(origins, series, horizon)``; NaN where it did not.

    Args:
        settings: of the place where the nights ran.
        table: of the prices.
        origins: places in it of the last value known.
    """
    import numpy as np
    import pandas as pd

    from daycast.storage.sql.versions import champion

    stores = Stores(settings)
    with stores.look() as database:
        version = champion(database, NAME).version
    predictions = stores.predictions(NAME)
    wanted = pd.DatetimeIndex(table.index[origins])
    means = np.full((len(origins), table.shape[1], HORIZON), np.nan)
    names = [series_id(NAME, str(symbol)) for symbol in table.columns]
    for shard in stores.observations(NAME).shards().names:
        kept = predictions.kept(version, shard)
        column = pd.Index(names).get_indexer(pd.Index(kept.names))[kept.columns[SERIES_ID]]
        row = wanted.get_indexer(pd.DatetimeIndex(kept.columns[ORIGIN]).normalize())
        asked_for = (row >= 0) & (column >= 0)
        means[row[asked_for], column[asked_for]] = kept.columns[MEAN][asked_for].reshape(-1, HORIZON)
    return means
