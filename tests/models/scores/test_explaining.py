"""What moved a forecast: effects that add up, of inputs and steps that are known to do something."""

from dataclasses import replace

import numpy as np
import pytest

from daycast.models.scores.explaining import REST, explain, reaches
from daycast.models.series.windows import Windows
from daycast.storage.terms.words import BLEND, NETWORK

LOOKBACK, FEATURES = 20, ("load", "heat", "noise")


class Weighted:
    """A forecaster that is linear in what it reads, and may multiply two of the places."""

    def __init__(self, weights: np.ndarray, *, product: float = 0.0) -> None:
        self.weights, self.product = weights, product

    def predict(self, windows: Windows) -> np.ndarray:
        """Two leads, of which each weighs the inputs by its own weights."""
        inputs = windows.inputs.astype(float)
        linear = (inputs[:, None] * self.weights).sum(axis=(2, 3))
        return 7.0 + linear + self.product * inputs[:, -1, :1] * inputs[:, -1, 1:2]


def _explained(forecaster: Weighted, windows: Windows, *, features=FEATURES):
    return explain(lambda some: {NETWORK: forecaster.predict(some)}, windows, features=features)[NETWORK]


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
