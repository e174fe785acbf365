"""Scaling on the training part alone."""

import json

import numpy as np
import pytest

from daycast.models.series.alone import make_windows
from daycast.models.series.scaling import Scaler
from daycast.models.series.splits import bounds, cut
from daycast.models.series.windows import concatenate
from daycast.storage.terms.errors import DataError


@pytest.fixture
def windows(make_spec, make_levels):
    return concatenate(
        [make_windows(make_levels(60, seed=n) * 10**n, spec=make_spec(), series_id=f"tiny/{n}") for n in range(3)]
    )


def test_each_series_is_scaled_by_its_own_training_part(windows):
    scaler = Scaler.fit(windows)
    for code in range(3):
        one = windows.where(windows.codes == code)
        read = one.inputs + one.anchor[:, np.newaxis]
        np.testing.assert_allclose(scaler.input_mean[code], read.mean((0, 1)), rtol=1e-5)
        np.testing.assert_allclose(scaler.input_std[code], read.std((0, 1)), rtol=1e-4)
        np.testing.assert_allclose(scaler.target_std[code], one.targets.astype(float).std(), rtol=1e-4)
        np.testing.assert_allclose(scaler.inputs(one).std((0, 1)), 1.0, rtol=1e-3)
        np.testing.assert_allclose(scaler.targets(one).mean(), 0.0, atol=1e-4)


def test_targets_come_back(windows):
    scaler = Scaler.fit(windows)
    back = scaler.differences(scaler.targets(windows), windows=windows)
    np.testing.assert_allclose(back, windows.targets, rtol=1e-5, atol=1e-5)


def test_later_values_do_not_touch_the_scaler(make_spec, make_levels):
    spec, levels = make_spec(), make_levels(60)
    altered = levels.copy()
    split_at = 42  # 70 % of 60
    altered.iloc[split_at:] = 1e6
    states = []
    for frame in (levels, altered):
        windows = make_windows(frame, spec=spec, series_id="tiny/OT")
        parts = cut(windows, bounds=bounds(frame.index, split=spec.split))
        states.append(Scaler.fit(windows.where(parts.training)).state())
    assert states[0] == states[1]


def test_a_column_that_does_not_move_keeps_its_size(make_spec, make_levels):
    levels = make_levels(30)
    levels["x"] = 1234.5678
    windows = make_windows(levels, spec=make_spec(), series_id="tiny/OT")
    scaler = Scaler.fit(windows)
    assert scaler.input_std[0, 0] == 1.0
    np.testing.assert_allclose(scaler.inputs(windows)[..., 0], 0.0, atol=1e-3)


def test_a_level_whose_steps_are_small_beside_it_is_scaled_by_its_steps(make_spec, make_levels):
    spec, levels = make_spec(difference="none"), make_levels(60)
    near, far = (make_windows(frame, spec=spec, series_id="tiny/OT") for frame in (levels, levels + 123_456_789.0))
    scaler, beside = Scaler.fit(near), Scaler.fit(far)
    np.testing.assert_allclose(beside.input_std, scaler.input_std, rtol=1e-5)
    np.testing.assert_allclose(beside.target_std, scaler.target_std, rtol=1e-5)
    np.testing.assert_allclose(beside.inputs(far), scaler.inputs(near), atol=1e-5)
    np.testing.assert_allclose(beside.targets(far), scaler.targets(near), atol=1e-5)


def test_the_state_is_json_and_comes_back(windows):
    scaler = Scaler.fit(windows)
    again = Scaler.from_state(json.loads(json.dumps(scaler.state())))
    np.testing.assert_array_equal(again.inputs(windows), scaler.inputs(windows))
    assert again.state() == scaler.state()


def test_an_unknown_series_is_named_and_can_be_added(windows):
    scaler = Scaler.fit(windows.where(windows.codes != 1))
    with pytest.raises(DataError, match=r"Received: tiny/1\."):
        scaler.inputs(windows)
    extended = scaler.extended(windows)
    np.testing.assert_array_equal(extended.input_mean[:2], scaler.input_mean)
    np.testing.assert_allclose(extended.inputs(windows), Scaler.fit(windows).inputs(windows))
    assert extended.extended(windows) is extended


def test_the_windows_are_left_alone(windows):
    before = windows.inputs.copy()
    Scaler.fit(windows).inputs(windows)
    np.testing.assert_array_equal(windows.inputs, before)
