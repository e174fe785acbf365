"""Intervals from the newest realised residuals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daycast.models.scores.intervals import COVERAGES, REQUIRED, Intervals
from daycast.models.scores.residuals import Residuals
from daycast.storage.terms.errors import DataError


def test_the_radius_is_the_finite_sample_quantile(make_flat_windows):
    residuals = np.arange(1.0, 20.0)  # 19 windows: ceil(20 * .95) = 19, ceil(20 * .8) = 16
    windows = make_flat_windows(np.full(19, 10.0), [[10.0 + r] for r in residuals])
    band = Intervals.newest(windows, np.full((19, 1), 10.0), kind="none").apply(np.array([[50.0]]), windows.where([0]))
    np.testing.assert_allclose((band.lower_95.item(), band.upper_95.item()), (31.0, 69.0))
    np.testing.assert_allclose((band.lower_80.item(), band.upper_80.item()), (34.0, 66.0))


@pytest.mark.parametrize("make", [Intervals.newest, Intervals.rolling])
def test_fewer_windows_than_the_quantile_needs_are_refused(make_flat_windows, make):
    windows = make_flat_windows(np.ones(18), np.ones((18, 2)))
    with pytest.raises(DataError, match=r"need 19 validation windows\. Received: 18\."):
        make(windows, np.ones((18, 2)), kind="none")


def test_every_lead_has_its_own_radius(make_flat_windows):
    random = np.random.default_rng(0)
    actual = 100 + random.normal(size=(400, 3)) * [1.0, 2.0, 4.0]
    windows = make_flat_windows(np.full(400, 100.0), actual)
    mean = np.full((400, 3), 100.0)
    band = Intervals.newest(windows, mean, kind="none").apply(mean, windows)
    widths = (band.upper_95 - band.lower_95)[0]
    np.testing.assert_allclose(widths, 2 * 1.96 * np.array([1.0, 2.0, 4.0]), rtol=0.15)
    assert (band.lower_95 <= band.lower_80).all()
    assert (band.lower_80 <= mean).all()
    assert (mean <= band.upper_80).all()
    assert (band.upper_80 <= band.upper_95).all()


@pytest.mark.parametrize("level", [80, 95])
def test_new_values_are_covered_as_promised_also_after_a_change(make_flat_windows, level):
    random = np.random.default_rng(2)
    wilder = np.where(np.arange(20000) < 10000, 1.0, 5.0)[:, None]  # what split conformal from the first half misses
    actual = random.standard_t(df=3, size=(20000, 1)) * wilder
    windows = make_flat_windows(np.zeros(20000), actual)
    lower, upper = Intervals.rolling(windows, np.zeros((20000, 1)), kind="none").bounds(
        np.zeros((20000, 1)), windows, coverage=level
    )
    inside = ((lower <= actual) & (actual <= upper))[11000:].mean()
    assert inside == pytest.approx(level / 100, abs=0.02)


@settings(max_examples=20, deadline=None)
@given(at=st.integers(60, 199), seed=st.integers(0, 9))
def test_no_bound_knows_what_comes_after_its_origin(make_flat_windows, at, seed):
    random = np.random.default_rng(seed)
    actual, mean = random.normal(size=(200, 2)), np.zeros((200, 2))
    changed = np.where((np.arange(200)[:, None] + [1, 2]) > at, 100.0, actual)  # hours from the first origin
    bounds = []
    for values in (actual, changed):
        windows = make_flat_windows(np.zeros(200), values)
        bounds.append(Intervals.rolling(windows, mean, kind="none").bounds(mean, windows, coverage=80))
    np.testing.assert_array_equal(bounds[0][1][30 : at + 1], bounds[1][1][30 : at + 1])


def test_the_newest_count_and_a_window_counts_once_all_of_it_is_known(make_flat_windows):
    windows = make_flat_windows(np.zeros(30), np.arange(30.0)[:, None] * np.ones(2))  # two hours ahead
    residuals = Residuals.of(windows, np.zeros((30, 2)), kind="none")
    values, counts = residuals.newest(windows.origin[20], most=5)
    assert counts.tolist() == [5]
    assert values[0, :, 0].tolist() == [18.0, 17.0, 16.0, 15.0, 14.0]
    values, counts = residuals.newest(windows.origin[3], most=5)
    assert (counts.tolist(), values[0, :, 1].tolist()) == ([2], [1.0, 0.0])


def test_each_series_is_drawn_to_the_panel_by_how_little_it_has(make_flat_windows):
    sizes = {"t/a": 400, "t/b": 400, "t/c": 25, "t/d": 5}
    ids = [name for name, size in sizes.items() for _ in range(size)]
    random = np.random.default_rng(0)
    spread = np.repeat([1.0, 4.0, 1.0, 1.0], list(sizes.values()))
    shape = np.concatenate([random.normal(size=800), np.full(30, 1.0)])  # the two small ones seem never to vary
    windows = make_flat_windows(np.zeros(830), (shape * spread)[:, None], series=ids)
    intervals = Intervals.newest(windows, np.zeros((830, 1)), kind="none")
    upper = {
        name: intervals.bounds(np.zeros((1, 1)), windows.where([ids.index(name)]), coverage=95)[1].item()
        for name in sizes
    }
    assert upper["t/a"] == pytest.approx(1.96, rel=0.1)
    assert upper["t/b"] == pytest.approx(4 * 1.96, rel=0.1)
    assert 1.5 < upper["t/c"] < 4.0  # its own 95 % would be 1, the panel's shape says over 2 of its mean
    stranger = make_flat_windows([0.0], [[0.0]], series=["t/z"])
    assert intervals.bounds(np.zeros((1, 1)), stranger, coverage=95)[1].item() > 1.9


def test_what_never_moves_has_no_width_and_takes_none_from_others(make_flat_windows):
    windows = make_flat_windows(np.zeros(60), [[0.0]] * 30 + [[1.0]] * 30, series=["t/still"] * 30 + ["t/a"] * 30)
    intervals = Intervals.newest(windows, np.zeros((60, 1)), kind="none")
    upper = intervals.bounds(np.zeros((60, 1)), windows, coverage=80)[1]
    assert upper[0].item() == 0.0
    assert upper[30].item() == pytest.approx(1.0, rel=0.01)


def test_prices_have_bounds_that_are_factors_and_positive(make_spec, make_levels):
    from daycast.models.race.baselines import naive
    from daycast.models.series.alone import make_windows

    windows = make_windows(make_levels(80) / 20, spec=make_spec(difference="log"), series_id="tiny/OT")
    mean = naive(windows)
    intervals = Intervals.newest(windows, mean, kind="log")
    band = intervals.apply(mean, windows)
    np.testing.assert_allclose(band.upper_95 / mean, mean / band.lower_95)
    tiny = intervals.apply(np.full_like(mean, -1.0), windows)
    assert (tiny.lower_95 > 0).all()


def test_the_required_number_is_the_least_that_works():
    works = [n for n in range(1, 100) if -(-(n + 1) * 95 // 100) <= n]
    assert min(works) == REQUIRED
    assert COVERAGES[-1] == 95
