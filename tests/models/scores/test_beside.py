"""Forecasters beside each other: errors, intervals from earlier origins, and how sure a difference is."""

import numpy as np
import pytest

from daycast.models.scores.beside import beside

ORIGINS, SERIES, HORIZON = 400, 3, 2


@pytest.fixture
def drawn():
    random = np.random.default_rng(3)
    noise = random.normal(size=(2, ORIGINS, SERIES, HORIZON))
    actual = random.normal(size=(ORIGINS, SERIES, HORIZON)).cumsum(axis=0)
    return actual, noise


def _scored(actual, mean, earlier, **more):
    zero = np.zeros_like(earlier)
    return beside(mean, actual, earlier=(zero, earlier), scales=np.ones(SERIES), reference=more.get("reference"))


def test_of_normal_errors_the_figures_are_those_of_the_normal_distribution(drawn):
    actual, noise = drawn
    found = _scored(actual, actual - noise[0], noise[1])
    assert found.mae == pytest.approx(np.sqrt(2 / np.pi), rel=0.05)
    assert found.rmse == pytest.approx(1, rel=0.05)
    assert found.crps == pytest.approx(0.564, rel=0.07), "1 / sqrt(pi) for a normal distribution that is known"
    assert found.coverage[80] == pytest.approx(0.8, abs=0.03)
    assert found.coverage[95] == pytest.approx(0.95, abs=0.02)
    assert found.score[95] == pytest.approx(4.67, rel=0.08), "of the normal distribution's own interval"


def test_errors_are_in_each_series_own_measure(drawn):
    actual, noise = drawn
    scales = np.array([1.0, 10.0, 100.0])
    unit = scales[:, np.newaxis]
    zero = np.zeros_like(noise[1])
    found = beside(
        (actual - noise[0]) * unit, actual * unit, earlier=(zero, noise[1] * unit), scales=scales, reference=None
    )
    assert found.mae == pytest.approx(_scored(actual, actual - noise[0], noise[1]).mae)


def test_a_difference_is_told_with_its_error(drawn):
    actual, noise = drawn
    better, worse = actual - noise[0], actual - 1.5 * noise[0]
    found = _scored(actual, worse, noise[1], reference=better)
    assert found.apart.difference == pytest.approx(0.5 * np.abs(noise[0]).mean())
    assert found.apart.errors > 10
    alike = _scored(actual, actual - noise[1], noise[1], reference=better)
    assert abs(alike.apart.errors) < 3
