"""daycast's own side of the comparison, and the sets that it is made on."""

import numpy as np
import pandas as pd
import pytest

from daycast.storage.terms.errors import ConfigError, DataError
from daycast.tasks.apart.process import fresh
from daycast.tasks.peers import sets
from daycast.tasks.peers.ours import forecast

SEASON, HORIZON, LOOKBACK, STEPS = 6, 4, 12, 400


@pytest.fixture(scope="module")
def what():
    """Two series of a season, one of them a thousand times as large, and hardly any noise."""
    random = np.random.default_rng(0)
    wave = 10 + np.sin(2 * np.pi * np.arange(STEPS) / SEASON) + 0.01 * random.normal(size=(2, STEPS))
    values = wave * np.array([[1], [1000]])
    return {
        "values": values, "origins": np.array([320, 333, 390]), "horizon": HORIZON, "season": SEASON,
        "lookback": LOOKBACK, "training": 280, "stop": 340,
    }  # fmt: skip


def _actual(what):
    return what["values"][:, what["origins"][:, None] + np.arange(1, HORIZON + 1)].transpose(1, 0, 2)


@pytest.mark.parametrize("name", ["daycast ridge", "seasonal naive", "naive"])
def test_each_gives_a_forecast_an_origin_series_and_lead_and_reads_nothing_later(what, name):
    answer = forecast(name, what)
    assert answer.mean.shape == (3, 2, HORIZON)
    assert answer.seconds >= 0
    assert answer.memory > 0
    later = {**what, "values": what["values"].copy(), "origins": what["origins"][2:]}  # of the test part
    later["values"][:, 391:] = 7.0
    np.testing.assert_array_equal(forecast(name, later).mean, answer.mean[2:])


def test_a_season_is_found_by_those_that_can(what):
    actual = _actual(what)
    off = {
        name: np.abs(forecast(name, what).mean - actual)[:, 0].mean()
        for name in ("daycast ridge", "seasonal naive", "naive")
    }
    assert off["daycast ridge"] < 0.03
    assert off["seasonal naive"] < 0.03
    assert off["naive"] > 0.3


@pytest.mark.slow
def test_who_serves_is_settled_before_the_test_part(what):
    with fresh() as process:
        answer = process.ask(forecast, "daycast", what)
    assert answer.note.split(",")[0] in {"network", "ridge", "blend", "seasonal_naive"}
    assert np.abs(answer.mean - _actual(what))[:, 0].mean() < 0.1
    later = {**what, "values": what["values"].copy(), "origins": what["origins"][2:]}
    later["values"][:, 391:] = 7.0
    with fresh() as process:
        again = process.ask(forecast, "daycast", later)
    assert again.note == answer.note
    np.testing.assert_array_equal(again.mean, answer.mean[2:])


def test_a_file_is_read_as_it_says_and_refused_with_what_is_wrong(tmp_path):
    path = tmp_path / "mine.csv"
    days = pd.date_range("2024-01-01", periods=300)
    rows = pd.DataFrame({"day": days.repeat(2), "shop": ["A", "B"] * 300, "sold": np.arange(600.0)})
    rows.to_csv(path, index=False)
    found = sets.of_file(str(path), columns=["day", "shop", "sold"], horizon=5, season=7, lookback=14)
    assert found.values.shape == (2, 300)
    assert found.values[:, 3].tolist() == [6.0, 7.0]
    assert (found.training, found.stop, found.end) == (210, 255, 300)
    before, test = found.origins(10)
    assert min(before) >= 210
    assert max(before) + 5 < 255
    assert min(test) >= 255
    assert max(test) + 5 < 300
    with pytest.raises(ConfigError, match=r"--columns names columns.*Received: date, and there are day, shop, sold"):
        sets.of_file(str(path), columns=["date", "sold"], horizon=5, season=7, lookback=14)
    with pytest.raises(DataError, match=r"2050 instants that every series has are required.*Received: 300"):
        sets.of_file(str(path), columns=["day", "shop", "sold"], horizon=5, season=7, lookback=200)
    with pytest.raises(ConfigError, match=r"A file that can be read is required"):
        sets.etth1(str(tmp_path / "none.csv"))
