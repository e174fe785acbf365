"""Forecasters beside each other, on the same series and origins, whoever made the forecasts.

Intervals are read off the same earlier origins for all of them: what is compared is the forecasts.
"""

from dataclasses import dataclass

import numpy as np

from daycast.models.scores.blocks import Apart, Blocks, apart, block_count
from daycast.models.series.differencing import Floats

_QUANTILES = np.arange(1, 20) / 20
_FINES = {80: 0.2, 95: 0.05}


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What one forecaster is worth; errors are in units of each series' mean step where there are several series.

    Attributes:
        mae, rmse, crps: over all origins, series and leads.
        coverage: share of values inside the interval, by nominal coverage in per cent.
        score: interval score, likewise.
        apart: how far its MAE lies from the reference's, with a standard error over blocks of origins; none where
            there are too few, and for the reference.
    """

    mae: float
    rmse: float
    crps: float
    coverage: dict[int, float]
    score: dict[int, float]
    apart: Apart | None


def beside(
    mean: Floats, actual: Floats, *, earlier: tuple[Floats, Floats], scales: Floats, reference: Floats | None
) -> Beside:
    """Score one forecaster.

    Args:
        mean: ``(origins, series, horizon)``, in time order.
        actual: likewise.
        earlier: its means and the actual values at origins before, from which the intervals are read.
        scales: ``(series,)`` what errors of each series are divided by.
        reference: the means of the forecaster that it is held against; none for that one itself.
    """
    unit = scales[np.newaxis, :, np.newaxis]
    errors = (actual - mean) / unit
    residuals = ((earlier[1] - earlier[0]) / unit).reshape(-1, mean.shape[2])
    coverage, score = {}, {}
    for level, share in _FINES.items():
        radius = np.quantile(np.abs(residuals), 1 - share, axis=0, method="higher")
        beyond = np.maximum(np.abs(errors) - radius, 0)
        coverage[level] = float((beyond == 0).mean())
        score[level] = float((2 * radius + 2 / share * beyond).mean())
    quantiles = np.quantile(residuals, _QUANTILES, axis=0)[:, np.newaxis, np.newaxis]
    off = errors[np.newaxis] - quantiles
    below = _QUANTILES[:, np.newaxis, np.newaxis, np.newaxis]
    return Beside(
        mae=float(np.abs(errors).mean()),
        rmse=float(np.sqrt(np.square(errors).mean())),
        crps=float(2 * np.maximum(below * off, (below - 1) * off).mean()),
        coverage=coverage,
        score=score,
        apart=None if reference is None else _apart(np.abs(errors), np.abs((actual - reference) / unit)),
    )


def _apart(one: Floats, other: Floats) -> Apart | None:
    """Neighbouring origins share errors, and the series of one origin do: whole blocks of origins are drawn."""
    origins = len(one)
    count = block_count(origins, horizon=1, season=1)
    place = np.arange(origins) * count // origins
    both = (Blocks.of(each.reshape(origins, -1), place=place, count=count) for each in (one, other))
    return apart(*both)
