"""What forecasters are compared on: hours of oil temperature, a file, or a generated panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.errors import ConfigError, DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Set:
    """Series on one grid, and where their parts end.

    Attributes:
        name: what it is called.
        values: ``(series, steps)`` float64.
        training: steps that are fitted on.
        stop: steps before the test part; those between say when to stop, and how wide intervals are.
        end: steps that are used.
        horizon, season, lookback: steps.
        sizes: of neuralforecast's networks, where they are to be as large as another one: ``units``, ``batch``
            (windows an update) and ``updates``.
    """

    name: str
    values: NDArray[np.float64]
    training: int
    stop: int
    end: int
    horizon: int
    season: int
    lookback: int
    sizes: Mapping[str, int] = field(default_factory=dict)

    def origins(self, count: int) -> tuple[list[int], list[int]]:
        """Evenly placed origins of the part between training and test, and of the test part."""
        import numpy as np

        spans = ((self.training, self.stop), (self.stop, self.end))
        before, test = (
            np.unique(np.linspace(begin, end - self.horizon - 1, count).astype(int)).tolist() for begin, end in spans
        )
        return before, test

    @property
    def scales(self) -> NDArray[np.float64]:
        """``(series,)`` the mean step of the newest thousand steps of training; 1 where there is one series."""
        import numpy as np

        if len(self.values) == 1:
            return np.ones(1)
        steps = np.abs(np.diff(self.values[:, max(0, self.training - 1000) : self.training], axis=1)).mean(axis=1)
        return np.where(steps > 0, steps, 1.0)


def etth1(path: str) -> Set:
    """The oil temperature, 24 hours ahead, by the field's parts."""
    values = _read(path)["OT"].to_numpy(dtype=float)[None, :]
    return Set(name="ETTh1", values=values, training=8640, stop=11520, end=14400, horizon=24, season=24, lookback=168)


def of_file(path: str, *, columns: list[str], horizon: int, season: int, lookback: int) -> Set:
    """The series of a file that all have, from 70 % of their instants on stopping, from 85 % on test.

    Raises:
        ConfigError: the file has not these columns.
        DataError: the series have too few instants in common.
    """
    frame = _read(path)
    if lacking := [name for name in columns if name not in frame]:
        raise ConfigError(
            f"--columns names columns of {path}, TIME,VALUE or TIME,SYMBOL,VALUE. Received: {', '.join(lacking)}, and "
            f"there are {', '.join(map(str, list(frame)[:5]))}. Name those that it has."
        )
    *index, value = columns
    table = frame.pivot_table(index=index[0], columns=index[1], values=value) if len(index) > 1 else frame[[value]]
    values = table.dropna().to_numpy(dtype=float).T
    count = values.shape[1]
    if count < 10 * (lookback + horizon):
        raise DataError(
            f"{path}: {10 * (lookback + horizon)} instants that every series has are required, ten windows. "
            f"Received: {count}. Take fewer symbols, or a shorter --lookback."
        )
    return _cut(Path(path).stem, values, horizon=horizon, season=season, lookback=lookback)


def panel(series: int, sessions: int) -> Set:
    """Generated prices, five sessions ahead."""
    import tempfile

    import pandas as pd

    from daycast.storage.feeds.sample.panel import panel_symbols, write_panel

    days = pd.bdate_range("2015-01-01", periods=sessions, tz="UTC")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "panel.parquet"
        write_panel(file, symbols=panel_symbols(series), days=days, seed=7)
        table = pd.read_parquet(file).pivot_table(index="date", columns="symbol", values="close")
    return _cut("generated panel", table.to_numpy(dtype=float).T, horizon=5, season=5, lookback=50)


def _cut(name: str, values: Any, *, horizon: int, season: int, lookback: int) -> Set:
    count = values.shape[1]
    training, stop = round(0.7 * count), round(0.85 * count)
    return Set(
        name=name, values=values, training=training, stop=stop, end=count, horizon=horizon, season=season,
        lookback=lookback,
    )  # fmt: skip


def _read(path: str) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(path) if path.endswith(".parquet") else pd.read_csv(path)
    except OSError as error:
        raise ConfigError(f"A file that can be read is required. Received: {path}: {error}. Correct --data.") from None
