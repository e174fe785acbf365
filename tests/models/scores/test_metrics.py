"""Metrics by hand, and a whole table of them."""

import numpy as np
import pandas as pd
import pytest

from daycast.models.scores.intervals import COVERAGES, Intervals
from daycast.models.scores.metrics import COLUMNS, Forecast, evaluate, naive_scales, overall


def _wide(radius=1e6, horizon=2):
    return Intervals(kind="none", names=(), radii=np.full((1, horizon, len(COVERAGES)), float(radius)))


def _score(windows, means, *, directional=False, scales=None, intervals=None):
    forecasts = {
        name: Forecast(mean=np.array(mean, float), intervals=intervals or _wide()) for name, mean in means.items()
    }
    return evaluate(forecasts, windows=windows, split="test", kind="none", scales=scales or {}, directional=directional)


def _value(scores, forecaster, metric, *, series="*", lead=0):
    keys = ["forecaster", "metric", "series_id", "lead"]
    return scores.set_index(keys)["value"].loc[(forecaster, metric, series, lead)]


@pytest.fixture
def windows(make_flat_windows):
    return make_flat_windows([10.0, 10.0, 100.0], [[11, 12], [9, 10], [110, 90]], series=["t/a", "t/a", "t/b"])


NAIVE = [[10, 10], [10, 10], [100, 100]]
NETWORK = [[11, 11], [10, 10], [105, 90]]


def test_errors_by_hand(windows):
    scores = _score(windows, {"network": NETWORK, "naive": NAIVE}, scales={"t/a": 2.0, "t/b": 10.0})
    assert tuple(scores.columns) == COLUMNS
    assert _value(scores, "naive", "mae") == pytest.approx((1 + 2 + 1 + 0 + 10 + 10) / 6)
    assert _value(scores, "naive", "mae", lead=1) == pytest.approx(4.0)
    assert _value(scores, "naive", "mae", series="t/a", lead=2) == pytest.approx(1.0)
    assert _value(scores, "network", "rmse") == pytest.approx(np.sqrt((0 + 1 + 1 + 0 + 25 + 0) / 6))
    assert _value(scores, "naive", "mase") == pytest.approx((0.5 + 1 + 0.5 + 0 + 1 + 1) / 6)
    assert _value(scores, "network", "skill") == pytest.approx(1 - (7 / 6) / (24 / 6))
    assert _value(scores, "naive", "skill") == 0.0
    assert overall(scores, metric="mae") == {"network": pytest.approx(7 / 6), "naive": pytest.approx(4.0)}


def test_counts(windows):
    scores = _score(windows, {"naive": NAIVE}).query("metric == 'mae'").set_index(["series_id", "lead"])["n"]
    assert scores.to_dict() == {
        ("t/a", 0): 4, ("t/a", 1): 2, ("t/a", 2): 2, ("t/b", 0): 2, ("t/b", 1): 1, ("t/b", 2): 1,
        ("*", 0): 6, ("*", 1): 3, ("*", 2): 3,
    }  # fmt: skip


def test_each_key_stands_once(windows):
    scores = _score(windows, {"network": NETWORK, "naive": NAIVE}, directional=True)
    assert not scores.duplicated(["forecaster", "series_id", "split", "lead", "metric"]).any()
    assert np.isfinite(scores["value"]).all()
    assert set(scores["split"]) == {"test"}


def test_direction_counts_moves_alone_and_naive_has_none(windows):
    scores = _score(windows, {"network": NETWORK, "naive": NAIVE}, directional=True)
    rows = scores[scores["metric"] == "directional_accuracy"]
    assert set(rows["forecaster"]) == {"network"}
    over_all = rows[(rows["series_id"] == "*") & (rows["lead"] == 0)].iloc[0]
    # up, up; level, level; up, down against up, up; down, level; up, down
    assert (over_all["value"], over_all["n"]) == (1.0, 4)
    assert "directional_accuracy" not in set(_score(windows, {"naive": NAIVE})["metric"])


def test_coverage_is_the_share_inside(windows):
    radii = np.zeros((1, 2, len(COVERAGES)))
    radii[..., COVERAGES.index(80)] = 1.0
    radii[..., COVERAGES.index(95)] = 2.0
    scores = _score(windows, {"naive": NAIVE}, intervals=Intervals(kind="none", names=(), radii=radii))
    assert _value(scores, "naive", "coverage_80") == pytest.approx(3 / 6)
    assert _value(scores, "naive", "coverage_95") == pytest.approx(4 / 6)


def test_crps_of_a_point_is_its_absolute_error(windows):
    scores = _score(windows, {"naive": NAIVE}, intervals=_wide(0.0))
    assert _value(scores, "naive", "crps") == pytest.approx(_value(scores, "naive", "mae"))


def test_crps_of_a_normal_distribution_is_the_known_one(make_flat_windows):
    from statistics import NormalDist

    actual = np.random.default_rng(0).normal(size=(20000, 1))
    windows = make_flat_windows(np.zeros(20000), actual)
    radii = [NormalDist().inv_cdf(0.5 + coverage / 200) for coverage in COVERAGES]
    intervals = Intervals(kind="none", names=(), radii=np.array(radii)[None, None])
    scores = _score(windows, {"naive": np.zeros((20000, 1))}, intervals=intervals)
    assert _value(scores, "naive", "crps") == pytest.approx(1 / np.sqrt(np.pi), rel=0.03)  # E CRPS = 1/sqrt(pi)


def test_no_skill_against_a_naive_without_error(make_flat_windows):
    windows = make_flat_windows([10.0], [[10.0, 10.0]])
    scores = _score(windows, {"network": [[11, 11]], "naive": [[10, 10]]})
    assert "skill" not in set(scores["metric"])


def test_the_scale_is_the_one_step_naive_error_of_the_training_part(make_flat_windows):
    training = make_flat_windows([1.0, 2.0, 5.0], [[2, 9], [5, 9], [5, 9]], series=["t/a", "t/a", "t/b"])
    assert naive_scales(training, kind="none") == {"t/a": 2.0, "t/b": 1.0}


def test_many_series_are_scored_quickly(make_flat_windows):
    import time

    count, horizon = 126 * 200, 5
    actual = np.random.default_rng(0).normal(size=(count, horizon))
    windows = make_flat_windows(np.zeros(count), actual, series=[f"t/{n % 126}" for n in range(count)])
    began = time.perf_counter()
    scores = _score(windows, {"network": actual * 0.5, "naive": actual * 0}, intervals=_wide(1.0, horizon))
    assert len(scores) == 2 * 7 * 127 * 6
    assert time.perf_counter() - began < 20  # a loop over windows takes minutes
    pd.testing.assert_index_equal(scores.index, pd.RangeIndex(len(scores)))
