"""What moved a forecast: which inputs, and which of their past steps.

Occlusion: an input's steps are put at the window's own level, the mean of that input over the window, and what the
forecast changes by is their effect. Inputs and steps work together, so that one taken away alone tells too little
where its neighbour says the same. Here they are taken away one after the other, from the newest step to the oldest and
from the oldest to the newest, and the two changes are averaged. The effects then add up to the forecast less what is
forecast of a window that stays at its level, and where no more than two work together they are the Shapley values.

Sources: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014 (occlusion); Mitchell et
al., "Sampling Permutations for Shapley Value Estimation", JMLR 23, 2022 (an order and its reverse).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.differencing import Floats
from daycast.models.series.windows import Windows
from daycast.storage.terms.words import ForecasterName

REST = "*"
"""Stands for the features that are not told by name, and at step 0 for the window at its own level."""
_TOLD = 6
"""Features told by name, those of the largest effects."""
_MOST = 64
"""Groups of steps of features at most, so that an explanation costs no more than some hundred windows."""


Tells = Callable[[Windows], Mapping[ForecasterName, Floats]]
"""By forecaster, levels of the target ``(n, horizon)``."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What some past steps of a feature do to a forecast.

    Attributes:
        feature: its name, or :data:`REST`.
        step: the newest of the steps, counted back from the origin, whose own is 1; 0 is the window at its own level.
        step_to: the oldest of them.
        effect: in the target's unit, on the mean over the leads.
    """

    feature: str
    step: int
    step_to: int
    effect: float


def reaches(lookback: int, *, features: int) -> list[tuple[int, int]]:
    """The groups of steps, newest first: each twice as long as the one before, fewer where there are many features.

    >>> reaches(50, features=1)
    [(1, 1), (2, 3), (4, 7), (8, 15), (16, 31), (32, 50)]
    >>> reaches(50, features=40)
    [(1, 50)]
    """
    starts = [2**power for power in range(lookback.bit_length())]
    while len(starts) > 1 and len(starts) * features > _MOST:
        starts = starts[::2] if len(starts) > 2 else starts[:1]
    return [(start, stop - 1) for start, stop in zip(starts, [*starts[1:], lookback + 1], strict=True)]


def explain(
    tells: Tells, windows: Windows, *, features: Sequence[str]
) -> dict[ForecasterName, list[tuple[Effect, ...]]]:
    """What moved the forecast of each window.

    Args:
        tells: what its forecasters say of windows. Of one that is linear in its inputs the effects are what each adds.
        windows: ``n``, whole.
        features: the names of their inputs.

    Returns:
        By forecaster, for each window the effects, which together are the mean of its forecast over the leads.
    """
    groups = reaches(windows.lookback, features=len(features))
    players = [(place, span) for span in groups for place in range(len(features))]
    taken = _taken(players, shape=windows.inputs.shape[1:])
    return {
        name: [
            _told(
                _effects(of, count=len(players)).reshape(len(groups), len(features)),
                groups=groups,
                features=features,
                level=float(of[-1]),
            )
            for of in levels.mean(axis=1).reshape(len(windows), len(taken))
        ]
        for name, levels in tells(_without(windows, taken)).items()
    }


def _taken(players: Sequence[tuple[int, tuple[int, int]]], *, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """What is taken away in turn, ``(2 × players, lookback, features)``.

    Nothing; the first players, one more each time; the last ones, one more each time; and at the end all.
    """
    count, lookback = len(players), shape[0]
    of = np.zeros((count, *shape), dtype=bool)
    for number, (feature, (step, step_to)) in enumerate(players):
        of[number, lookback - step_to : lookback - step + 1, feature] = True
    forward = np.logical_or.accumulate(of)
    backward = np.logical_or.accumulate(of[::-1])
    return np.concatenate([np.zeros((1, *shape), dtype=bool), forward[:-1], backward[:-1], forward[-1:]])


def _without(windows: Windows, taken: NDArray[np.bool_]) -> Windows:
    """Every window as many times as something is taken away, each time with that at the window's own level."""
    same = windows.where(np.repeat(np.arange(len(windows)), len(taken)))
    level = same.inputs.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
    return replace(same, inputs=np.where(np.tile(taken, (len(windows), 1, 1)), level, same.inputs))


def _effects(forecasts: Floats, *, count: int) -> Floats:
    """Each player's, ``(players,)``: the mean of what its going changed in one order and in the other."""
    whole, level = forecasts[:1], forecasts[-1:]
    forward = np.concatenate([whole, forecasts[1:count], level])
    backward = np.concatenate([whole, forecasts[count : 2 * count - 1], level])
    return np.asarray(((forward[:-1] - forward[1:]) + (backward[:-1] - backward[1:])[::-1]) / 2)


def _told(
    effects: Floats, *, groups: Sequence[tuple[int, int]], features: Sequence[str], level: float
) -> tuple[Effect, ...]:
    """The level, the features that do most, and the rest together."""
    ranked = np.argsort(-np.abs(effects).sum(axis=0), kind="stable")
    named = ranked if len(features) <= _TOLD + 1 else ranked[:_TOLD]
    rows = [Effect(feature=REST, step=0, step_to=0, effect=level)]
    columns = [(features[place], effects[:, place]) for place in named]
    if len(named) < len(features):
        columns.append((REST, np.delete(effects, named, axis=1).sum(axis=1)))
    rows += [
        Effect(feature=name, step=step, step_to=step_to, effect=float(effect))
        for name, of in columns
        for (step, step_to), effect in zip(groups, of, strict=True)
    ]
    return tuple(rows)
