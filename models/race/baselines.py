"""Forecasts that need no training, behind the interface that the networks have."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from daycast.models.series.differencing import Floats
from daycast.models.series.windows import Windows
from daycast.storage.terms.words import ForecasterName


class Forecaster(Protocol):
    """What every forecaster does."""

    @property
    def name(self) -> ForecasterName:
        """Its name in the tables."""
        ...

    def predict(self, windows: Windows) -> Floats:
        """Levels of the target, ``(n, horizon)`` float64, from what was known at each origin."""
        ...


@dataclass(frozen=True)
class Baseline:
    """A rule that reads a window's levels.

    Attributes:
        name: its name in the tables.
        rule: windows in, levels ``(n, horizon)`` out.
    """

    name: ForecasterName
    rule: Callable[[Windows], Floats]

    def predict(self, windows: Windows) -> Floats:
        """Levels of the target, ``(n, horizon)`` float64."""
        return self.rule(windows)


def naive(windows: Windows) -> Floats:
    """The level at the origin, for every lead."""
    return np.repeat(windows.base[:, np.newaxis], windows.horizon, axis=1)


def seasonal_naive(windows: Windows) -> Floats:
    """The level a whole number of seasons earlier: the last season, over and over."""
    season = windows.past.shape[1]
    return np.asarray(windows.past[:, np.arange(windows.horizon) % season])


def drift(windows: Windows) -> Floats:
    """The line from the series' first level through the level at the origin (Hyndman, Athanasopoulos, FPP3 §5.2)."""
    leads = np.arange(1, windows.horizon + 1)
    return np.asarray(windows.base[:, np.newaxis] + windows.slope[:, np.newaxis] * leads)


BASELINES: tuple[Baseline, ...] = (
    Baseline("naive", naive),
    Baseline("seasonal_naive", seasonal_naive),
    Baseline("drift", drift),
)
"""Every baseline, the naive one first."""
