"""Values that stand for no value are told, however many there are; honest series say nothing of the kind."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.intake.oddities import oddities

DATA = Path(__file__).parents[3] / ".." / "shared" / "data"
COUNT = 255


def _frame(values, *, symbol="A"):
    days = pd.date_range("2024-01-01", periods=len(values), freq="1D", tz="UTC")
    return pd.DataFrame({"symbol": symbol, "observed_at": days, "y": np.asarray(values, dtype=float)})


def _far(good, *, columns=("y",), calendar="1D"):
    spec = parse_pipeline("tiny", {
        "feed": "files", "path": "x.csv", "symbols": ["A"], "target": columns[-1], "features": list(columns),
        "calendar": calendar, "lookback": 4, "horizon": 2, "season": 2, "difference": "none",
    })  # fmt: skip
    return [found for found in oddities(good, spec=spec) if found.kind == "far"]


def _around(level=50.0, *, count=COUNT, scale=1.0, seed=0):
    return level + np.random.default_rng(seed).normal(scale=scale, size=count)


def _spiked(values, places, spike):
    values = np.array(values, dtype=float)
    values[list(places)] = spike
    return values


@pytest.mark.parametrize("spike", [1e9, -9999])
@pytest.mark.parametrize("places", [(100,), (100, 101), (20, 90, 200), (3, 40, 41, 99, 180, 254)])
def test_several_values_that_stand_for_none_are_told(spike, places):
    (found,) = _far(_frame(_spiked(_around(), places, spike)))
    assert found.count == len(places)
    first = pd.Timestamp("2024-01-01") + pd.Timedelta(days=places[0])
    assert f"of y far from all others, as what stands for no value is ({first:%Y-%m-%d} {spike:g}" in found.message


def test_of_two_kinds_both_are_told():
    values = _spiked(_spiked(_around(), (20, 90, 200), 1e9), (7, 150), -9999)
    (found,) = _far(_frame(values))
    assert found.count == 5


def test_one_in_counts_that_are_mostly_zero_is_told():
    values = np.random.default_rng(0).poisson(0.03, size=1000)
    (found,) = _far(_frame(_spiked(values, (100, 400, 700), 1e9)))
    assert found.count == 3


def _growing():
    return np.exp((np.random.default_rng(1).standard_t(3, size=4000) * 0.012 + 0.0018).cumsum())


def _demand():
    random = np.random.default_rng(2)
    counts = np.where(random.random(1000) < 0.09, random.integers(1, 3, size=1000), 0)
    return _spiked(counts, (60, 300, 555, 556, 800), 300)


def _bursts():
    random = np.random.default_rng(3)
    values = np.abs(random.normal(scale=0.02, size=5000))
    for start in (500, 1800, 2600, 4100):
        values[start : start + 12] += 100 * np.sin(np.linspace(0.1, 3.1, 12)) * random.uniform(0.6, 1.4, size=12)
    return values


def _pump():
    random = np.random.default_rng(4)
    values = random.normal(scale=0.02, size=5000)
    for start in (500, 1800, 2600, 4100):
        values[start : start + 10] = 100 + random.normal(scale=0.5, size=10)
    return values


HONEST = {
    "prices that grow a thousandfold": _growing(),
    "counts that are mostly zero": _demand(),
    "amounts with a heavy tail": np.random.default_rng(5).pareto(1.1, size=3000),
    "rain": np.where(np.random.default_rng(6).random(2000) < 0.3, np.random.default_rng(7).lognormal(0, 2, 2000), 0),
    "a step to another level": np.concatenate([_around(), _around(5000.0, count=12, seed=1)]),
    "bursts": _bursts(),
    "a pump that is seldom on": _pump(),
    "one that never moves": np.full(COUNT, 3.6725),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_series_has_no_far_value(name):
    assert _far(_frame(HONEST[name])) == []


def test_real_series_have_no_far_value_and_those_that_are_put_in_are_found():
    path = DATA / "etth" / "ETTh1.csv"
    if not path.exists():
        pytest.skip("needs ../shared/data/etth/ETTh1.csv")
    etth1 = pd.read_csv(path, parse_dates=["date"]).rename(columns={"date": "observed_at"}).assign(symbol="A")
    etth1["observed_at"] = etth1["observed_at"].dt.tz_localize("UTC")
    columns = ["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"]
    assert _far(etth1, columns=columns, calendar="1h") == []
    etth1.loc[[90, 5000, 5001, 17000], "OT"] = -9999
    (found,) = _far(etth1, columns=columns, calendar="1h")
    assert (found.count, "of OT" in found.message) == (4, True)


def test_real_prices_have_no_far_value_and_those_that_are_put_in_are_found():
    path = DATA / "prices" / "panel_126.parquet"
    if not path.exists():
        pytest.skip("needs ../shared/data/prices/panel_126.parquet")
    panel = pd.read_parquet(path).rename(columns={"ticker": "symbol", "date": "observed_at"})
    panel["observed_at"] = pd.to_datetime(panel["observed_at"]).dt.tz_localize("UTC")
    panel = panel.sort_values(["symbol", "observed_at"], ignore_index=True)
    columns = ["open", "high", "low", "volume", "close"]
    assert _far(panel, columns=columns, calendar="XNYS") == []
    rows = panel.index[panel["symbol"] == "AMZN"][[40, 900, 2000]]
    panel.loc[rows, "close"] = 1e9
    assert [(found.symbol, found.count) for found in _far(panel, columns=columns, calendar="XNYS")] == [("AMZN", 3)]
