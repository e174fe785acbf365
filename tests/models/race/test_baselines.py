"""The baselines."""

import numpy as np
import pytest

from daycast.models.race.baselines import BASELINES, drift, naive, seasonal_naive
from daycast.models.series.alone import latest_window, make_windows
from daycast.models.series.splits import bounds, cut


def test_naive_repeats_the_last_level(make_spec, make_levels):
    levels = make_levels(20)
    latest = latest_window(levels, spec=make_spec(), series_id="tiny/OT")
    np.testing.assert_array_equal(naive(latest), np.full((1, 3), levels["y"].iloc[-1]))


def test_seasonal_naive_repeats_the_last_season(make_spec, make_levels):
    levels = make_levels(20)
    latest = latest_window(levels, spec=make_spec(season=2), series_id="tiny/OT")
    expected = levels["y"].iloc[[-2, -1, -2]]
    np.testing.assert_array_equal(seasonal_naive(latest)[0], expected)


def test_seasonal_naive_of_a_season_longer_than_the_horizon(make_spec, make_levels):
    levels = make_levels(20)
    latest = latest_window(levels, spec=make_spec(season=7), series_id="tiny/OT")
    np.testing.assert_array_equal(seasonal_naive(latest)[0], levels["y"].iloc[-7:-4])


def test_drift_goes_on_along_the_line(make_spec, make_levels):
    levels = make_levels(20)
    levels["y"] = 5.0 + 2.0 * np.arange(20)
    latest = latest_window(levels, spec=make_spec(), series_id="tiny/OT")
    np.testing.assert_allclose(drift(latest)[0], [45.0, 47.0, 49.0])


def test_every_baseline_gives_a_level_for_each_window_and_lead(make_spec, make_levels):
    windows = make_windows(make_levels(30), spec=make_spec(difference="log"), series_id="tiny/OT")
    for baseline in BASELINES:
        means = baseline.predict(windows)
        assert means.shape == (len(windows), 3)
        assert np.isfinite(means).all()
    assert [baseline.name for baseline in BASELINES] == ["naive", "seasonal_naive", "drift"]


@pytest.mark.real_data
@pytest.mark.parametrize(("horizon", "mse", "mae"), [(96, 0.069, 0.203), (720, 0.129, 0.283)])
def test_the_last_value_scores_what_is_published_for_etth1(make_spec, etth1, horizon, mse, mae):
    split = {"training": 8640, "validation": 2880, "test": 2880}
    spec = make_spec(target="OT", features=["OT"], difference="none", horizon=horizon, split=split)
    windows = make_windows(etth1, spec=spec, series_id="tiny/OT")
    test = windows.where(cut(windows, bounds=bounds(etth1.index, split=spec.split)).test)
    error = (naive(test) - test.levels("none")) / etth1["OT"].iloc[:8640].std(ddof=0)
    assert np.square(error).mean() == pytest.approx(mse, abs=0.001)
    assert np.abs(error).mean() == pytest.approx(mae, abs=0.001)


@pytest.mark.real_data
def test_the_last_value_one_hour_ahead_on_etth1(make_spec, etth1):
    split = {"training": 8640, "validation": 2880, "test": 2880}
    spec = make_spec(target="OT", features=["OT"], difference="absolute", horizon=1, split=split)
    windows = make_windows(etth1, spec=spec, series_id="tiny/OT")
    test = windows.where(cut(windows, bounds=bounds(etth1.index, split=spec.split)).test)
    error = naive(test) - test.levels("absolute")
    assert np.sqrt(np.square(error).mean()) == pytest.approx(0.593, abs=0.0005)
    assert np.abs(error).mean() == pytest.approx(0.420, abs=0.0005)
