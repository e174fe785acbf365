"""The continuous ranked probability score of intervals at every coverage of the grid."""

import numpy as np

from daycast.models.scores.intervals import COVERAGES, Intervals, Places
from daycast.models.scores.residuals import above_zero
from daycast.models.series.differencing import POSITIVE, Floats
from daycast.models.series.windows import Windows

_BLOCK = 1024
"""Windows at once: with every coverage of the grid they stay in a processor's cache."""
_QUANTILES = 2 * len(COVERAGES) - 1
_INSIDE = (100.0 - np.array(COVERAGES[1:])) / 200.0
"""What the width of each interval counts with."""


def crps(mean: Floats, actual: Floats, *, windows: Windows, intervals: Intervals) -> Floats:
    """Twice the mean pinball loss over the quantiles 0.025, 0.05, … 0.975, ``(n, horizon)`` in the target's unit.

    The two quantiles of an interval of coverage ``c`` lose together ``(1 - c) / 2`` of its width, and how far outside a
    value lies (Bracher, Ray, Gneiting, Reich 2021, "Evaluating epidemic forecasts in an interval format", section 2.2);
    the median loses half of how far the value lies from it.

    Args:
        mean: the median, ``(n, horizon)`` levels.
        actual: what came, likewise.
        windows: what was forecast.
        intervals: around the mean.

    Source: Gneiting, Raftery 2007, section 4.2; Laio, Tamea 2007.
    """
    factors = intervals.kind in POSITIVE
    centre = above_zero(mean, windows) if factors else mean
    apart = actual / centre if factors else np.abs(actual - centre)
    places = intervals.places(windows)
    lost = np.empty_like(actual)
    for start in range(0, len(actual), _BLOCK):
        block = slice(start, start + _BLOCK)
        radii = intervals.around(Places(*(each[block] for each in places)), slice(1, None))
        lost[block] = (_of_factors if factors else _of_distances)(apart[block][..., np.newaxis], radii)
    return 2.0 / _QUANTILES * (0.5 * np.abs(actual - centre) + (lost * centre if factors else lost))


def _of_distances(apart: Floats, radii: Floats) -> Floats:
    return np.asarray(radii @ (2 * _INSIDE) + np.maximum(apart - radii, 0.0).sum(axis=-1))


def _of_factors(share: Floats, radii: Floats) -> Floats:
    upper = np.exp(radii)
    lower = 1.0 / upper
    outside = np.maximum(np.maximum(share - upper, lower - share), 0.0)
    return np.asarray((upper - lower) @ _INSIDE + outside.sum(axis=-1))
