"""Ridge beside the network: what is linear it finds, what is noise it leaves, and levels move with it."""

import json

import numpy as np
import pytest

from daycast.models.race.ridge import PENALTIES, WIDEST, RidgeForecaster
from daycast.models.series.alone import make_windows
from daycast.models.series.scaling import Scaler


def _fitted(spec, levels, *, share=0.7):
    windows = make_windows(levels, spec=spec, series_id="tiny/OT")
    count = int(share * len(windows))
    training, held_out = windows.where(slice(0, count)), windows.where(slice(count + spec.horizon, None))
    scaler = Scaler.fit(training)
    return RidgeForecaster.fit(training, held_out, spec=spec, scaler=scaler), held_out


def _error(ridge, windows, kind):
    return np.abs(ridge.predict(windows) - windows.levels(kind)).mean()


@pytest.mark.parametrize("kind", ["none", "absolute", "percent", "log"])
def test_a_wave_is_forecast_whatever_the_difference(make_spec, make_levels, kind):
    levels = make_levels(400)
    levels["y"] = 50 + 10 * np.sin(np.arange(400) * 2 * np.pi / 12)
    ridge, held_out = _fitted(make_spec(features=["y"], difference=kind, lookback=12), levels)
    naive = np.abs(held_out.base[:, np.newaxis] - held_out.levels(kind)).mean()
    assert _error(ridge, held_out, kind) < 0.05 * naive
    assert ridge.penalty == PENALTIES[0]


def test_another_column_that_leads_is_read(make_spec, make_levels):
    levels = make_levels(600)
    random = np.random.default_rng(1)
    levels["x"] = random.normal(size=600)
    levels["y"] = 100 + np.concatenate([[0, 0], levels["x"].to_numpy()[:-2]]).cumsum()
    spec = make_spec(features=["x", "y"], difference={"y": "absolute"}, horizon=2)
    ridge, held_out = _fitted(spec, levels)
    assert _error(ridge, held_out, "absolute") < 0.02


def test_steps_of_chance_take_the_largest_penalty_and_leave_next_to_nothing(make_spec, make_levels):
    ridge, held_out = _fitted(make_spec(features=["y"], difference="absolute", lookback=60), make_levels(400))
    assert ridge.penalty >= 1.0
    naive = np.abs(held_out.base[:, np.newaxis] - held_out.levels("absolute")).mean()
    assert _error(ridge, held_out, "absolute") == pytest.approx(naive, rel=0.05)


def test_a_level_that_is_not_differenced_moves_with_the_window(make_spec, make_levels):
    from dataclasses import replace

    spec = make_spec(features=["y"], difference="none")
    ridge, held_out = _fitted(spec, make_levels(200))
    higher = replace(held_out, inputs=held_out.inputs + np.float32(4.0), base=held_out.base + 4.0)
    np.testing.assert_allclose(ridge.predict(higher), ridge.predict(held_out) + 4.0, atol=1e-4)


def test_a_series_that_it_was_not_fitted_on_gets_nothing(make_spec, make_levels):
    from dataclasses import replace

    ridge, held_out = _fitted(make_spec(), make_levels(200))
    assert np.isfinite(ridge.predict(held_out)).all()
    assert np.isnan(ridge.predict(replace(held_out, names=("tiny/new",)))).all()


def test_what_is_saved_is_loaded(make_spec, make_levels, tmp_path):
    ridge, held_out = _fitted(make_spec(), make_levels(200))
    state = json.loads(json.dumps({"ridge": ridge.save(tmp_path), "scaler": ridge.scaler.state()}))
    again = RidgeForecaster.load(tmp_path, state)
    np.testing.assert_array_equal(again.predict(held_out), ridge.predict(held_out))
    assert again.penalty == ridge.penalty
    assert RidgeForecaster.load(tmp_path, {"scaler": state["scaler"]}) is None, "a version from before there was one"


def test_windows_that_are_too_wide_have_none(make_spec, make_levels):
    spec = make_spec(features=["y"], lookback=WIDEST + 1)
    levels = make_levels(WIDEST + 60)
    ridge, _ = _fitted(spec, levels)
    assert ridge is None


def test_the_penalty_is_the_best_of_all_on_validation(make_spec, make_levels):
    levels = make_levels(160, seed=2)
    levels["y"] = 20 + 3 * np.sin(np.arange(160) / 3) + np.random.default_rng(0).normal(size=160)
    spec = make_spec(features=["y"], difference="none", lookback=24, horizon=4)
    windows = make_windows(levels, spec=spec, series_id="tiny/OT")
    training, held_out = windows.where(slice(0, 80)), windows.where(slice(90, None))
    ridge = RidgeForecaster.fit(training, held_out, spec=spec, scaler=Scaler.fit(training))
    inputs = training.inputs.astype(float) - training.inputs[:, -1:]
    scaled = (inputs / ridge.scaler.input_std).reshape(80, -1)
    outputs = (training.targets - training.base[:, np.newaxis]) / ridge.scaler.target_std
    errors = {}
    for penalty in PENALTIES:  # by augmented rows, as a textbook has it
        apart = scaled - scaled.mean(axis=0)
        rows = np.concatenate([apart, np.sqrt(80 * penalty) * np.eye(24)])
        slope = np.linalg.lstsq(rows, np.concatenate([outputs - outputs.mean(axis=0), np.zeros((24, 4))]), rcond=None)[
            0
        ]
        other = (held_out.inputs.astype(float) - held_out.inputs[:, -1:]).reshape(len(held_out), -1)
        other = other / ridge.scaler.input_std - scaled.mean(axis=0)
        told = (other @ slope + outputs.mean(axis=0)) * ridge.scaler.target_std + held_out.base[:, np.newaxis]
        errors[penalty] = np.abs(told - held_out.targets).mean()
        if penalty == ridge.penalty:
            np.testing.assert_allclose(ridge.predict(held_out), told, atol=1e-4)
    assert ridge.penalty == min(errors, key=lambda each: errors[each])
