"""How much wider or narrower than the newest residuals say intervals must be for what they promise to come true.

After each window that was realised, the logarithm of the factor moves by :data:`RATE` times what was missed less what
the level allows to be: ``theta += rate * own * (missed - (1 - c))``. ``missed`` is the share of the window's leads
outside; ``own`` is how much of the radius is the series' own, as what a young one has of its panel is not its to
correct. It is the adaptation of Gibbs and Candès 2021 ("Adaptive conformal inference under distribution shift") of the
radius itself in place of its level, as Angelopoulos, Candès, Tibshirani 2023 have it ("Conformal PID control for time
series prediction", section 2.1).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.differencing import Floats
from daycast.storage.terms.words import LEVELS

RATE = 0.03
"""Chosen on validation parts, with the leads of a window taken together; see docs/accuracy.md."""
_FURTHEST = 1.0
"""Of a factor's logarithm: what the newest residuals say is not overruled beyond a factor of e."""
_ALLOWED = 1.0 - np.array(LEVELS) / 100.0

Radii = Callable[[np.datetime64], tuple[Floats, Floats]]
"""By origin, ``(series, horizon, levels)``, and how much of each is its own, ``(series,)``."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Tracking:
    """The factors by which radii are multiplied, of each of :data:`LEVELS`.

    Attributes:
        since: ``(moments,)`` datetime64[us], UTC: from which origin on each of them holds, ascending.
        logs: ``(moments, series + 1, levels)`` their logarithms; the last row is the mean of the others.
    """

    since: NDArray[np.datetime64]
    logs: Floats

    @classmethod
    def none(cls, series: int) -> "Tracking":
        """Factors of one."""
        return cls(since=np.zeros(1, dtype="datetime64[us]"), logs=np.zeros((1, series + 1, len(LEVELS))))

    @classmethod
    def over(
        cls, residuals: Floats, *, origins: NDArray[np.datetime64], ends: NDArray[np.datetime64], radii: Radii
    ) -> "Tracking":
        """Go over windows in the order of their origins; each counts once it is realised.

        Args:
            residuals: ``(series, origins, horizon)`` absolute ones, NaN where a series has no window.
            origins: of the windows, ascending; none before the first radii that do not look ahead.
            ends: ``(origins,)`` when the windows of each were realised, ascending.
            radii: as they were at an origin.
        """
        series, count = residuals.shape[:2]
        logs = np.zeros((count + 1, series + 1, len(LEVELS)))
        known, now, told = np.searchsorted(ends, origins, side="right"), np.zeros((series, len(LEVELS))), 0
        moves = np.zeros((count, series, len(LEVELS)))
        for place in range(count + 1):
            until = known[place] if place < count else count
            for realised in range(told, until):
                now = np.clip(now + moves[realised], -_FURTHEST, _FURTHEST)
            told = until
            logs[place, :-1] = now
            if place < count:
                around, own = radii(origins[place])
                missed = _missed(residuals[:, place], around * np.exp(now)[:, np.newaxis])
                moves[place] = RATE * own[:, np.newaxis] * missed
        logs[:, -1] = logs[:, :-1].mean(axis=1) if series else 0.0
        return cls(since=np.append(origins, ends[-1:]) if count else np.zeros(1, dtype=origins.dtype), logs=logs)

    def moments(self, origin: NDArray[np.datetime64]) -> NDArray[np.intp]:
        """Which of the factors hold at each origin, ``(n,)``."""
        return np.maximum(np.searchsorted(self.since, origin, side="right") - 1, 0)


def _missed(residuals: Floats, radii: Floats) -> Floats:
    """The share of a window's leads outside less what is allowed, ``(series, levels)``; 0 where there is no window."""
    there = np.isfinite(residuals[:, 0])
    outside = (residuals[..., np.newaxis] > radii).mean(axis=1)
    return np.asarray(np.where(there[:, np.newaxis], outside - _ALLOWED, 0.0))
