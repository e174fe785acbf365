"""What forecasters are compared on: hours of oil temperature, a file, or a generated panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.errors import ConfigError, DataError
from daycast.storage.terms.text import listed, quote

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_OIL, _HOURS = "OT", 14_400
"""The column of ETTh1 that is forecast, and the hours of its parts together."""


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
    """The oil temperature, 24 hours ahead, by the field's parts.

    Raises:
        ConfigError: the file cannot be read, or has no such column.
        DataError: it has fewer hours than the parts, or an hour without a number.
    """
    frame = _read(path)
    if _OIL not in frame:
        raise ConfigError(
            f"{path}: ETTh1 has the column {_OIL}, which is required. Received: {_listed(frame)}. "
            "Name ETTh1.csv, or take --on file."
        )
    if len(frame) < _HOURS:
        raise DataError(
            f"{path}: {_HOURS:,} hours are required, the parts of ETTh1. Received: {len(frame):,}. "
            "Name all of ETTh1.csv, or take --on file."
        )
    values = _numbers(frame, _OIL, path=path, blanks=False)[None, :]
    return Set(name="ETTh1", values=values, training=8640, stop=11520, end=_HOURS, horizon=24, season=24, lookback=168)


def of_file(path: str, *, columns: list[str], horizon: int, season: int, lookback: int) -> Set:
    """The series of a file that all have, from 70 % of their instants on stopping, from 85 % on test.

    Raises:
        ConfigError: the file cannot be read, or has not these columns.
        DataError: a value is no number, or the series have too few instants in common.
    """
    frame = _read(path)
    if lacking := [name for name in columns if name not in frame]:
        raise ConfigError(
            f"--columns names columns of {path}, TIME,VALUE or TIME,SYMBOL,VALUE. Received: {', '.join(lacking)}, and "
            f"there are {_listed(frame)}. Name those that it has."
        )
    if len(set(columns)) < len(columns):
        raise ConfigError(
            f"--columns names columns of {path}, TIME,VALUE or TIME,SYMBOL,VALUE, each once. "
            f"Received: {', '.join(columns)}. There are {_listed(frame)}."
        )
    *index, value = columns
    frame[value] = _numbers(frame, value, path=path, blanks=True)
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
    except (OSError, ValueError) as error:  # pandas and Arrow say ValueError of what is no table
        raise ConfigError(f"A file that can be read is required. Received: {path}: {error}. Correct --data.") from None


def _listed(frame: pd.DataFrame) -> str:
    return listed(list(map(str, frame)))


def _numbers(frame: pd.DataFrame, column: str, *, path: str, blanks: bool) -> NDArray[np.float64]:
    """``(rows,)`` the values of a column.

    Args:
        frame: the file.
        column: its name.
        path: of the file, for the message.
        blanks: whether a row may be without one, which is NaN then.

    Raises:
        DataError: one is no number.
    """
    import numpy as np
    import pandas as pd

    given = frame[column]
    plain = given if pd.api.types.is_numeric_dtype(given) else given.astype(object)  # a date is no number
    numbers = pd.to_numeric(plain, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    blank = given.isna().to_numpy()
    strange = ~np.isfinite(numbers) & ~(blank & blanks)
    if strange.any():
        row = int(strange.argmax())
        came = "nothing" if blank[row] else quote(str(given.iloc[row]))
        raise DataError(
            f"{path}: numbers are required in {column}. Received: {came} in row {row + 1:,}. "
            "Correct the file, or name another column or file."
        )
    return np.asarray(numbers)
