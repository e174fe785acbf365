"""Intervals follow what is missed, from what was realised alone."""

import numpy as np
import pytest

from daycast.models.scores.intervals import Intervals
from daycast.models.scores.tracking import RATE, Tracking

HOUR = np.timedelta64(1, "h")
BEGIN = np.datetime64("2026-01-01", "us")


def _over(residuals, *, delay=1, own=1.0):
    """One series, radii of 1 at 80 % and 2 at 95 %."""
    origins = BEGIN + np.arange(len(residuals)) * HOUR
    radii = np.tile([1.0, 2.0], (1, 1, 1))
    return Tracking.over(
        np.asarray(residuals, dtype=float).reshape(1, -1, 1),
        origins=origins,
        ends=origins + delay * HOUR,
        radii=lambda _: (radii, np.array([own])),
    )


def test_a_factor_moves_by_what_was_missed_once_it_was_realised():
    found = _over([1.5, 0.0, 0.0, 0.0], delay=2)
    missed, held = RATE * 0.8, -RATE * 0.2
    assert found.logs[:, 0, 0] == pytest.approx([0, 0, missed, missed + held, missed + 3 * held])
    assert found.logs[-1, 0, 1] == pytest.approx(-4 * RATE * 0.05)
    assert found.since.tolist() == [*(BEGIN + np.arange(4) * HOUR).tolist(), (BEGIN + 5 * HOUR).tolist()]


def test_a_window_that_is_not_there_moves_nothing_and_a_young_series_as_much_less_as_its_radius_is_its_own():
    assert _over([np.nan, np.nan]).logs[-1, 0].tolist() == [0.0, 0.0]
    assert _over([5.0], own=0.25).logs[-1, 0] == pytest.approx(RATE * 0.25 * np.array([0.8, 0.95]))


def test_what_the_newest_residuals_say_is_not_overruled_beyond_a_bound():
    assert _over(np.full(1000, 9.0)).logs.max() == 1.0
    assert _over(np.zeros(1000)).logs[:, 0, 0].min() == -1.0


def _windows(make, spread):
    random = np.random.default_rng(5)
    return make(np.zeros(len(spread)), (random.normal(size=len(spread)) * spread)[:, None])


def _coverage(intervals, windows, level, chosen):
    lower, upper = intervals.bounds(np.zeros((len(windows), 1)), windows, coverage=level)
    actual = windows.targets
    return ((actual >= lower) & (actual <= upper))[chosen].mean()


def test_coverage_comes_back_sooner_after_the_spread_has_doubled(make_flat_windows, monkeypatch):
    spread = np.repeat([1.0, 2.0], [900, 400])
    windows, after = _windows(make_flat_windows, spread), slice(1000, 1300)
    followed = Intervals.rolling(windows, np.zeros((1300, 1)), kind="none")
    monkeypatch.setattr("daycast.models.scores.tracking.RATE", 0.0)
    newest = Intervals.rolling(windows, np.zeros((1300, 1)), kind="none")
    for level in (80, 95):
        assert _coverage(newest, windows, level, after) < level / 100 - 0.04
        assert _coverage(followed, windows, level, after) == pytest.approx(level / 100, abs=0.03)


def test_nothing_later_moves_an_interval(make_flat_windows):
    windows = _windows(make_flat_windows, np.ones(600))
    other = make_flat_windows(np.zeros(600), np.where(np.arange(600)[:, None] < 400, windows.targets, 50.0))
    both = [Intervals.rolling(each, np.zeros((600, 1)), kind="none") for each in (windows, other)]
    bounds = [each.bounds(np.zeros((600, 1)), windows, coverage=95)[1] for each in both]
    np.testing.assert_array_equal(bounds[0][:401], bounds[1][:401])  # the window that begins with the 400th's end
    assert bounds[0][450].item() < bounds[1][450].item()


def test_wider_coverages_are_not_narrower(make_flat_windows):
    windows = _windows(make_flat_windows, np.repeat([1.0, 0.2, 3.0], 200))
    intervals = Intervals.newest(windows, np.zeros((600, 1)), kind="none")
    radii = intervals.around(intervals.places(windows))
    assert (np.diff(radii[:, 0], axis=1) >= -1e-12).all()
    assert radii[..., 0].max() == 0.0
