"""Who tells labels: calibrated on validation, the plainer of two that are as good, and never one that knows nothing."""

import numpy as np
import pytest

from daycast.models.race.labelling import Entrant, Tellers, decide_labels, hold_labels
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


def _entrant(told, *, served="network"):
    tellers = Tellers(share=None, temperatures={}, served=served, reason=f"{served} serves.")
    return Entrant(tellers=tellers, parts={part: each[0] for part, each in told.items()})


def _versions(**strengths):
    parts = {
        name: {part: _part(500, seed, network=(strength, 0.5)) for seed, part in ((1, "validation"), (2, "test"))}
        for name, strength in strengths.items()
    }
    actual = {part: each[1] for part, each in next(iter(parts.values())).items()}
    return {name: _entrant(told) for name, told in parts.items()}, actual


def test_a_challenger_serves_where_its_loss_is_below_the_champions_by_the_margin():
    entrants, actual = _versions(old=2.0, new=4.0)
    verdict = decide_labels(entrants, actual, challenger="new", champion="old", margin=0.01)
    assert (verdict.version, verdict.promoted, verdict.served) == ("new", True, "network")
    assert "The challenger replaces the champion" in verdict.reason
    assert verdict.test["accuracy"] > verdict.test["majority_accuracy"]
    kept = decide_labels(entrants, actual, challenger="old", champion="new", margin=0.01)
    assert (kept.version, kept.promoted) == ("new", False)
    assert set(kept.scores) == {"old", "new"}


def test_the_first_version_becomes_the_champion_and_a_reused_one_stays():
    entrants, actual = _versions(only=2.0)
    assert decide_labels(entrants, actual, challenger="only", champion=None, margin=0.01).promoted
    assert not decide_labels(entrants, actual, challenger=None, champion="only", margin=0.01).promoted


def test_a_test_part_without_a_mistake_is_told():
    actual = {"validation": np.array([0, 1] * 20), "test": np.array([0, 1] * 20)}
    sure = {"majority": np.full((40, 2), 0.5), "network": np.tile(np.array([[0.99, 0.01], [0.01, 0.99]]), (20, 1))}
    entrants = {"v": _entrant({part: (sure, actual[part]) for part in actual})}
    verdict = decide_labels(entrants, actual, challenger="v", champion=None, margin=0.01)
    assert "Every label of the 40 test documents was told rightly" in verdict.reason


def test_labels_that_a_champion_does_not_know_count_against_it():
    actual = {part: np.array([0, 1, 2] * 10) for part in ("validation", "test")}
    blind = {name: np.tile(np.array([[0.5, 0.5, 0.0]]), (30, 1)) for name in ("majority", "network")}
    fair = {name: np.full((30, 3), 1 / 3) for name in ("majority", "network")}
    entrants = {
        "old": _entrant({part: (blind, actual[part]) for part in actual}),
        "new": _entrant({part: (fair, actual[part]) for part in actual}),
    }
    assert decide_labels(entrants, actual, challenger="new", champion="old", margin=0.01).promoted


def test_who_is_worse_than_the_majority_on_the_test_part_does_not_serve():
    entrants, actual = _versions(only=4.0)
    actual["test"] = 1 - actual["test"]
    verdict = decide_labels(entrants, actual, challenger="only", champion=None, margin=0.01)
    assert verdict.served == "majority"
    assert "But majority serves: on the test part network's log loss is " in verdict.reason
    assert verdict.test["accuracy"] == verdict.test["majority_accuracy"]
