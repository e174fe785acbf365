"""How settings for the ETTh1 benchmark fare in four seasons before its test part, each held out in turn.

One validation part of four months is a noisy judge. Here two months of each season are forecast by a network that was
trained on the other hours before the test part, but for the season that says when to stop; no target of training lies
in either. Forecasts are kept, so that mixtures of networks and of least squares are scored without training again.

    python -m tests.bench.bench_seasons ETTh1.csv --table multivariate_96 --lookback 336 720 --keep FOLDER
    python -m tests.bench.bench_seasons ETTh1.csv --table multivariate_192 --set 'ridges=["window"]' --keep FOLDER
    python -m tests.bench.bench_seasons ETTh1.csv --table multivariate_96 --set units=[512] --keep FOLDER --season 1
"""

import argparse
import itertools
import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from daycast.flows.benchmarks.etth1 import TABLES, choose
from daycast.storage.terms.pipeline import Pipeline
from daycast.tasks.apart.networks import load

_BEGINS = (1800, 4000, 6200, 8640)
"""Of autumn, winter, spring and summer, in hours from the file's first."""
_HOURS = 1440
_BEFORE_TEST = 8640 + 2880
_SHARES = (0.0, 0.33, 0.5, 0.67, 0.75, 1.0)


def main() -> None:
    """Train what is not kept yet, each network in a process of its own, and print what all come to."""
    asked = _asked()
    if asked.alone:
        _keep(asked, season=asked.season[0], lookback=asked.lookback[0])
        return
    asked.keep.mkdir(parents=True, exist_ok=True)
    for season, lookback in itertools.product(asked.season, asked.lookback):
        if not _place(asked, season=season, lookback=lookback).exists():
            alone = ["--alone", "--season", str(season), "--lookback", str(lookback)]
            subprocess.run([sys.executable, "-m", "tests.bench.bench_seasons", *sys.argv[1:], *alone], check=True)
    _tell(asked)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("--table", required=True, help="of flows/benchmark.toml")
    parser.add_argument("--lookback", type=int, nargs="+", default=[336, 720])
    parser.add_argument("--season", type=int, nargs="+", default=[0, 1, 2, 3], help="of autumn, winter, spring, summer")
    parser.add_argument("--set", nargs="*", default=[], help="keys of its table model, as TOML: units=[512]")
    parser.add_argument("--with", nargs="*", default=[], dest="beside", help="other keys: features=['value','HUFL']")
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _place(asked: argparse.Namespace, *, season: int, lookback: int) -> Path:
    changed = "".join(f"-{each}" for each in (*asked.set, *asked.beside))
    folder: Path = asked.keep
    return folder / f"{asked.table}-{lookback}{changed}-{season}.npz"


def _spec(asked: argparse.Namespace, *, lookback: int) -> Pipeline:
    """The table with another lookback, and ridge beside the network whatever its share."""
    (spec,) = choose(TABLES, protocols=[asked.table], horizons=[])
    model = {**spec.model.model_dump(exclude_unset=True), **tomllib.loads("\n".join(asked.set)), "ridge_share": 0.5}
    other = {**tomllib.loads("\n".join(asked.beside)), "lookback": lookback, "model": model}
    changed = Pipeline.model_validate({**spec.model_dump(exclude_unset=True), **other})
    return changed.model_copy(update={"url": None, "path": asked.data})


def _keep(asked: argparse.Namespace, *, season: int, lookback: int) -> None:
    """Train one network, and keep what it, and least squares, forecast of the season that it did not see."""
    spec = _spec(asked, lookback=lookback)
    load(spec.model)
    from dataclasses import replace

    from daycast.models.networks.build import members_of
    from daycast.models.networks.forecaster import NetworkForecaster
    from daycast.models.scores.protocol import Scale, errors
    from daycast.tasks.benchmark import read_levels

    levels = read_levels(spec)
    scale = Scale.of(levels[list(spec.symbols)])
    training, stopping, held_out = _parts(levels, spec=spec, season=season)
    forecaster = NetworkForecaster.fit(
        training, stopping, spec=spec, parent=None, on_epoch=lambda _: None, expired=lambda: False
    )
    (network,) = members_of(forecaster.network)
    told = {"network": network, "ridge": forecaster.network.get_layer("ridge")}
    kept = {name: scale.cube(replace(forecaster, network=each).predict(held_out), windows=held_out)
            for name, each in told.items()}  # fmt: skip
    actual = scale.cube(held_out.levels("none"), windows=held_out)
    np.savez(_place(asked, season=season, lookback=lookback), actual=actual, **kept)
    scores = {name: float(f"{errors(each, actual)['mse']:.4g}") for name, each in kept.items()}
    _say(f"{asked.table} {lookback} {' '.join(asked.set)} season {season}: {json.dumps(scores)}, "
         f"{len(forecaster.history)} epochs")  # fmt: skip


def _parts(levels: Any, *, spec: Pipeline, season: int) -> list[Any]:
    """Windows of training, those that say when to stop, and those of the season."""
    from daycast.models.series.alone import make_windows
    from daycast.models.series.windows import concatenate

    before = levels.iloc[:_BEFORE_TEST]
    windows = concatenate(
        [
            make_windows(before.assign(value=before[symbol]), spec=spec, series_id=f"{spec.name}/{symbol}")
            for symbol in spec.symbols
        ]
    )
    windows = windows.where(~np.isnat(windows.end))

    def edges(number: int) -> tuple[Any, Any]:
        begin = _BEGINS[number % len(_BEGINS)]
        return levels.index[begin].to_datetime64(), levels.index[begin + _HOURS - 1].to_datetime64()

    def within(begin: Any, end: Any) -> Any:
        return (windows.origin >= begin - np.timedelta64(1, "h")) & (windows.end <= end)

    def apart(begin: Any, end: Any) -> Any:
        return (windows.end < begin) | (windows.origin >= end)

    own, stop = edges(season), edges(season + 1)
    return [
        windows.where(apart(*own) & apart(*stop)),
        windows.where(within(*stop)),
        windows.where(within(*own)),
    ]


def _tell(asked: argparse.Namespace) -> None:
    """Print the mean error over the seasons of each network with each share of each ridge, and of mixtures."""
    kept = [
        {lookback: dict(np.load(_place(asked, season=season, lookback=lookback))) for lookback in asked.lookback}
        for season in asked.season
    ]
    mixtures = [each for count in (1, 2) for each in itertools.combinations(asked.lookback, count)]
    _say(f"{asked.table} {' '.join(asked.set)}: MSE by share of ridge, mean of {len(asked.season)} seasons, then each")
    for networks, ridges in itertools.product(mixtures, mixtures):
        for share in _SHARES:
            each = [_mixed(season, networks=networks, ridges=ridges, share=share) for season in kept]
            by_season = " ".join(f"{mse:.4g}" for mse in each)
            _say(f"  networks {networks} ridge {ridges} share {share:.2f}: {np.mean(each):.4g}  {by_season}")


def _mixed(
    season: Mapping[int, Mapping[str, Any]], *, networks: Sequence[int], ridges: Sequence[int], share: float
) -> float:
    network = np.mean([season[each]["network"] for each in networks], axis=0)
    ridge = np.mean([season[each]["ridge"] for each in ridges], axis=0)
    actual = next(iter(season.values()))["actual"]
    return float(np.square((1 - share) * network + share * ridge - actual, dtype=np.float64).mean())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
