"""How good forecasts are: by lead and over all, per series and over all, in the target's own unit."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from daycast.models.scores.intervals import COVERAGES, Intervals
from daycast.models.series.differencing import Floats
from daycast.models.series.windows import Mask, Windows
from daycast.storage.terms.pipeline import DifferenceKind
from daycast.storage.terms.words import ALL_LEADS, ALL_SERIES, LEVELS, METRICS, NAIVE, ForecasterName, Metric, Split

COLUMNS = ("forecaster", "series_id", "split", "lead", "metric", "value", "n")


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """One forecaster's forecasts of some windows.

    Attributes:
        mean: ``(n, horizon)`` levels.
        intervals: of this forecaster, from the validation part.
    """

    mean: Floats
    intervals: Intervals


def naive_scales(training: Windows, *, kind: DifferenceKind) -> dict[str, float]:
    """The one-step naive MAE of each series on the training part: what ``mase`` divides by.

    Returns:
        By series id, in the target's unit; 1 for a series that never moves.

    Source: Hyndman, Koehler (2006), "Another look at measures of forecast accuracy", section 4.1.
    """
    errors = np.abs(training.levels(kind)[:, 0] - training.base)
    counts = np.bincount(training.codes, minlength=len(training.names))
    sums = np.bincount(training.codes, weights=errors, minlength=len(training.names))
    return {
        name: float(total / count) if total > 0 else 1.0
        for name, total, count in zip(training.names, sums, counts, strict=True)
        if count
    }


def evaluate(
    forecasts: Mapping[ForecasterName, Forecast],
    *,
    windows: Windows,
    split: Split,
    kind: DifferenceKind,
    scales: Mapping[str, float],
    directional: bool,
) -> pd.DataFrame:
    """Score forecasters on the same windows.

    ``mae``, ``rmse`` and ``crps`` are in the target's unit. ``mase`` is the mean of each window's error in units of its
    series' scale, so that it may be averaged over series. ``skill`` is 1 - MAE / naive MAE on the same windows.
    ``coverage_80`` and ``coverage_95`` are the shares of actual values inside the intervals. ``crps`` is twice the mean
    pinball loss over the quantiles 0.025, 0.05, … 0.975 of the intervals' radii (Gneiting, Raftery 2007, section 4.2;
    Laio, Tamea 2007). ``directional_accuracy`` is the share of moves from the origin whose sign was right, among those
    where both the forecast and the actual value moved.

    Args:
        forecasts: by name; ``naive`` must be among them.
        windows: what was forecast, all with known targets.
        split: the part that the windows are of.
        kind: the target's kind of difference.
        scales: by series id, from :func:`naive_scales`.
        directional: whether ``directional_accuracy`` is meant: for prices.

    Returns:
        Columns :data:`COLUMNS`; lead 0 is over all leads, series ``*`` over all series. A value that is not defined
        (skill where naive has no error, directional accuracy of naive) has no row.
    """
    actual = windows.levels(kind)
    scale = np.array([scales.get(name, 1.0) for name in windows.names])[windows.codes][:, np.newaxis]
    tables = {
        name: _table(forecast, actual=actual, windows=windows, scale=scale, directional=directional)
        for name, forecast in forecasts.items()
    }
    naive_mae = tables[NAIVE]["mae"].value
    for table in tables.values():
        table["skill"] = _Cells(_divide(naive_mae - table["mae"].value, naive_mae), table["mae"].n)
    rows = [
        _rows(cells, windows.names).assign(forecaster=name, split=split, metric=metric)
        for name, table in tables.items()
        for metric, cells in ((metric, table[metric]) for metric in METRICS if metric in table)
    ]
    return pd.concat(rows, ignore_index=True)[list(COLUMNS)]


def overall(scores: pd.DataFrame, *, metric: str) -> dict[str, float]:
    """One metric over all series and leads, by forecaster.

    Args:
        scores: of one split, from :func:`evaluate`.
        metric: which.
    """
    rows = scores[(scores["series_id"] == ALL_SERIES) & (scores["lead"] == ALL_LEADS) & (scores["metric"] == metric)]
    return dict(zip(rows["forecaster"], rows["value"].astype(float), strict=True))


@dataclass(frozen=True, eq=False)
class _Cells:
    """One metric: ``(series + 1, horizon + 1)``, the last row over all series, the first column over all leads."""

    value: Floats
    n: Floats


def _table(
    forecast: Forecast, *, actual: Floats, windows: Windows, scale: Floats, directional: bool
) -> dict[Metric, _Cells]:
    error = np.abs(actual - forecast.mean)
    table: dict[Metric, _Cells] = {
        "mae": _mean(error, windows),
        "rmse": _mean(np.square(error), windows),
        "mase": _mean(error / scale, windows),
    }
    table["rmse"] = _Cells(np.sqrt(table["rmse"].value), table["rmse"].n)
    table.update(_distribution(forecast, actual=actual, windows=windows))
    if directional:
        base = windows.base[:, np.newaxis]
        told, came = np.sign(forecast.mean - base), np.sign(actual - base)
        table["directional_accuracy"] = _mean((told == came).astype(float), windows, among=(told != 0) & (came != 0))
    return table


def _distribution(forecast: Forecast, *, actual: Floats, windows: Windows) -> dict[Metric, _Cells]:
    """Coverage and CRPS, from the intervals at every coverage of the grid."""
    pinball = np.zeros_like(actual)
    table: dict[Metric, _Cells] = {}
    for coverage in COVERAGES:
        lower, upper = forecast.intervals.bounds(forecast.mean, windows, coverage=coverage)
        pinball += _pinball(actual - upper, (100 + coverage) / 200)
        if coverage:
            pinball += _pinball(actual - lower, (100 - coverage) / 200)
        if coverage in LEVELS:
            name: Metric = "coverage_80" if coverage == LEVELS[0] else "coverage_95"
            table[name] = _mean(((lower <= actual) & (actual <= upper)).astype(float), windows)
    table["crps"] = _mean(2.0 * pinball / (2 * len(COVERAGES) - 1), windows)
    return table


def _pinball(apart: Floats, quantile: float) -> Floats:
    return np.asarray(np.maximum(quantile * apart, (quantile - 1.0) * apart))


def _mean(values: Floats, windows: Windows, *, among: Mask | None = None) -> _Cells:
    """Means by series and lead, with those over all series and over all leads."""
    counted = np.ones(values.shape) if among is None else among.astype(float)
    n = _sums(counted, windows)
    return _Cells(_divide(_sums(values * counted, windows), n), n)


def _sums(values: Floats, windows: Windows) -> Floats:
    series, horizon = len(windows.names), values.shape[1]
    sums = np.zeros((series + 1, horizon + 1))
    np.add.at(sums[:series, 1:], windows.codes, values)
    sums[series] = sums[:series].sum(axis=0)
    sums[:, 0] = sums[:, 1:].sum(axis=1)
    return sums


def _divide(over: Floats, under: Floats) -> Floats:
    return np.divide(over, under, out=np.full_like(over, np.nan), where=under != 0)


def _rows(cells: _Cells, names: tuple[str, ...]) -> pd.DataFrame:
    series, leads = cells.value.shape
    frame = pd.DataFrame(
        {
            "series_id": np.repeat(np.array([*names, ALL_SERIES], dtype=object), leads),
            "lead": np.tile(np.arange(leads), series),
            "value": cells.value.reshape(-1),
            "n": cells.n.reshape(-1).astype(np.int64),
        }
    )
    return frame[np.isfinite(frame["value"])]
