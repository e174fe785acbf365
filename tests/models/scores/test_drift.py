"""Drift: what has changed is told, and what is alike rings no more often than it says."""

import numpy as np
import pytest

from daycast.models.scores.drift import ERROR, drift, recent_steps

TRAINING, GAP, NIGHTS = 700, 200, 400


def _wave(count: int, *, phi: float, seed: int, series: int = 1) -> np.ndarray:
    """Series whose neighbours are alike (autoregressive), in their stationary state."""
    random = np.random.default_rng(seed)
    noise = random.normal(size=(series, count))
    values = np.empty_like(noise)
    values[:, 0] = noise[:, 0] / np.sqrt(1 - phi**2)
    for step in range(1, count):
        values[:, step] = phi * values[:, step - 1] + noise[:, step]
    return values


def _held(values: np.ndarray, **more):
    recent = recent_steps(TRAINING, season=1)
    return drift("load", values[:, :TRAINING], values[:, -recent:], columns=more.pop("columns", 1), **more)


@pytest.mark.parametrize("phi", [0.0, 0.6, 0.95])
def test_false_alarms_are_one_in_a_hundred_nights_at_most_whether_neighbours_are_alike_or_not(phi):
    nights = _wave(TRAINING + GAP, phi=phi, seed=7, series=NIGHTS)
    found = [_held(night[np.newaxis]) for night in nights]
    rung = sum(each.p_value < 0.01 for each in found)
    assert rung <= 9, "of 400 nights 4 are expected; more than 9 are seen by chance once in a hundred times"


def test_a_textbook_test_would_ring_on_the_same_series_every_other_night():
    """Why the training part's own blocks are asked: this is the test of which nobody would look at the alarms."""
    from scipy.stats import ks_2samp

    nights = _wave(TRAINING + GAP, phi=0.95, seed=7, series=60)
    assert sum(ks_2samp(night[:TRAINING], night[-70:]).pvalue < 0.01 for night in nights) > 30


def test_a_level_or_a_spread_that_moved_is_told():
    moved, wider = _wave(TRAINING + GAP, phi=0.6, seed=1), _wave(TRAINING + GAP, phi=0.6, seed=2)
    moved[:, -100:] += 4
    wider[:, -100:] *= 5
    for values in (moved, wider):
        found = _held(values)
        assert found.beyond(0.25), found
        assert found.n == 70
        assert found.training_n == TRAINING
    before = moved.copy()
    before[:, -70:] = _wave(70, phi=0.6, seed=9)
    assert not _held(before).beyond(0.25)


def test_series_are_each_in_their_own_measure():
    values = _wave(TRAINING + GAP, phi=0.5, seed=3, series=5)
    scaled = values * np.array([[1], [10], [1e6], [1e-6], [3]]) + np.array([[0], [5], [1e7], [0], [-3]])
    one, other = _held(values), _held(scaled)
    assert one.psi == pytest.approx(other.psi, abs=0.02)
    assert one.n == 5 * 70


def test_more_columns_make_an_alarm_dearer():
    values = _wave(TRAINING + GAP, phi=0.6, seed=1)
    values[:, -100:] += 1
    assert _held(values, columns=7).p_value == pytest.approx(min(1, 7 * _held(values).p_value))


def test_errors_that_shrink_are_no_drift():
    errors = np.abs(_wave(TRAINING + GAP, phi=0.3, seed=4))
    grown, shrunk = errors.copy(), errors.copy()
    grown[:, -100:] *= 4
    shrunk[:, -100:] /= 4
    recent = recent_steps(TRAINING, season=1)
    for values, rings in ((grown, True), (shrunk, False), (errors, False)):
        found = drift(ERROR, values[:, :TRAINING], values[:, -recent:], columns=2, one_sided=True)
        assert found.beyond(0.25) is rings


def test_too_little_and_nothing_at_all_are_not_told():
    values = _wave(TRAINING + GAP, phi=0.3, seed=4)
    assert drift("x", values[:, :50], values[:, -70:], columns=1) is None
    assert drift("x", values[:, :TRAINING], np.full((1, 70), np.nan), columns=1) is None
    assert drift("x", np.full((1, TRAINING), 3.0), np.full((1, 70), 3.0), columns=1) is None
    constant = drift("x", np.full((1, TRAINING), 3.0), np.full((1, 70), 4.0), columns=1)
    assert constant is None, "a column that never moved has no measure"
