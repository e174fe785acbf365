"""Generated steps of a transformer like ETTh1's: loads with daily and weekly cycles, and the oil that they warm."""

import functools
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from daycast.storage.feeds.sample.noise import noise, smooth

TRANSFORMER_COLUMNS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")

Draw = Callable[[str], np.ndarray]
"""The noise of a name, one number a step."""
Generate = Callable[[np.ndarray, Draw], dict[str, np.ndarray]]
"""Columns from hours since 2000 and noise."""

_HOUR = pd.Timedelta(hours=1)
_ORIGIN = pd.Timestamp(datetime(2000, 1, 1, tzinfo=UTC))
_DAY, _WEEK, _YEAR = 24.0, 168.0, 8766.0
# level, daily swing, weekly swing, noise: as in ETTh1, rounded
_LOADS = {
    "HUFL": (7.4, 3.5, 1.0, 1.2),
    "HULL": (2.2, 0.9, 0.2, 0.4),
    "MUFL": (4.3, 3.0, 0.8, 1.0),
    "MULL": (0.9, 0.7, 0.2, 0.3),
    "LUFL": (3.1, 0.5, 0.2, 0.25),
    "LULL": (0.9, 0.2, 0.1, 0.12),
}


def transformer(instants: pd.DatetimeIndex, *, step: pd.Timedelta) -> dict[str, np.ndarray]:
    """ETTh1's columns at some instants, each shape ``(instants,)``.

    Args:
        instants: aware UTC, ascending, at least one.
        step: between them.
    """
    return _by_year(instants, step=step, generate=_loads_and_oil)


def mean_reverting(name: str, instants: pd.DatetimeIndex, *, step: pd.Timedelta) -> np.ndarray:
    """A positive series around 100 that reverts to its mean, shape ``(instants,)``; arguments as above."""

    def series(hours: np.ndarray, draw: Draw) -> dict[str, np.ndarray]:
        keep = 0.97 ** (step / _HOUR)
        return {name: 100 * np.exp(0.05 * np.sin(2 * np.pi * hours / _WEEK) + 0.1 * smooth(draw(name), keep=keep))}

    return _by_year(instants, step=step, generate=series)[name]


def _by_year(instants: pd.DatetimeIndex, *, step: pd.Timedelta, generate: Generate) -> dict[str, np.ndarray]:
    """Generate year by year, each from the 1 January before it on.

    The noise of a year is the same wherever the path begins, and a year is longer than any memory in the series, so
    that paths meet at the turn of the year and no path has to begin at the beginning of time.
    """
    parts = []
    for year in sorted(set(instants.year)):
        turn, begin = (pd.Timestamp(datetime(each, 1, 1, tzinfo=UTC)) for each in (year, year - 1))
        place = ((instants[instants.year == year] - begin) // step).to_numpy()
        before, count = (turn - begin) // step, int(place.max()) + 1
        draw = functools.partial(_draw, year=year, before=before, count=count)
        hours = (begin - _ORIGIN) / _HOUR + np.arange(count) * (step / _HOUR)
        parts.append({name: values[place] for name, values in generate(hours, draw).items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _draw(name: str, *, year: int, before: int, count: int) -> np.ndarray:
    """The noise of the year before and of the year, up to ``count`` steps."""
    return np.concatenate([noise(f"{name}/{year - 1}", before), noise(f"{name}/{year}", max(count - before, 0))])[
        :count
    ]


def _loads_and_oil(hours: np.ndarray, draw: Draw) -> dict[str, np.ndarray]:
    step = hours[1] - hours[0]
    columns = {name: _load(name, hours, draw, step=step) for name in _LOADS}
    heat = columns["MUFL"] - _LOADS["MUFL"][0]
    warmed = pd.Series(heat).ewm(alpha=1 - 0.75**step, adjust=False).mean().to_numpy()
    season = -8 * np.cos(2 * np.pi * (hours - 24 * 20) / _YEAR) - 0.5 * (hours - 20 * _YEAR) / _YEAR
    drift = 2.5 * smooth(draw("OT/slow"), keep=0.998**step)
    columns["OT"] = 18 + season + drift + 1.5 * np.sin(2 * np.pi * (hours - 9) / _DAY) + warmed + 0.2 * draw("OT/fast")
    return {name: np.round(values, 3) for name, values in columns.items()}


def _load(name: str, hours: np.ndarray, draw: Draw, *, step: float) -> np.ndarray:
    level, swing, weekly, rough = _LOADS[name]
    day, week = 2 * np.pi * hours / _DAY, 2 * np.pi * hours / _WEEK
    slow = smooth(draw(f"{name}/slow"), keep=0.995**step)
    fast = smooth(draw(f"{name}/fast"), keep=0.7**step)
    shape = np.sin(day - 2.1) + 0.4 * np.sin(2 * day)
    return level + swing * shape * (1 + 0.1 * slow) + weekly * np.sin(week) + 0.5 * rough * slow + 0.3 * rough * fast
