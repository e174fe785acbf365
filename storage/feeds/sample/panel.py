"""A generated panel: many price series on the sessions of one calendar, as one Parquet file with a symbol column.

Each series is a walk of its own that a common one moves along, so that there is as much to find in it as in a panel of
shares: little.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from daycast.storage.feeds.sample.noise import noise, share

_BLOCK = 500
"""Series a row group: a reader of some of them reads no more than it wants."""


def panel_symbols(series: int) -> list[str]:
    """The names of a panel's series.

    >>> panel_symbols(2)
    ['S00000', 'S00001']
    """
    return [f"S{number:05d}" for number in range(series)]


def write_panel(path: Path, *, symbols: Sequence[str], days: pd.DatetimeIndex, seed: int) -> None:
    """Write ``date``, ``symbol`` and ``close`` of every series and day; with fewer days, the same of those.

    Args:
        path: of the file.
        symbols: of the series.
        days: 00:00 UTC of each session, ascending.
        seed: of the generator.
    """
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as file:
        for block in _blocks(symbols):
            file.write_table(_table(block, days=days, seed=seed))


_SCHEMA = pa.schema([("date", pa.date32()), ("symbol", pa.string()), ("close", pa.float64())])


def _blocks(symbols: Sequence[str]) -> Iterator[Sequence[str]]:
    return (symbols[start : start + _BLOCK] for start in range(0, len(symbols), _BLOCK))


def _table(symbols: Sequence[str], *, days: pd.DatetimeIndex, seed: int) -> pa.Table:
    market = noise(f"{seed}/market", len(days))
    closes = np.concatenate([_closes(f"{seed}/{symbol}", market) for symbol in symbols])
    dates = np.tile(days.tz_localize(None).to_numpy().astype("M8[D]"), len(symbols))
    names = pa.DictionaryArray.from_arrays(np.repeat(np.arange(len(symbols), dtype=np.int32), len(days)), list(symbols))
    return pa.table({"date": pa.array(dates), "symbol": names.dictionary_decode(), "close": closes}, schema=_SCHEMA)


def _closes(name: str, market: np.ndarray) -> np.ndarray:
    own = noise(name, len(market))
    steps = (0.008 + 0.012 * share(f"{name}/spread")) * (0.5 * market + own)
    path: np.ndarray = np.log(20 + 80 * share(f"{name}/level")) + np.cumsum(0.0002 + steps)
    return np.asarray(np.round(np.exp(path), 4))
