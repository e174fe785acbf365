"""How long a search goes on, and what it came to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long a search goes on.

    Attributes:
        trials: in all, those of earlier searches of the study included.
        seconds: of this one, by the clock; up to half of it is kept for the networks from seeds. A trial that is in
            progress when its part is over is ended; a network from a seed comes to its end.
        seeds: networks from which the best settings and those of now are told, one after the other.
    """

    trials: int
    seconds: float = math.inf
    seeds: int = 3


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search came to; errors are in units of each series' mean step, on the blocks that judge.

    Attributes:
        pipeline: its name.
        trials: done in all.
        pruned: of them, given up before their end.
        windows: training windows, those that stop and those that judge.
        naive: the last value's error.
        current: the errors of the table as it is, one a seed.
        best: of the best settings, likewise.
        settings: the best ones, by the names of choices.
        table: the keys of the pipeline's table that they change.
        weights: how much of the errors' spread each choice explains, the greatest first; empty with few trials.
        out_of_time: whether the clock ended the trials.
    """

    pipeline: str
    trials: int
    pruned: int
    windows: tuple[int, int, int]
    naive: float
    current: tuple[float, ...]
    best: tuple[float, ...]
    settings: Mapping[str, Any]
    table: Mapping[str, Any]
    weights: Mapping[str, float] = field(default_factory=dict)
    out_of_time: bool = False

    @property
    def gain(self) -> float:
        """Share by which the best settings err less than those of now."""
        return 1 - _mean(self.best) / _mean(self.current)

    @property
    def seeded(self) -> bool:
        """Whether each is told from two seeds at least: one says nothing of what seeds alone give."""
        return min(len(self.best), len(self.current)) >= 2

    @property
    def sure(self) -> bool:
        """Whether that is known to be more than two standard errors of what seeds alone give."""
        if not self.seeded:
            return False
        spread = math.sqrt(_variance(self.best) + _variance(self.current))
        return _mean(self.current) - _mean(self.best) > 2 * spread


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    """Of the mean of these, two at least."""
    mean = _mean(values)
    return sum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values)
