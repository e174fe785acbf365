"""How much of the spread of coverage over the series of a panel is sampling noise: a bootstrap of blocks of time.

Series that are all covered to the same degree differ all the same over a test part of some hundred days, as windows of
neighbouring days share their targets. The days of the part are drawn again and again in blocks, the same days for
every series (Künsch, "The Jackknife and the Bootstrap for General Stationary Observations", 1989); how much a series'
coverage moves apart from the others' is noise, and what the spread is beyond it is the series' own.

    python -m tests.bench.bench_coverage ../shared/data/prices/panel_126.parquet --symbol ticker --value close
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from daycast.models.race.baselines import naive
from daycast.models.scores.intervals import Intervals
from daycast.models.series.alone import make_windows
from daycast.models.series.splits import bounds, cut
from daycast.models.series.windows import Windows, concatenate
from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.terms.words import LEVELS

_DRAWS = 500


def main() -> None:
    """Print, for each coverage and length of block, the spread and the share of noise in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--time", default="date")
    parser.add_argument("--symbol", default="symbol")
    parser.add_argument("--value", default="close")
    options = parser.parse_args()
    windows, test = _windows(options)
    both = Intervals.rolling(windows, naive(windows), kind="log")
    actual, late = windows.levels("log")[test], windows.where(test)
    for level in LEVELS:
        lower, upper = both.bounds(naive(late), late, coverage=level)
        covered = _by_day(late, ((lower <= actual) & (actual <= upper)).mean(axis=1))
        own = np.nanmean(covered, axis=1)
        low, high = np.percentile(own, [5, 95])
        _say(f"{level} %: {len(own)} series, {covered.shape[1]} days, pooled {np.nanmean(covered):.3f}")
        _say(f"  5th to 95th percentile {low:.3f} to {high:.3f}, deviation {own.std():.4f}")
        for days in (10, 20, 40):
            noise = _noise(covered, days=days)
            _say(f"  blocks of {days} days: deviation {np.sqrt(noise):.4f}, {noise / own.var():.0%} of the variance")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _windows(options: argparse.Namespace) -> tuple[Windows, Any]:
    """The held-out windows of every series that has some, and which of them are of the test part."""
    frame = pd.read_parquet(options.data)
    frame = frame.assign(
        at=pd.to_datetime(frame[options.time]).dt.tz_localize(None).dt.normalize().dt.tz_localize("UTC")
    )
    spec = parse_pipeline(
        "panel",
        {"feed": "yahoo", "symbols": ["A"], "target": "close", "features": ["close"], "calendar": "B",
         "difference": "log", "lookback": 50, "horizon": 5},
    )  # fmt: skip
    table = frame.pivot_table(index="at", columns=options.symbol, values=options.value)
    table.index = pd.DatetimeIndex(table.index).as_unit("us")
    ends = bounds(table.index, split=spec.split)
    parts = []
    for name in table.columns:
        levels = table[[name]].rename(columns={name: "close"}).dropna()
        whole = make_windows(levels, spec=spec, series_id=f"panel/{name}")
        at = cut(whole, bounds=ends)
        if at.test.sum() and at.validation.sum():
            parts.append(whole.where(at.validation | at.test))
    held_out = concatenate(parts)
    return held_out, cut(held_out, bounds=ends).test


def _by_day(windows: Windows, covered: Any) -> Any:
    """``(series, days)``, missing where a series has no window of that day."""
    days, place = np.unique(windows.origin, return_inverse=True)
    table = np.full((len(windows.names), len(days)), np.nan)
    table[windows.codes, place] = covered
    return table[np.isfinite(table).any(axis=1)]


def _noise(covered: Any, *, days: int) -> float:
    """The variance over series of how far each one's coverage moves by the draw of days, less all of them together."""
    random, count = np.random.default_rng(7), covered.shape[1]
    own = np.nanmean(covered, axis=1)
    moved = []
    for _ in range(_DRAWS):
        starts = random.integers(0, count - days + 1, size=-(-count // days))
        drawn = (starts[:, np.newaxis] + np.arange(days)).ravel()[:count]
        moved.append((np.nanmean(covered[:, drawn], axis=1) - own).var())
    return float(np.mean(moved))


if __name__ == "__main__":
    main()
