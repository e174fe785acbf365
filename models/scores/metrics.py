"""How good forecasts are: by lead and over all, per series and over all, in the target's own unit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from daycast.models.scores.blocks import Blocks
from daycast.models.scores.crps import crps
from daycast.models.scores.intervals import Intervals
from daycast.models.series.differencing import Floats
from daycast.models.series.windows import Mask, Windows
from daycast.storage.terms.pipeline import DifferenceKind
from daycast.storage.terms.words import (
    ALL_LEADS,
    ALL_SERIES,
    BASELINES,
    LEVELS,
    METRICS,
    NAIVE,
    OF_QUARTERS,
    QUARTERS,
    Metric,
    Split,
)

Pair = tuple[Floats, Floats]
Span = tuple[np.datetime64, np.datetime64]
COLUMNS = ("forecaster", "series_id", "split", "lead", "metric", "value", "n")


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """One forecaster's forecasts of some windows.

    Attributes:
        mean: ``(n, horizon)`` levels.
        intervals: of this forecaster, for each window from what was realised before it.
    """

    mean: Floats
    intervals: Intervals


@dataclass(frozen=True, kw_only=True, eq=False)
class Tally:
    """What scores are made of: sums by lead over all series and by series over all leads, which can be added up.

    Attributes:
        names: the series ids.
        leads: by forecaster and what is summed, ``(sum, n)`` by lead, each ``(horizon,)``.
        series: likewise by series, each ``(series,)``.
        blocks: by forecaster, the scaled errors (those of ``mase``) by block of the part's time.
    """

    names: tuple[str, ...]
    leads: Mapping[str, Mapping[Metric, Pair]]
    series: Mapping[str, Mapping[Metric, Pair]]
    blocks: Mapping[str, Blocks]

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            names=self.names + other.names,
            leads=_merged(self.leads, other.leads, np.add),
            series=_merged(self.series, other.series, lambda one, two: np.concatenate([one, two])),
            blocks={name: blocks + other.blocks[name] for name, blocks in self.blocks.items()},
        )

    def called(self, names: Mapping[str, str]) -> "Tally":
        """The sums of some forecasters alone, under the names that they are given here."""
        return Tally(
            names=self.names,
            leads={new: self.leads[name] for name, new in names.items()},
            series={new: self.series[name] for name, new in names.items()},
            blocks={new: self.blocks[name] for name, new in names.items()},
        )

    def rows(self, *, split: Split, baselines: "Tally | None" = None) -> pd.DataFrame:
        """The scores: by lead for all series together, and by series for all leads together.

        Args:
            split: which part it is of.
            baselines: the baselines' own tally of the same windows, for ``skill_best``; by default this one.

        Returns:
            Columns :data:`COLUMNS`; lead 0 is over all leads, series ``*`` over all series. A value that is not defined
            (skill where naive has no error, directional accuracy of naive) has no row.
        """
        horizon = next(len(total) for sums in self.leads.values() for total, _ in sums.values())
        cells = pd.DataFrame(
            {
                "series_id": [ALL_SERIES] * (horizon + 1) + list(self.names),
                "lead": [*range(horizon + 1), *[ALL_LEADS] * len(self.names)],
            }
        )
        means = {name: self._means(name) for name in self.leads}
        best = (baselines or self)._best()
        first = np.arange(len(cells)) == 0
        tables = []
        for name, mean in means.items():
            for metric, (value, n) in _finished(mean, naive=means[NAIVE], best=best).items():
                # Of quarters nothing is told but over all, which stands first.
                told = np.isfinite(value) & (first | (metric not in OF_QUARTERS))
                values = {"value": value[told], "n": n[told].astype(np.int64)}
                tables.append(cells[told].assign(forecaster=name, split=split, metric=metric, **values))
        return pd.concat(tables, ignore_index=True)[list(COLUMNS)]

    def _best(self) -> Mapping[Metric, Pair]:
        """The means of the baseline with the least error over all."""
        means = [self._means(name) for name in BASELINES if name in self.leads]
        return min(means, key=lambda each: float(each["mae"][0][0]))

    def _means(self, name: str) -> dict[Metric, Pair]:
        """Over all, by lead, then by series: the mean, and of how many."""
        found = {}
        for metric, (total, n) in self.leads[name].items():
            of_series, n_series = self.series[name][metric]
            totals = np.concatenate([[total.sum()], total, of_series])
            counts = np.concatenate([[n.sum()], n, n_series])
            found[metric] = (_divide(totals, counts), counts)
        return found


def tally(
    forecasts: Mapping[str, Forecast],
    *,
    windows: Windows,
    kind: DifferenceKind,
    scales: Floats,
    directional: bool,
    span: Span,
    blocks: int = 1,
) -> Tally:
    """Sum up the errors of forecasters on the same windows.

    ``mae``, ``rmse`` and ``crps`` are in the target's unit. ``mase`` is the mean of each window's error in units of its
    series' scale, so that it may be averaged over series. ``skill`` is 1 - MAE / naive MAE on the same windows, and
    ``skill_best`` the same against the baseline that has the least error on them over all series and leads.
    ``coverage_80`` and ``coverage_95`` are the shares of actual values inside the intervals, ``width_80`` and
    ``width_95`` how wide these are. ``interval_score_80`` is the width and, for a value outside, 2 / (1 - .8) times how
    far (Gneiting, Raftery 2007, section 6.2): the smaller, the better. ``crps`` is twice the mean
    pinball loss over the quantiles 0.025, 0.05, … 0.975 of the intervals' radii (Gneiting, Raftery 2007, section 4.2;
    Laio, Tamea 2007). ``directional_accuracy`` is the share of moves from the origin whose sign was right, among those
    where both the forecast and the actual value moved.

    Args:
        forecasts: by name; ``naive`` must be among them.
        windows: what was forecast, all with known targets.
        kind: the target's kind of difference.
        scales: ``(series,)``, from :func:`daycast.models.scores.scales.naive_scales`.
        directional: whether ``directional_accuracy`` is meant: for prices.
        span: from when to when the part lasts, UTC: coverage is told of each quarter of it.
        blocks: parts of that time by which scaled errors are summed too.
    """
    actual = windows.levels(kind)
    scale = scales[windows.codes][:, np.newaxis]
    quarter, block = (_place(windows.origin, span, count) for count in (QUARTERS, blocks))
    leads: dict[str, Mapping[Metric, Pair]] = {}
    series: dict[str, Mapping[Metric, Pair]] = {}
    of_blocks: dict[str, Blocks] = {}
    for name, forecast in forecasts.items():  # one after the other: of each there are a dozen values a window and lead
        values = _values(forecast, actual=actual, windows=windows, scale=scale, directional=directional)
        by_both = {metric: _sums(*each, windows) for metric, each in values.items()}
        quarters = _of_quarters(values, quarter, len(windows.names))
        leads[name] = {metric: (total.sum(axis=0), n.sum(axis=0)) for metric, (total, n) in by_both.items()} | quarters[
            0
        ]
        series[name] = {
            metric: (total.sum(axis=1), n.sum(axis=1)) for metric, (total, n) in by_both.items()
        } | quarters[1]
        of_blocks[name] = Blocks.of(values["mase"][0], place=block, count=blocks)
    return Tally(names=windows.names, leads=leads, series=series, blocks=of_blocks)


def overall(scores: pd.DataFrame, *, metric: str) -> dict[str, float]:
    """One metric over all series and leads, by forecaster.

    Args:
        scores: of one split, from :meth:`Tally.rows`.
        metric: which.
    """
    rows = scores[(scores["series_id"] == ALL_SERIES) & (scores["lead"] == ALL_LEADS) & (scores["metric"] == metric)]
    return dict(zip(rows["forecaster"], rows["value"].astype(float), strict=True))


def _values(
    forecast: Forecast, *, actual: Floats, windows: Windows, scale: Floats, directional: bool
) -> dict[Metric, tuple[Floats, Mask | None]]:
    """What is summed of each window and lead, and where it counts; everywhere without a mask."""
    error = np.abs(actual - forecast.mean)
    table: dict[Metric, tuple[Floats, Mask | None]] = {
        "mae": (error, None),
        "rmse": (np.square(error), None),
        "mase": (error / scale, None),
    }
    table.update({metric: (values, None) for metric, values in _distribution(forecast, actual, windows).items()})
    if directional:
        base = windows.base[:, np.newaxis]
        told, came = np.sign(forecast.mean - base), np.sign(actual - base)
        table["directional_accuracy"] = ((told == came).astype(float), (told != 0) & (came != 0))
    return table


def _distribution(forecast: Forecast, actual: Floats, windows: Windows) -> dict[Metric, Floats]:
    """What the two intervals came to, and CRPS, from those at every coverage of the grid."""
    mean, intervals = forecast.mean, forecast.intervals
    table: dict[Metric, Floats] = {}
    for coverage in LEVELS:
        lower, upper = intervals.bounds(mean, windows, coverage=coverage)
        outside = np.maximum(lower - actual, 0.0) + np.maximum(actual - upper, 0.0)
        table[_at("coverage", coverage)] = ((lower <= actual) & (actual <= upper)).astype(float)
        table[_at("width", coverage)] = upper - lower
        table[_at("interval_score", coverage)] = upper - lower + 200.0 / (100 - coverage) * outside
    table["crps"] = crps(mean, actual, windows=windows, intervals=intervals)
    return table


def _at(metric: str, coverage: int) -> Metric:
    return f"{metric}_{coverage}"  # type: ignore[return-value]  # LEVELS are those of the words


def _place(origin: np.ndarray, span: Span, count: int) -> np.ndarray:
    """``(n,)`` in which of so many equal parts of the span each window begins, from 0."""
    begin, end = span
    share = (origin - begin) / max(end - begin, np.timedelta64(1, "us"))
    return np.clip((share * count).astype(np.intp), 0, count - 1)


def _sums(values: Floats, among: Mask | None, windows: Windows) -> Pair:
    """Sums and numbers by series and lead, each ``(series, horizon)``; without a mask everything counts."""
    shape = len(windows.names), values.shape[1]
    total, n = np.zeros(shape), np.zeros(shape)
    if not len(values):
        return total, n
    starts = np.flatnonzero(np.diff(windows.codes, prepend=-1))  # they are ordered by series
    present = windows.codes[starts]
    if among is None:
        total[present] = np.add.reduceat(values, starts)
        n[present] = np.diff(starts, append=len(values))[:, np.newaxis]
    else:
        total[present] = np.add.reduceat(np.where(among, values, 0.0), starts)
        n[present] = np.add.reduceat(among.astype(float), starts)
    return total, n


def _of_quarters(
    values: Mapping[Metric, tuple[Floats, Mask | None]], quarter: np.ndarray, series: int
) -> tuple[dict[Metric, Pair], dict[Metric, Pair]]:
    """The coverages once more, of each quarter: by lead, and of no series by itself."""
    leads: dict[Metric, Pair] = {}
    for level in LEVELS:
        inside, _ = values[_at("coverage", level)]
        for number in range(QUARTERS):
            some = inside[quarter == number]
            name: Metric = f"coverage_{level}_q{number + 1}"  # type: ignore[assignment]  # the words have these names
            leads[name] = some.sum(axis=0), np.full(inside.shape[1], float(len(some)))
    nothing = np.zeros(series)
    return leads, dict.fromkeys(leads, (nothing, nothing))


def _merged(
    one: Mapping[str, Mapping[Metric, Pair]],
    two: Mapping[str, Mapping[Metric, Pair]],
    join: Callable[[Floats, Floats], Floats],
) -> dict[str, dict[Metric, Pair]]:
    return {
        name: {
            metric: (join(total, two[name][metric][0]), join(n, two[name][metric][1]))
            for metric, (total, n) in sums.items()
        }
        for name, sums in one.items()
    }


def _finished(
    means: Mapping[Metric, Pair], *, naive: Mapping[Metric, Pair], best: Mapping[Metric, Pair]
) -> dict[Metric, Pair]:
    """The metrics in their order, those of them that are no mean worked out."""
    mae, n = means["mae"]
    whole = {
        **means,
        "rmse": (np.sqrt(means["rmse"][0]), n),
        "skill": (_divide(naive["mae"][0] - mae, naive["mae"][0]), n),
        "skill_best": (_divide(best["mae"][0] - mae, best["mae"][0]), n),
    }
    return {metric: whole[metric] for metric in METRICS if metric in whole}


def _divide(over: Floats, under: Floats) -> Floats:
    return np.divide(over, under, out=np.full_like(over, np.nan), where=under != 0)
