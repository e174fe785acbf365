"""Least squares beside a network, held to the equations that it solves."""

import numpy as np
import pytest

from daycast.models.networks.backend import load_keras
from daycast.storage.terms.network import ModelSpec

load_keras()

from daycast.models.networks.build import Frame  # noqa: E402
from daycast.models.networks.ridge import PENALTY, fit_ridge  # noqa: E402
from daycast.models.series.gathering import Gathered  # noqa: E402

FRAME = Frame(lookback=5, features=2, horizon=3, target=1)
RANDOM = np.random.default_rng(3)
WINDOWS = RANDOM.normal(size=(9000, 5, 2)).cumsum(axis=1).astype(np.float32)
NOISE = RANDOM.normal(size=(9000, 3), scale=0.1)


def _solved(windows, targets):
    """By the textbook: centred, so that the intercept bears no penalty."""
    flat, outputs = windows.reshape(len(windows), -1).astype(float), targets.astype(float)
    inputs, means = flat - flat.mean(axis=0), outputs.mean(axis=0)
    kernel = np.linalg.solve(
        inputs.T @ inputs / len(flat) + PENALTY * np.eye(inputs.shape[1]), inputs.T @ (outputs - means) / len(flat)
    )
    return kernel, means - flat.mean(axis=0) @ kernel


def test_the_coefficients_are_those_of_the_textbook():
    targets = (WINDOWS.reshape(9000, 10) @ RANDOM.normal(size=(10, 3)) + 2.0 + NOISE).astype(np.float32)
    network = fit_ridge(Gathered.of(WINDOWS, targets), model=ModelSpec(), frame=FRAME)
    kernel, bias = network.get_layer("leads").get_weights()
    expected = _solved(WINDOWS, targets)
    np.testing.assert_allclose(kernel, expected[0], atol=1e-5)
    np.testing.assert_allclose(bias, expected[1], atol=1e-5)
    assert np.abs(network.predict(WINDOWS, verbose=0) - targets).mean() < 0.15


@pytest.mark.parametrize("normalization", ["last", "mean", "mean_std"])
def test_a_level_is_taken_off_and_put_back(normalization):
    """Windows at another level and of another swing have forecasts there."""
    targets = WINDOWS[:, -1:, 1] + (WINDOWS[:, -1:, 1] - WINDOWS[:, -2:-1, 1]) * np.array([1.0, 2.0, 3.0], np.float32)
    network = fit_ridge(Gathered.of(WINDOWS, targets), model=ModelSpec(normalization=normalization), frame=FRAME)
    plain = network.predict(WINDOWS[:50], verbose=0)
    np.testing.assert_allclose(network.predict(WINDOWS[:50] + 40.0, verbose=0), plain + 40.0, atol=1e-3)
    if normalization == "mean_std":
        np.testing.assert_allclose(network.predict(WINDOWS[:50] * 8.0, verbose=0), plain * 8.0, atol=0.05)
    else:
        assert np.abs(plain - targets[:50]).mean() < 0.1


def test_a_column_that_does_not_vary_is_no_trouble():
    windows = WINDOWS.copy()
    windows[:, :, 0] = 7.0
    network = fit_ridge(Gathered.of(windows, windows[:, -1:, 1].repeat(3, axis=1)), model=ModelSpec(), frame=FRAME)
    assert np.isfinite(network.get_layer("leads").get_weights()[0]).all()


def _kernel(ridges, *, lookback=6, horizon=5, segment=2):
    """Coefficients on windows of two columns, the windows, and their targets."""
    random = np.random.default_rng(5)
    windows = random.normal(size=(3000, lookback, 2)).cumsum(axis=1).astype(np.float32)
    targets = (windows[:, -1:, 1] * np.linspace(1, 2, horizon) + NOISE[:3000, :1]).astype(np.float32)
    model = ModelSpec(cell="segment_gru", segment=segment, ridge_share=0.5, ridges=ridges)
    frame = Frame(lookback=lookback, features=2, horizon=horizon, target=1)
    network = fit_ridge(Gathered.of(windows, targets), model=model, frame=frame)
    return network.get_layer("leads").get_weights()[0], windows, targets


def test_half_reads_the_newer_half_alone():
    kernel, windows, targets = _kernel(["half"])
    assert not kernel[:6].any()
    np.testing.assert_allclose(kernel[6:], _solved(windows[:, 3:], targets)[0], atol=1e-5)


def test_the_places_of_a_segment_share_their_weights():
    """As least squares on a sample for each place; the last segment ahead has its first place alone."""
    kernel, windows, targets = _kernel(["segment"])
    by_place = kernel.reshape(3, 2, 2, 5)
    for first, places in ((0, 2), (2, 2), (4, 1)):
        samples = np.concatenate([windows[:, place::2] for place in range(places)])
        told = np.concatenate([targets[:, first + place] for place in range(places)])
        expected = _solved(samples, told[:, np.newaxis])[0].reshape(3, 2)
        for place in range(places):
            np.testing.assert_allclose(by_place[:, place, :, first + place], expected, atol=1e-5)
            assert not by_place[:, 1 - place, :, first + place].any()


def test_several_are_averaged():
    each = [_kernel([name])[0] for name in ("window", "half", "segment")]
    np.testing.assert_allclose(_kernel(["window", "half", "segment"])[0], np.mean(each, axis=0), atol=1e-6)
