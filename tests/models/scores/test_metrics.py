"""Metrics by hand, and a whole table of them."""

import numpy as np
import pandas as pd
import pytest

from daycast.models.scores.intervals import COVERAGES, Intervals
from daycast.models.scores.metrics import COLUMNS, Forecast, overall, tally
from daycast.models.scores.tracking import Tracking


def _wide(radius=1e6, horizon=2):
    return _fixed(np.full((1, horizon, len(COVERAGES)), float(radius)))


def _fixed(radii):
    since = np.array(["2000-01-01"], dtype="M8[us]")
    return Intervals(kind="none", names=(), since=since, radii=radii[np.newaxis], tracking=Tracking.none(0))


SPAN = (np.datetime64("2026-01-01", "us"), np.datetime64("2026-01-02", "us"))


def _score(windows, means, *, directional=False, scales=None, intervals=None):
    forecasts = {
        name: Forecast(mean=np.array(mean, float), intervals=intervals or _wide()) for name, mean in means.items()
    }
    scale = np.array([(scales or {}).get(name, 1.0) for name in windows.names])
    return tally(forecasts, windows=windows, kind="none", scales=scale, directional=directional, span=SPAN).rows(
        split="test"
    )


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
    assert _value(scores, "naive", "mae", series="t/a") == pytest.approx((1 + 2 + 1 + 0) / 4)
    assert _value(scores, "network", "rmse") == pytest.approx(np.sqrt((0 + 1 + 1 + 0 + 25 + 0) / 6))
    assert _value(scores, "naive", "mase") == pytest.approx((0.5 + 1 + 0.5 + 0 + 1 + 1) / 6)
    assert _value(scores, "network", "skill") == pytest.approx(1 - (7 / 6) / (24 / 6))
    assert _value(scores, "naive", "skill") == 0.0
    assert overall(scores, metric="mae") == {"network": pytest.approx(7 / 6), "naive": pytest.approx(4.0)}


def test_counts(windows):
    scores = _score(windows, {"naive": NAIVE}).query("metric == 'mae'").set_index(["series_id", "lead"])["n"]
    assert scores.to_dict() == {
        ("t/a", 0): 4, ("t/b", 0): 2, ("*", 0): 6, ("*", 1): 3, ("*", 2): 3,
    }  # fmt: skip


def test_shards_add_up_to_the_whole(windows, make_flat_windows):
    def summed(some, means):
        forecasts = {name: Forecast(mean=np.array(mean, float), intervals=_wide()) for name, mean in means.items()}
        return tally(forecasts, windows=some, kind="none", scales=np.ones(len(some.names)), directional=True, span=SPAN)

    first = make_flat_windows([10.0, 10.0], [[11, 12], [9, 10]], series=["t/a", "t/a"])
    second = make_flat_windows([100.0], [[110, 90]], series=["t/b"])
    parts = [
        summed(first, {"network": NETWORK[:2], "naive": NAIVE[:2]}),
        summed(second, {"network": NETWORK[2:], "naive": NAIVE[2:]}),
    ]
    whole = summed(windows, {"network": NETWORK, "naive": NAIVE}).rows(split="test")
    pd.testing.assert_frame_equal((parts[0] + parts[1]).rows(split="test"), whole)


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
    scores = _score(windows, {"naive": NAIVE}, intervals=_fixed(radii))
    assert _value(scores, "naive", "coverage_80") == pytest.approx(3 / 6)
    assert _value(scores, "naive", "coverage_95") == pytest.approx(4 / 6)
    # errors 1, 2, 1, 0, 10, 10: outside the narrow one by 1, 9 and 9, outside the wide one by 8 and 8
    assert (_value(scores, "naive", "width_80"), _value(scores, "naive", "width_95")) == (2.0, 4.0)
    assert _value(scores, "naive", "interval_score_80") == pytest.approx(2 + 10 * 19 / 6)
    assert _value(scores, "naive", "interval_score_95") == pytest.approx(4 + 40 * 16 / 6)


def test_coverage_is_told_of_each_quarter_of_the_time(make_flat_windows):
    actual = np.repeat([[0.0], [5.0], [0.0], [0.5]], 6, axis=0)  # an hour each, over the day that SPAN is
    windows = make_flat_windows(np.zeros(24), actual)
    rows = _score(windows, {"naive": np.zeros((24, 1))}, intervals=_wide(1.0, 1))
    quarters = rows[rows["metric"].str.startswith("coverage_80_q")]
    assert quarters[["series_id", "lead"]].drop_duplicates().to_numpy().tolist() == [["*", 0]]
    assert quarters["value"].tolist() == [1.0, 0.0, 1.0, 1.0]
    assert quarters["n"].tolist() == [6] * 4


def test_crps_of_a_point_is_its_absolute_error(windows):
    scores = _score(windows, {"naive": NAIVE}, intervals=_wide(0.0))
    assert _value(scores, "naive", "crps") == pytest.approx(_value(scores, "naive", "mae"))


def test_crps_of_a_normal_distribution_is_the_known_one(make_flat_windows):
    from statistics import NormalDist

    actual = np.random.default_rng(0).normal(size=(20000, 1))
    windows = make_flat_windows(np.zeros(20000), actual)
    radii = [NormalDist().inv_cdf(0.5 + coverage / 200) for coverage in COVERAGES]
    intervals = _fixed(np.array(radii)[None, None])
    scores = _score(windows, {"naive": np.zeros((20000, 1))}, intervals=intervals)
    assert _value(scores, "naive", "crps") == pytest.approx(1 / np.sqrt(np.pi), rel=0.03)  # E CRPS = 1/sqrt(pi)


def test_no_skill_against_a_naive_without_error(make_flat_windows):
    windows = make_flat_windows([10.0], [[10.0, 10.0]])
    scores = _score(windows, {"network": [[11, 11]], "naive": [[10, 10]]})
    assert not {"skill", "skill_best"} & set(scores["metric"])


def test_skill_is_told_against_the_best_baseline_too(windows):
    seasonal = [[11, 11], [10, 10], [108, 90]]  # off by 3 of 6 windows and leads; drift by 30
    means = {"network": NETWORK, "naive": NAIVE, "seasonal_naive": seasonal, "drift": np.array(NAIVE) - 5}
    scores = _score(windows, means)
    assert _value(scores, "network", "skill_best") == pytest.approx(1 - 7 / 4)
    assert _value(scores, "network", "skill_best", series="t/b") == pytest.approx(1 - 5 / 2)
    assert _value(scores, "seasonal_naive", "skill_best") == 0.0
    assert _value(scores, "naive", "skill_best") == pytest.approx(1 - 24 / 4)


def test_many_series_are_scored_quickly(make_flat_windows):
    import time

    count, horizon = 126 * 200, 5
    actual = np.random.default_rng(0).normal(size=(count, horizon))
    windows = make_flat_windows(np.zeros(count), actual, series=[f"t/{n % 126}" for n in range(count)])
    began = time.perf_counter()
    scores = _score(windows, {"network": actual * 0.5, "naive": actual * 0}, intervals=_wide(1.0, horizon))
    assert len(scores) == 2 * (12 * (126 + 6) + 8)
    assert time.perf_counter() - began < 20  # a loop over windows takes minutes
    pd.testing.assert_index_equal(scores.index, pd.RangeIndex(len(scores)))
