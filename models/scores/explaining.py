"""What moved a forecast: which inputs, which of their past steps, and what was known ahead.

Occlusion: an input's steps are put at the window's own level, the mean of that input over the window, and what is
known of the horizon at its ordinary level (:mod:`~.foretold`); what the forecast changes by is their effect. They work
together, so that one taken away alone tells too little where its neighbour says the same. Here they are taken away one
after the other, from what is known ahead over the newest step to the oldest and the other way round, and the two
changes are averaged. The effects then add up to the forecast less what is forecast of a window that stays at its level,
and where no more than two work together they are the Shapley values.

Sources: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014 (occlusion); Mitchell et
al., "Sampling Permutations for Shapley Value Estimation", JMLR 23, 2022 (an order and its reverse).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from daycast.models.scores.foretold import Foretold
from daycast.models.series.differencing import Floats
from daycast.models.series.windows import Windows
from daycast.storage.terms.words import ForecasterName

REST = "*"
"""Stands for the features that are not told by name, and at step 0 for the window at its own level."""
_TOLD = 6
"""Features told by name, those of the largest effects."""
_MOST = 64
"""Groups of past steps of features at most, so that an explanation costs no more than some hundred windows."""


Tells = Callable[[Windows], Mapping[ForecasterName, Floats]]
"""By forecaster, levels of the target ``(n, horizon)``."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What some past steps of a feature do to a forecast, or what is known of the horizon.

    Attributes:
        feature: its name, or :data:`REST`.
        step: the newest of the steps, counted back from the origin, whose own is 1; 0 is the window at its own level,
            -1 the first lead.
        step_to: the oldest of them; of what is known ahead the last lead, less than 0.
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
    tells: Tells, windows: Windows, *, features: Sequence[str], foretold: Sequence[Foretold] = ()
) -> dict[ForecasterName, list[tuple[Effect, ...]]]:
    """What moved the forecast of each window.

    Args:
        tells: what its forecasters say of windows. Of one that is linear in its inputs the effects are what each adds.
        windows: ``n``, whole.
        features: the names of their inputs.
        foretold: what is known of their horizon.

    Returns:
        By forecaster, for each window the effects, which together are the mean of its forecast over the leads.
    """
    groups = reaches(windows.lookback, features=len(features))
    players = [(each.name, -1, -windows.horizon) for each in foretold]
    players += [(name, *group) for group in groups for name in features]
    gone = _gone(len(players))
    asked = _without(windows, gone, starts=[step for step, _ in groups], foretold=foretold)
    return {
        name: [
            _told(players, _effects(of), level=float(of[-1]))
            for of in levels.mean(axis=1).reshape(len(windows), len(gone))
        ]
        for name, levels in tells(asked).items()
    }


def _gone(count: int) -> NDArray[np.bool_]:
    """Who is taken away in turn, ``(2 × players, players)``.

    Nobody; the first players, one more each time; the last ones, one more each time; and at the end all.
    """
    forward = np.tri(count, dtype=bool)
    return np.concatenate([np.zeros((1, count), dtype=bool), forward[:-1], forward[:-1, ::-1], forward[-1:]])


def _without(
    windows: Windows, gone: NDArray[np.bool_], *, starts: Sequence[int], foretold: Sequence[Foretold]
) -> Windows:
    """Every window as many times as something is taken away, each time with that at its level."""
    same = windows.where(np.repeat(np.arange(len(windows)), len(gone)))
    away = np.tile(gone, (len(windows), 1))
    ahead = {each.of: getattr(same, each.of).copy() for each in foretold}
    for place, each in enumerate(foretold):
        level = np.repeat(each.level, len(gone), axis=0)
        taken = away[:, place]
        ahead[each.of][taken, :, each.columns] = level[taken, np.newaxis]
    group = np.searchsorted(starts, np.arange(windows.lookback, 0, -1), side="right") - 1
    past = away[:, len(foretold) :].reshape(len(away), len(starts), windows.features)[:, group]
    level = same.inputs.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
    return replace(same, inputs=np.where(past, level, same.inputs), **ahead)


def _effects(forecasts: Floats) -> Floats:
    """Each player's, ``(players,)``: the mean of what its going changed in one order and in the other."""
    count = len(forecasts) // 2
    whole, level = forecasts[:1], forecasts[-1:]
    forward = np.concatenate([whole, forecasts[1:count], level])
    backward = np.concatenate([whole, forecasts[count : 2 * count - 1], level])
    return np.asarray(((forward[:-1] - forward[1:]) + (backward[:-1] - backward[1:])[::-1]) / 2)


def _told(players: Sequence[tuple[str, int, int]], effects: Floats, *, level: float) -> tuple[Effect, ...]:
    """The level, the features that do most, and the rest together."""
    found: dict[str, dict[tuple[int, int], float]] = {}
    for (name, step, step_to), effect in zip(players, effects, strict=True):
        found.setdefault(name, {})[step, step_to] = float(effect)
    ranked = sorted(found, key=lambda name: -sum(map(abs, found[name].values())))
    named = ranked if len(ranked) <= _TOLD + 1 else ranked[:_TOLD]
    rest: dict[tuple[int, int], float] = {}
    for name in ranked[len(named) :]:
        for span, effect in found[name].items():
            rest[span] = rest.get(span, 0.0) + effect
    rows = [Effect(feature=REST, step=0, step_to=0, effect=level)]
    rows += [
        Effect(feature=name, step=step, step_to=step_to, effect=effect)
        for name, of in [*((name, found[name]) for name in named), (REST, rest)]
        for (step, step_to), effect in of.items()
    ]
    return tuple(rows)
