"""Split conformal intervals."""

import numpy as np
import pytest

from daycast.models.scores.intervals import REQUIRED, Intervals
from daycast.storage.terms.errors import DataError


def test_the_radius_is_the_finite_sample_quantile(make_flat_windows):
    residuals = np.arange(1.0, 20.0)  # 19 windows: ceil(20 * .95) = 19, ceil(20 * .8) = 16
    windows = make_flat_windows(np.full(19, 10.0), [[10.0 + r] for r in residuals])
    band = Intervals.fit(windows, np.full((19, 1), 10.0), kind="none").apply(np.array([[50.0]]), windows.where([0]))
    assert (band.lower_95.item(), band.upper_95.item()) == (31.0, 69.0)
    assert (band.lower_80.item(), band.upper_80.item()) == (34.0, 66.0)


def test_fewer_windows_than_the_quantile_needs_are_refused(make_flat_windows):
    windows = make_flat_windows(np.ones(18), np.ones((18, 2)))
    with pytest.raises(DataError, match=r"need 19 validation windows\. Received: 18\."):
        Intervals.fit(windows, np.ones((18, 2)), kind="none")


def test_every_lead_has_its_own_radius(make_flat_windows):
    random = np.random.default_rng(0)
    actual = 100 + random.normal(size=(400, 3)) * [1.0, 2.0, 4.0]
    windows = make_flat_windows(np.full(400, 100.0), actual)
    mean = np.full((400, 3), 100.0)
    band = Intervals.fit(windows, mean, kind="none").apply(mean, windows)
    widths = (band.upper_95 - band.lower_95)[0]
    np.testing.assert_allclose(widths, 2 * 1.96 * np.array([1.0, 2.0, 4.0]), rtol=0.15)
    assert (band.lower_95 <= band.lower_80).all()
    assert (band.lower_80 <= mean).all()
    assert (mean <= band.upper_80).all()
    assert (band.upper_80 <= band.upper_95).all()


@pytest.mark.parametrize("level", [80, 95])
def test_new_values_are_covered_as_promised(make_flat_windows, level):
    random = np.random.default_rng(2)
    actual = random.standard_t(df=3, size=(20000, 1))
    windows = make_flat_windows(np.zeros(20000), actual)
    mean = np.zeros((20000, 1))
    intervals = Intervals.fit(windows.where(slice(0, 10000)), mean[:10000], kind="none")
    rest = windows.where(slice(10000, None))
    lower, upper = intervals.bounds(mean[10000:], rest, coverage=level)
    inside = ((lower <= rest.targets) & (rest.targets <= upper)).mean()
    assert inside == pytest.approx(level / 100, abs=0.02)


def test_each_series_has_its_own_and_a_short_one_that_of_all(make_flat_windows):
    ids = ["t/a"] * 30 + ["t/b"] * 30 + ["t/c"] * 5
    error = np.concatenate([np.full(30, 1.0), np.full(30, 5.0), np.full(5, 3.0)])
    windows = make_flat_windows(np.zeros(65), error[:, None], series=ids)
    intervals = Intervals.fit(windows, np.zeros((65, 1)), kind="none")
    assert intervals.names == ("t/a", "t/b")
    lower, upper = intervals.bounds(np.zeros((65, 1)), windows, coverage=80)
    assert upper[[0, 30, 60], 0].tolist() == [1.0, 5.0, 5.0]
    np.testing.assert_array_equal(lower, -upper)
    stranger = make_flat_windows([0.0], [[0.0]], series=["t/z"])
    assert intervals.bounds(np.zeros((1, 1)), stranger, coverage=80)[1].item() == 5.0


def test_prices_have_bounds_that_are_factors_and_positive(make_spec, make_levels):
    from daycast.models.race.baselines import naive
    from daycast.models.series.alone import make_windows

    windows = make_windows(make_levels(80) / 20, spec=make_spec(difference="log"), series_id="tiny/OT")
    mean = naive(windows)
    intervals = Intervals.fit(windows, mean, kind="log")
    band = intervals.apply(mean, windows)
    np.testing.assert_allclose(band.upper_95 / mean, mean / band.lower_95)
    tiny = intervals.apply(np.full_like(mean, -1.0), windows)
    assert (tiny.lower_95 > 0).all()


def test_the_required_number_is_the_least_that_works():
    works = [n for n in range(1, 100) if -(-(n + 1) * 95 // 100) <= n]
    assert min(works) == REQUIRED
