"""Which rate intervals follow what was missed by, and how many residuals they are of: scores before the test part.

A segment network is fitted on the training part (of hours), or naive is taken (``--naive``, of prices); intervals are
then read as a run reads them, with each rate and each number of newest residuals, and scored on the second half of what
lies between training and test, each from what was realised before it. ``--test`` scores the chosen ones on the test
part instead: by validation alone, by the newest residuals, and followed.

    python -m tests.bench.bench_intervals --on etth1 --data ETTh1.csv
    python -m tests.bench.bench_intervals --data shares.parquet --columns date,ticker,close --steps 5,5,50 --naive
"""

import argparse
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daycast.models.race.baselines import naive
from daycast.models.scores import intervals, tracking
from daycast.models.scores.intervals import Intervals
from daycast.models.scores.tracking import Tracking
from daycast.models.series.alone import make_windows
from daycast.models.series.differencing import Floats
from daycast.models.series.windows import Windows, concatenate
from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.words import LEVELS
from daycast.tasks.apart.networks import load
from daycast.tasks.peers.sets import etth1

_RATES = (0.0, 0.01, 0.02, 0.03, 0.05)
_CHOSEN = tracking.RATE
_NEWEST = (100, 250, 500, 1000, 100_000)
_QUARTERS = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOut:
    """Windows that the forecaster was not fitted on, what it said of them, and the time that is scored."""

    spec: Pipeline
    windows: Windows
    mean: Floats
    begin: np.datetime64
    end: np.datetime64


def main() -> None:
    """Print a line for each rate and each number of residuals, or for each kind of intervals on the test part."""
    asked = _asked()
    held = _held_out(asked)
    if asked.test:
        for name, made in _kinds(held).items():
            _say(held, made, name=name)
        return
    for rate in _RATES:
        tracking.RATE = rate
        _say(held, _rolling(held), name=f"rate {rate}")
    for newest, rate in itertools.product(_NEWEST, (0.0, _CHOSEN)):
        intervals.NEWEST, tracking.RATE = newest, rate
        _say(held, _rolling(held), name=f"newest {newest}, rate {rate}")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--on", choices=["etth1", "file"], default="file")
    parser.add_argument("--data", required=True)
    parser.add_argument("--columns", default="date,symbol,value")
    parser.add_argument("--steps", default="24,24,168", help="horizon, season, lookback")
    parser.add_argument("--naive", action="store_true", help="the last value, of prices")
    parser.add_argument("--test", action="store_true")
    return parser.parse_args()


def _held_out(asked: argparse.Namespace) -> HeldOut:
    table, ends = _series(asked)
    spec = _spec(asked, series=table.shape[1])
    table.index = pd.date_range("2000-01-01", periods=len(table), freq="1h", tz="UTC", unit="us")
    stamps = table.index.tz_localize(None).to_numpy()
    training, stop = (stamps[each] for each in ends)
    windows = concatenate(list(_windows(table, spec=spec, before=training)))
    late = windows.where(windows.origin >= training - (stamps[1] - stamps[0]))
    before = late.where(late.end < stop)
    begin, end = (stop - (stamps[1] - stamps[0]), stamps[-1]) if asked.test else _second_half(before)
    late = late if asked.test else before
    fitted = windows.where(windows.end < training)
    mean = naive(late) if asked.naive else _network(fitted, before, spec=spec).predict(late)
    return HeldOut(spec=spec, windows=late, mean=mean, begin=begin, end=end)


def _series(asked: argparse.Namespace) -> tuple[pd.DataFrame, tuple[int, int]]:
    """A column a series, and where training and what comes between it and the test part end."""
    if asked.on == "etth1":
        of = etth1(asked.data)
        return pd.DataFrame(of.values[:, : of.end].T), (of.training, of.stop)
    frame = pd.read_parquet(asked.data) if asked.data.endswith(".parquet") else pd.read_csv(asked.data)
    index, symbol, value = asked.columns.split(",")
    table = frame.pivot_table(index=index, columns=symbol, values=value)
    return table, (round(0.7 * len(table)), round(0.85 * len(table)))


def _windows(table: pd.DataFrame, *, spec: Pipeline, before: np.datetime64) -> Iterator[Windows]:
    """Of each series that began before the training part's end."""
    for name in table.columns:
        levels = table[[name]].set_axis(["y"], axis=1)
        windows = make_windows(levels, spec=spec, series_id=f"{spec.name}/{name}")
        windows = windows.where(~np.isnat(windows.end))
        if windows.origin.min() < before:
            yield windows


def _second_half(windows: Windows) -> tuple[np.datetime64, np.datetime64]:
    first, last = windows.origin.min(), windows.origin.max()
    return first + (last - first) // 2, last


def _spec(asked: argparse.Namespace, *, series: int) -> Pipeline:
    """What ships for the days of ETTh1."""
    horizon, season, lookback = (int(each) for each in asked.steps.split(","))
    model = {
        "cell": "segment_gru", "units": [64], "segment": season, "normalization": "last", "ridge_share": 0.5,
        "dropout": 0.5, "loss": "mse", "decay": "step",
    }  # fmt: skip
    table = {
        "feed": "sample", "symbols": [str(number) for number in range(series)], "target": "y",
        "features": ["y"], "calendar": "1h", "difference": "log" if asked.naive else "none", "lookback": lookback,
        "horizon": horizon, "season": season, **({} if asked.naive else {"model": model}),
    }  # fmt: skip
    return parse_pipeline("sample_measured", table)


def _network(fitted: Windows, stopping: Windows, *, spec: Pipeline) -> Any:
    load(spec.model)
    from daycast.models.networks.forecaster import NetworkForecaster

    return NetworkForecaster.fit(
        fitted, stopping, spec=spec, parent=None, on_epoch=lambda _: None, expired=lambda: False
    )


def _rolling(held: HeldOut) -> Intervals:
    return Intervals.rolling(held.windows, held.mean, kind=held.spec.difference_of("y"))


def _kinds(held: HeldOut) -> dict[str, Intervals]:
    """By validation alone, by the newest residuals alone, and as it is."""
    kind, followed = held.spec.difference_of("y"), _rolling(held)
    before = held.windows.end <= held.begin
    intervals.NEWEST, intervals._OF_PANEL = _NEWEST[-1], 1e-9  # each series by itself
    alone = Intervals.newest(held.windows.where(before), held.mean[before], kind=kind)
    unmoved = Tracking.none(len(held.windows.names))
    return {
        "validation alone": replace(alone, tracking=unmoved),
        "newest": replace(followed, tracking=unmoved),
        "followed": followed,
    }


def _say(held: HeldOut, made: Intervals, *, name: str) -> None:
    chosen = (held.windows.origin >= held.begin) & (held.windows.origin <= held.end)
    windows, mean = held.windows.where(chosen), held.mean[chosen]
    actual = windows.levels(held.spec.difference_of("y"))
    unit = actual if held.spec.difference_of("y") == "log" else np.ones_like(actual)
    quarter = _quarter(windows.origin)
    told = []
    for level in LEVELS:
        lower, upper = made.bounds(mean, windows, coverage=level)
        inside = (lower <= actual) & (actual <= upper)
        outside = np.maximum(lower - actual, 0) + np.maximum(actual - upper, 0)
        score = ((upper - lower + 200 / (100 - level) * outside) / unit).mean()
        by_quarter = " ".join(f"{inside[quarter == each].mean():.2f}" for each in range(_QUARTERS))
        told.append(f"{level} %: covered {inside.mean():.3f} ({by_quarter}), score {score:.4f}")
    sys.stdout.write(f"{name:22s} {'; '.join(told)}\n")
    sys.stdout.flush()


def _quarter(origin: NDArray[np.datetime64]) -> NDArray[np.intp]:
    share = (origin - origin.min()) / (origin.max() - origin.min())
    return np.minimum((share * _QUARTERS).astype(np.intp), _QUARTERS - 1)


if __name__ == "__main__":
    main()
