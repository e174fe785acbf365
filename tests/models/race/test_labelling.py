"""Who tells labels: calibrated on validation, the plainer of two that are as good, and never one that knows nothing."""

import numpy as np
import pytest

from daycast.models.race.labelling import hold_labels
from daycast.storage.terms.errors import DataError


def _told(actual, *, strength, noise, seed):
    random = np.random.default_rng(seed)
    logits = strength * (actual - 0.5) + noise * random.normal(size=len(actual))
    positive = 1 / (1 + np.exp(-logits))
    return np.stack([1 - positive, positive], axis=1)


def _part(count, seed, **forecasters):
    actual = np.random.default_rng(seed).integers(0, 2, size=count)
    told = {"majority": np.full((count, 2), 0.5)}
    for number, (name, (strength, noise)) in enumerate(forecasters.items()):
        told[name] = _told(actual, strength=strength, noise=noise, seed=100 * seed + number)
    return told, actual


def _hold(margin=0.01, **forecasters):
    parts = {name: _part(2_000, seed, **forecasters) for seed, name in ((1, "validation"), (2, "test"))}
    return hold_labels(parts, margin=margin)


def test_the_blend_of_two_that_err_apart_serves():
    held = _hold(network=(4, 3), linear=(4, 3))
    test = held.scores["test"]
    assert held.tellers.served == "blend"
    assert 0.3 < held.tellers.share < 0.7
    assert test["blend"]["accuracy"][0] > max(test[name]["accuracy"][0] for name in ("network", "linear"))
    assert test["majority"]["skill"] == (0.0, 2_000)


def test_of_two_as_good_the_plainer_serves():
    assert _hold(network=(1, 50), linear=(4, 2)).tellers.served == "linear"
    assert _hold(network=(4, 2)).tellers.served == "network"


def test_who_is_too_certain_is_warmed():
    held = _hold(linear=(8, 6))
    assert held.tellers.temperatures["linear"] > 2
    assert held.scores["test"]["linear"]["calibration_error"][0] < 0.05


def test_noise_leaves_the_majority():
    held = _hold(network=(0, 1), linear=(0, 1))
    assert held.tellers.served == "majority"
    assert "no other's log loss" in held.tellers.reason


def test_no_labelled_document_in_validation_is_an_error():
    parts = {"validation": _part(0, 1, linear=(1, 1)), "test": _part(10, 2, linear=(1, 1))}
    with pytest.raises(DataError, match="Labelled documents in the validation part"):
        hold_labels(parts, margin=0.01)
