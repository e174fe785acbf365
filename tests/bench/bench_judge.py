"""How often the one that serves loses to naive afterwards, by which judge: 30 small pipelines, each cut four ways.

Run from the project's folder: ``python tests/bench/bench_judge.py FOLDER --keep OTHER``, with ``etth/ETTh1.csv`` and
``prices/panel_126.parquet`` (columns date, ticker, close) in FOLDER. Networks are fitted on the first half of a history
and stopped on all of the validation part, or on its first half; then it is held against naive what each judge chose, on
the test part (which it did not see) and on what comes after that (where the test part had a veto). Errors are kept in
OTHER: what was trained once is not trained again.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd

from daycast.models.race.baselines import BASELINES
from daycast.models.race.ridge import RidgeForecaster
from daycast.models.race.selection import Errors, Verdict, decide, overtake
from daycast.models.scores.blocks import Blocks, block_count
from daycast.models.series.alone import make_windows
from daycast.models.series.scaling import Scaler
from daycast.models.series.windows import Windows
from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.feeds.catalog import open_feed
from daycast.storage.feeds.feed import Span
from daycast.storage.terms.pipeline import Pipeline

_SHARES = (0.5, 0.65, 0.8)
"""Where training, validation and test end."""
_MOST = 4000
_STOPPED_ON = (1.0, 0.5)
_BASELINES = ("naive", "seasonal_naive", "drift")
_SESSIONS = {"calendar": "B", "difference": "log", "lookback": 30, "horizon": 5, "season": 5}
_HOURS = {"calendar": "1h", "difference": "absolute", "lookback": 48, "season": 24}
_MODEL = {"units": [16], "epochs": 8, "patience": 3, "learning_rate": 0.002, "seed": 7}


@dataclass(frozen=True)
class Case:
    """A pipeline and its one series."""

    name: str
    spec: Pipeline
    levels: pd.DataFrame


def main() -> None:
    """Train what was not trained yet, and print what each judge came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--keep", type=Path, required=True)
    asked = parser.parse_args()
    asked.keep.mkdir(exist_ok=True, parents=True)
    kept = []
    for case in cases(asked.data):
        place = asked.keep / f"{case.name}.npz"
        if not place.exists():
            np.savez(place, **measured(case))  # type: ignore[arg-type]
        kept.append((case.spec, dict(np.load(place))))
    for outcome in ("test", "after"):
        for sure in (False, True):
            for beside in ((), ("ridge", "blend")):
                _tell(kept, outcome=outcome, sure=sure, beside=beside)
    _flattery([errors for _, errors in kept])


def _tell(
    kept: list[tuple[Pipeline, dict[str, np.ndarray]]], *, outcome: str, sure: bool, beside: tuple[str, ...]
) -> None:
    """Print how often who serves loses to naive afterwards."""
    served = [_judged(spec, errors, veto=outcome == "after", sure=sure, beside=beside) for spec, errors in kept]
    gains = np.array(
        [
            each[f"{name}/{outcome}"].mean() / each[f"naive/{outcome}"].mean() - 1
            for name, (_, each) in zip(served, kept, strict=True)
        ]
    )
    counts = {name: served.count(name) for name in sorted(set(served))}
    print(  # noqa: T201
        f"{outcome:5s} {'sure' if sure else 'margin alone':12s} {'+'.join(beside):11s} "
        f"lost {(gains > 0).sum()} of {len(gains)}, the worst by {max(gains.max(), 0):.2%}; "
        f"error {gains.mean():+.2%} of naive's on the mean; {counts}"
    )


def _judged(spec: Pipeline, kept: dict[str, np.ndarray], *, veto: bool, sure: bool, beside: tuple[str, ...]) -> str:
    """Who serves."""
    origin = kept["origin/validation"]
    count = block_count(len(origin), horizon=spec.horizon, season=spec.season_length)
    share = (origin - origin[0]) / (origin[-1] - origin[0])
    place = np.clip((share * count).astype(np.intp), 0, count - 1)

    def errors(name: str) -> Errors:
        each = kept[f"{name}/validation"]
        blocks = Blocks.of(each[:, np.newaxis], place=place, count=count) if sure else None
        return Errors(validation=each.mean(), test=kept[f"{name}/test"].mean() if veto else 0.0, blocks=blocks)

    network, baselines = errors("network"), {name: errors(name) for name in _BASELINES}
    verdict: Verdict = decide(network, champion=None, baselines=baselines, margin=0.01)  # type: ignore[arg-type]
    rivals = {name: errors(name) for name in beside}
    entered = {**baselines, "network": network}
    return overtake(verdict, rivals=rivals, entered=entered, margin=0.01).served  # type: ignore[arg-type]


def _flattery(kept: list[dict[str, np.ndarray]]) -> None:
    """Print what stopping early on the windows that one is judged on is worth, there and where it is not."""
    apart = {}
    for part in ("validation", "test"):
        later = [_later(each[f"origin/{part}"]) for each in kept]
        apart[part] = np.array(
            [
                (each[f"network/{part}"][rows].mean() - each[f"halfway/{part}"][rows].mean())
                / each[f"naive/{part}"][rows].mean()
                for each, rows in zip(kept, later, strict=True)
            ]
        )
    excess = apart["validation"] - apart["test"]
    print(  # noqa: T201
        f"stopped on all of the validation part and not on its first half: "
        f"{apart['validation'].mean():+.2%} of naive's error on its second half, {apart['test'].mean():+.2%} on the "
        f"test part; flattered by {-excess.mean():.2%} ± {excess.std() / np.sqrt(len(excess)):.2%}"
    )


def _later(origin: np.ndarray) -> np.ndarray:
    """The second half of a part's time."""
    return np.asarray(origin >= origin[0] + (origin[-1] - origin[0]) // 2)


def cases(data: Path) -> Iterator[Case]:
    """The 30 pipelines."""
    etth1 = pd.read_csv(data / "etth" / "ETTh1.csv", parse_dates=["date"], index_col="date").tz_localize("UTC")
    for horizon in (1, 24):
        for column in etth1.columns:
            yield Case(f"{column}_{horizon}", _spec(_HOURS, horizon=horizon, loss="mae"), _only(etth1[column]))
    panel = pd.read_parquet(data / "prices" / "panel_126.parquet", columns=["ticker", "date", "close"])
    for ticker in sorted(panel["ticker"].unique())[::13][:10]:
        close = panel[panel["ticker"] == ticker].set_index("date")["close"]
        yield Case(f"share_{ticker}", _spec(_SESSIONS), _only(close.set_axis(pd.DatetimeIndex(close.index, tz="UTC"))))
    for name in ("AMZN", "KO", "SPY"):
        yield Case(f"sample_{name}", _spec(_SESSIONS), _sample(name, "close", "XNYS"))
    for name in ("OT", "HUFL", "MULL"):
        yield Case(f"sample_{name}", _spec(_HOURS, horizon=24, loss="mae"), _sample(name, name, "1h"))


def _spec(keys: dict[str, object], *, loss: str = "mae", **more: object) -> Pipeline:
    model = {**_MODEL, "cell": "gru", "loss": loss}
    table = {"feed": "ett", "symbols": ["y"], "target": "y", "features": ["y"], **keys, **more, "model": model}
    return parse_pipeline("judged", table)


def _only(series: "pd.Series[float]") -> pd.DataFrame:
    frame = series.rename("y").sort_index().to_frame()
    return frame.set_axis(pd.DatetimeIndex(frame.index).as_unit("us"))


def _sample(symbol: str, column: str, calendar: str) -> pd.DataFrame:
    table = {"feed": "sample", "symbols": [symbol], "target": column, "features": [column], "calendar": calendar}
    spec = parse_pipeline("sample_judged", {**table, "lookback": 10, "horizon": 1})
    frame = open_feed(spec).fetch(spec.symbols, Span(start=None, end=datetime(2026, 8, 21, tzinfo=UTC))).frame
    return _only(frame.set_index("observed_at")[column])


def measured(case: Case) -> dict[str, np.ndarray]:
    """By forecaster and part, each window's error over all leads, and the origins."""
    windows = make_windows(case.levels, spec=case.spec, series_id="judged/y")
    ends = [case.levels.index[int(len(case.levels) * share)].to_datetime64() for share in _SHARES]
    parts = {
        "training": windows.where(windows.end <= ends[0]),
        "validation": _between(windows, ends[0], ends[1]),
        "test": _between(windows, ends[1], ends[2]),
        "after": windows.where(windows.origin >= ends[2]),
    }
    step = np.abs(np.diff(case.levels["y"].to_numpy()[: int(len(case.levels) * _SHARES[0])]))[-1000:].mean()
    kind = case.spec.difference_of("y")
    found: dict[str, np.ndarray] = {}
    told = {each.name: each.predict for each in BASELINES}
    networks = {share: _fitted(parts, case.spec, share) for share in _STOPPED_ON}
    told |= {"network": networks[1.0].predict, "halfway": networks[0.5].predict}
    scaler = Scaler.fit(parts["training"])
    ridge = RidgeForecaster.fit(parts["training"], parts["validation"], spec=case.spec, scaler=scaler)
    told["ridge"] = ridge.predict
    told["blend"] = lambda windows: (networks[1.0].predict(windows) + ridge.predict(windows)) / 2
    for part in ("validation", "test", "after"):
        found[f"origin/{part}"] = parts[part].origin
        for name, predict in told.items():
            errors = np.abs(predict(parts[part]) - parts[part].levels(kind)) / step
            found[f"{name}/{part}"] = errors.mean(axis=1)
    return found


def _fitted(parts: dict[str, Windows], spec: Pipeline, share: float):
    from daycast.models.networks.forecaster import NetworkForecaster

    training, validation = parts["training"], parts["validation"]
    training = training.where(slice(None, None, max(1, len(training) // _MOST)))
    begin, end = validation.origin[0], validation.end[-1]
    stopping = validation.where(validation.end <= begin + (end - begin) * share)
    return NetworkForecaster.fit(
        training, stopping, spec=spec, parent=None, on_epoch=lambda _: None, expired=lambda: False
    )


def _between(windows: Windows, after: np.datetime64, until: np.datetime64) -> Windows:
    return windows.where((windows.origin >= after) & (windows.end <= until))


if __name__ == "__main__":
    main()
