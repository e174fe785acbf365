"""Who serves, and why."""

import numpy as np
import pytest

from daycast.models.race.selection import Errors, Verdict, best_baseline, decide, duel, overtake, without_network
from daycast.models.scores.blocks import Blocks

NAIVE = Errors(validation=1.0, test=1.0)
BASELINES = {
    "naive": NAIVE,
    "seasonal_naive": Errors(validation=1.5, test=1.5),
    "drift": Errors(validation=1.0, test=1),
}


def _errors(validation, test=None):
    return Errors(validation=validation, test=validation if test is None else test)


def _decide(challenger, champion=None, *, baselines=BASELINES, margin=0.01):
    return decide(challenger, champion=champion, baselines=baselines, margin=margin)


def test_the_first_version_becomes_champion_and_serves_if_it_beats_naive():
    verdict = _decide(_errors(0.9))
    assert (verdict.promoted, verdict.served) == (True, "network")
    assert "10.0% below naive's on validation" in verdict.reason


def test_the_first_version_becomes_champion_even_if_naive_serves():
    verdict = _decide(_errors(1.1))
    assert (verdict.promoted, verdict.served) == (True, "naive")


@pytest.mark.parametrize(("challenger", "promoted"), [(0.80, True), (0.89, True), (0.8911, False), (0.95, False)])
def test_a_challenger_must_be_better_by_the_margin(challenger, promoted):
    assert _decide(_errors(challenger), _errors(0.9)).promoted is (promoted and challenger < 0.9 * 0.99)


def test_a_verdict_says_which_error_it_is_of():
    """Not the MAE: on the same page the skill is of that, and may be above 0 where the MASE is above naive's."""
    assert "its MASE is 5.3% above the champion's on validation" in _decide(_errors(0.6), _errors(0.57)).reason
    assert "its MASE is 30.8% above naive's on test" in _decide(_errors(0.5, 1.308)).reason
    perfect = {name: _errors(0.0) for name in BASELINES}
    assert "its MASE is 0.1 against 0 of naive's" in _decide(_errors(0.1), baselines=perfect).reason
    assert "its error is 50.0% below the champion's" in duel(_errors(1), champion=_errors(2), margin=0.01)[2]


def test_a_rejected_challenger_leaves_the_champion_serving():
    verdict = _decide(_errors(2.0), _errors(0.9))
    assert (verdict.promoted, verdict.served) == (False, "network")
    assert "The champion is kept" in verdict.reason


def test_a_reused_champion_is_judged_again():
    assert _decide(None, _errors(0.9)).served == "network"
    assert _decide(None, _errors(1.2)).served == "naive"


def test_the_network_must_beat_naive_by_the_margin():
    assert _decide(_errors(0.995)).served == "naive"
    assert _decide(_errors(0.985)).served == "network"


def test_a_network_that_fails_on_test_does_not_serve():
    verdict = _decide(_errors(0.5, 1.001))
    assert verdict.served == "naive"
    assert "0.1% above naive's on test" in verdict.reason
    assert _decide(_errors(0.5, 1.0)).served == "network"


def test_another_baseline_serves_only_if_it_beats_naive_by_the_margin():
    seasonal = {**BASELINES, "seasonal_naive": _errors(0.7)}
    assert _decide(_errors(1.2), baselines=seasonal).served == "seasonal_naive"
    barely = {**BASELINES, "seasonal_naive": _errors(0.995)}
    assert _decide(_errors(1.2), baselines=barely).served == "naive"


def test_a_network_behind_the_best_baseline_does_not_serve():
    seasonal = {**BASELINES, "seasonal_naive": _errors(0.7)}
    verdict = _decide(_errors(0.8), baselines=seasonal)
    assert verdict.served == "seasonal_naive"
    assert "above seasonal_naive's on validation" in verdict.reason


def test_someone_must_have_come():
    with pytest.raises(ValueError, match="neither"):
        _decide(None)


def test_errors_of_zero_do_not_break_it():
    perfect = {name: _errors(0.0) for name in BASELINES}
    assert _decide(_errors(0.1), baselines=perfect).served == "naive"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (0.9904, "0.96% below naive's on validation, and 1.00% below it was required"),
        (0.9900004, "0.99996% below naive's on validation, and 1.00000% below it was required"),
        (0.998, "0.2% below naive's on validation, and 1.0% below it was required"),
        (1.01, "1.0% above naive's on validation, and 1.0% below it was required"),
    ],
)
def test_a_verdict_tells_the_digits_that_decide_it(error, said):
    assert said in _decide(_errors(error)).reason


def _blocked(*means, test=None):
    blocks = Blocks(np.array(means), np.ones(len(means)))
    return Errors(validation=np.mean(means), test=np.mean(means) if test is None else test, blocks=blocks)


FLAT = {"naive": _blocked(*[1.0] * 6)}


def test_a_gain_of_one_block_is_none_that_one_can_be_sure_of():
    verdict = _decide(_blocked(0.1, 1.0, 1.0, 1.0, 1.0, 1.0), baselines=FLAT)
    assert verdict.served == "naive"
    assert (
        "of the network, its MASE is 15.0% below naive's on validation "
        "(1.00 standard errors over 6 blocks of time, 2.02 required)." in verdict.reason
    )


def test_a_gain_in_every_block_serves_and_the_verdict_says_how_sure_it_is():
    verdict = _decide(_blocked(0.8, 0.9, 0.8, 0.9, 0.8, 0.9), baselines=FLAT)
    assert verdict.served == "network"
    assert "15.0% below naive's on validation (6.71 standard errors over 6 blocks of time" in verdict.reason


def test_a_baseline_other_than_naive_has_to_be_surely_better_and_no_worse_on_test():
    sure = (0.8, 0.9, 0.8, 0.9, 0.8, 0.9)
    assert best_baseline({**FLAT, "drift": _blocked(*sure)}, margin=0.01) == "drift"
    assert best_baseline({**FLAT, "drift": _blocked(0.1, 1, 1, 1, 1, 1)}, margin=0.01) == "naive"
    assert best_baseline({**FLAT, "drift": _blocked(*sure, test=1.001)}, margin=0.01) == "naive"


def _overtaken(ridge, *, network, served="network"):
    verdict = Verdict(promoted=True, served=served, reason="So far.")
    return overtake(verdict, rivals={"ridge": ridge}, entered={**FLAT, "network": network}, margin=0.01)


GOOD = (0.8, 0.9, 0.8, 0.9, 0.8, 0.9)


def test_ridge_serves_where_it_is_surely_better_than_the_network_too():
    verdict = _overtaken(_blocked(*[each - 0.1 for each in GOOD]), network=_blocked(*GOOD))
    assert (verdict.promoted, verdict.served) == (True, "ridge")
    assert verdict.reason.startswith("So far. But ridge serves: its MASE is 11.8% below network's on validation (")


@pytest.mark.parametrize(
    ("ridge", "network"),
    [
        (_blocked(0.6, 0.9, 0.8, 0.9, 0.8, 0.9), _blocked(*GOOD)),  # better in one block of six
        (_blocked(*[each - 0.1 for each in GOOD], test=0.86), _blocked(*GOOD, test=0.85)),  # and worse on test
        (_blocked(*GOOD), _blocked(*GOOD)),
    ],
)
def test_ridge_leaves_the_network_where_that_is_not_sure(ridge, network):
    assert _overtaken(ridge, network=network).served == "network"


def test_ridge_has_to_beat_naive_alone_where_naive_serves():
    assert _overtaken(_blocked(*GOOD), network=_blocked(*GOOD, test=2.0), served="naive").served == "ridge"
    assert _overtaken(_blocked(0.4, 1, 1, 1, 1, 1), network=_blocked(*GOOD), served="naive").served == "naive"


def test_of_two_the_better_overtakes():
    verdict = Verdict(promoted=False, served="naive", reason="")
    rivals = {"ridge": _blocked(*GOOD), "blend": _blocked(*[each - 0.05 for each in GOOD])}
    assert overtake(verdict, rivals=rivals, entered=FLAT, margin=0.01).served == "blend"


@pytest.mark.parametrize(
    ("seasonal", "ridge", "standby"),
    [
        (_errors(1.5), None, "naive"),
        (_errors(0.9), None, "seasonal_naive"),
        (_errors(0.9), _errors(0.95), "seasonal_naive"),
        (_errors(0.9), _errors(0.8), "ridge"),
        (_errors(1.5), _errors(0.8, 1.1), "naive"),
    ],
)
def test_it_is_said_who_would_serve_without_the_network(seasonal, ridge, standby):
    baselines = {**BASELINES, "seasonal_naive": seasonal}
    verdict = _decide(_errors(0.7), baselines=baselines)
    told = without_network(verdict, ridge=ridge, baselines=baselines, margin=0.01)
    assert (told.served, told.promoted) == ("network", True)
    assert told.reason == f"{verdict.reason} Without the network {standby} would serve."


def test_where_the_network_has_no_part_nothing_is_said_of_its_absence():
    verdict = _decide(_errors(1.1))
    assert without_network(verdict, ridge=_errors(0.99), baselines=BASELINES, margin=0.01) == verdict
