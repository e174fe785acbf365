"""What moved a forecast: effects that add up, of inputs and steps that are known to do something."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from daycast.models.scores.explaining import REST, explain, reaches
from daycast.models.scores.foretold import Foretold, foretold
from daycast.models.series.facts import facts_of
from daycast.models.series.scaling import Scaler
from daycast.models.series.windows import Windows
from daycast.storage.terms.words import BLEND, NETWORK

LOOKBACK, FEATURES = 20, ("load", "heat", "noise")


class Weighted:
    """A forecaster that is linear in what it reads, and may multiply two of the places."""

    def __init__(self, weights: np.ndarray, *, product: float = 0.0, ahead: float = 0.0) -> None:
        self.weights, self.product, self.ahead = weights, product, ahead

    def predict(self, windows: Windows) -> np.ndarray:
        """Two leads, of which each weighs the inputs by its own weights, and its own instant's columns known ahead."""
        inputs = windows.inputs.astype(float)
        linear = (inputs[:, None] * self.weights).sum(axis=(2, 3))
        told = 0.0 if windows.ahead is None else self.ahead * windows.ahead[:, :, 0].astype(float)
        days = 0.0 if windows.known is None else self.ahead * windows.known[:, :, 2].astype(float)
        return 7.0 + linear + told + days + self.product * inputs[:, -1, :1] * inputs[:, -1, 1:2]


def _explained(forecaster: Weighted, windows: Windows, *, features=FEATURES, ahead=()):
    told = explain(lambda some: {NETWORK: forecaster.predict(some)}, windows, features=features, foretold=ahead)
    return told[NETWORK]


@pytest.fixture
def windows(make_flat_windows) -> Windows:
    flat = make_flat_windows([10.0] * 3, [[1.0, 2.0]] * 3)
    inputs = np.random.default_rng(1).normal(size=(3, LOOKBACK, len(FEATURES))).astype(np.float32)
    return replace(flat, inputs=inputs, anchor=np.zeros((3, len(FEATURES))))


@pytest.fixture
def weights() -> np.ndarray:
    return np.random.default_rng(2).normal(size=(2, LOOKBACK, len(FEATURES)))


def test_of_a_linear_forecaster_an_effect_is_weight_times_distance_from_the_level(windows, weights):
    told = _explained(Weighted(weights), windows)
    apart = windows.inputs - windows.inputs.mean(axis=1, keepdims=True)
    exact = (apart * weights.mean(axis=0)).astype(float)
    assert len(told) == 3
    for place, effects in enumerate(told):
        for each in effects[1:]:
            steps = slice(LOOKBACK - each.step_to, LOOKBACK - each.step + 1)
            assert each.effect == pytest.approx(exact[place, steps, FEATURES.index(each.feature)].sum(), abs=1e-5)
        assert {(each.feature, each.step) for each in effects[1:]} == {
            (name, step) for name in FEATURES for step, _ in reaches(LOOKBACK, features=3)
        }


def test_effects_add_up_and_two_that_work_together_share_alike(windows, weights):
    forecaster = Weighted(0 * weights, product=2.0)
    for place, effects in enumerate(_explained(forecaster, windows)):
        whole = forecaster.predict(windows)[place].mean()
        assert sum(each.effect for each in effects) == pytest.approx(whole, abs=1e-5)
        assert (effects[0].feature, effects[0].step) == (REST, 0)
        at = {(each.feature, each.step): each.effect for each in effects}
        load, heat = windows.inputs[place, -1, :2].astype(float)
        a, b = windows.inputs[place].astype(float).mean(axis=0)[:2]
        # Shapley's value of one of two factors: what it adds alone and what it adds beside the other, averaged
        assert at["load", 1] == pytest.approx((load - a) * (b + heat), abs=1e-4)
        assert at["heat", 1] == pytest.approx((heat - b) * (a + load), abs=1e-4)


def test_each_of_several_forecasters_is_told_from_the_same_windows(windows, weights):
    one, other = Weighted(weights), Weighted(-2 * weights, product=1.0)
    told = explain(
        lambda some: {NETWORK: one.predict(some), BLEND: (one.predict(some) + other.predict(some)) / 2},
        windows,
        features=FEATURES,
    )
    assert told[NETWORK] == _explained(one, windows)
    for mine, theirs, mean in zip(told[NETWORK], _explained(other, windows), told[BLEND], strict=True):
        whole = {(each.feature, each.step): each.effect for each in (*mine,)}
        beside = {(each.feature, each.step): each.effect for each in theirs}
        for each in mean:
            at = each.feature, each.step
            assert each.effect == pytest.approx((whole[at] + beside[at]) / 2, abs=1e-4)


def test_what_is_known_ahead_is_told_by_its_distance_from_what_is_ordinary(windows, weights):
    told = np.random.default_rng(3).normal(size=(3, 2, 2)).astype(np.float32)
    level = np.float32([[0.5, 0.0], [1.0, 0.0], [-2.0, 0.0]])
    shown = replace(windows, ahead=told)
    ahead = [
        Foretold(name=name, of="ahead", columns=slice(at, at + 1), level=level[:, at : at + 1])
        for at, name in enumerate(("heat", "price"))
    ]
    forecaster = Weighted(weights, ahead=4.0)
    for place, effects in enumerate(_explained(forecaster, shown, ahead=ahead)):
        at = {(each.feature, each.step): each.effect for each in effects}
        # the name of a feature that is known ahead too stands for both, the leads as step -1 to -2
        assert at["heat", -1] == pytest.approx(4.0 * (told[place, :, 0].mean() - level[place, 0]), abs=1e-5)
        assert at["price", -1] == pytest.approx(0.0, abs=1e-6)
        assert {each.step_to for each in effects if each.step == -1} == {-2}
        assert sum(at.values()) == pytest.approx(forecaster.predict(shown)[place].mean(), abs=1e-5)
        without = {(each.feature, each.step): each.effect for each in _explained(forecaster, windows)[place]}
        past = [key for key in without if key[1] > 0]
        assert [at[key] for key in past] == pytest.approx([without[key] for key in past], abs=1e-5)


def test_a_fact_is_held_against_the_whole_history_and_a_column_against_its_training_part(windows, weights):
    days = pd.date_range("2024-01-01", periods=364, freq="D", tz="UTC")
    facts = facts_of(["weekday", "month"], step=pd.Timedelta(days=1), instants=days)
    told = np.float32([[[2.0], [4.0]]] * 3)
    shown = replace(facts.attach(windows), ahead=told, targets=windows.targets)
    found = foretold(
        shown,
        facts=facts,
        instants=facts.instants,
        columns=["price"],
        scaler=Scaler.fit(replace(shown, ahead=told + 1)),
    )
    assert [(each.name, each.of, each.columns) for each in found] == [
        ("weekday", "known", slice(0, 2)),
        ("month", "known", slice(2, 4)),
        ("price", "ahead", slice(0, 1)),
    ]
    assert found[0].level == pytest.approx(np.zeros((3, 2)), abs=1e-6), "a circle's middle"
    assert found[2].level == pytest.approx(np.full((3, 1), 4.0))
    for effects in _explained(Weighted(0 * weights, ahead=2.0), shown, ahead=found):
        at = {each.feature: each.effect for each in effects if each.step == -1}
        month = shown.known[0, :, 2].mean() - found[1].level[0, 0]
        assert at == pytest.approx({"weekday": 0.0, "month": 2 * month, "price": -2.0}, abs=1e-5)


def test_many_features_are_few_rows_and_few_windows(make_flat_windows):
    names = [f"f{number}" for number in range(40)]
    flat = make_flat_windows([10.0], [[1.0]])
    inputs = np.random.default_rng(1).normal(size=(1, 30, 40)).astype(np.float32)
    weights = np.zeros((1, 30, 40))
    weights[0, -3:, 17] = 5.0
    weights[0, -3:, 3] = 1.0
    asked = []

    class Counting(Weighted):
        def predict(self, windows: Windows) -> np.ndarray:
            asked.append(len(windows))
            return super().predict(windows)

    shown = replace(flat, inputs=inputs, anchor=np.zeros((1, 40)))
    (effects,) = _explained(Counting(weights), shown, features=names)
    assert sum(asked) <= 128
    assert [each.feature for each in effects[:3]] == [REST, "f17", "f3"]
    assert len(effects) == 8, "the level, six features, and the rest together"
    assert sum(each.effect for each in effects) == pytest.approx(
        float(Weighted(weights).predict(replace(flat, inputs=inputs))[0, 0]), abs=1e-4
    )


def test_every_step_is_in_one_group():
    for lookback in (1, 2, 3, 50, 96, 337):
        for features in (1, 7, 100):
            groups = reaches(lookback, features=features)
            assert [step for first, last in groups for step in range(first, last + 1)] == list(range(1, lookback + 1))
            assert len(groups) * features <= 64 or len(groups) == 1
