"""The benchmark's protocol: borders, scaling, scores, and the published figures of the plainest forecasts."""

import numpy as np
import pandas as pd
import pytest

from daycast.models.scores import protocol
from daycast.models.series.alone import make_windows
from daycast.models.series.splits import bounds, cut
from daycast.models.series.windows import concatenate
from daycast.storage.terms.errors import DataError


@pytest.fixture(scope="module")
def hours():
    """Two columns for as long as the protocol needs, and longer."""
    random = np.random.default_rng(3)
    index = pd.date_range("2016-07-01", periods=17420, freq="1h", tz="UTC", unit="us")
    return pd.DataFrame({name: 10 + random.normal(size=len(index)).cumsum() for name in ("a", "b")}, index=index)


def _test_windows(make_spec, hours, *, horizon):
    spec = make_spec(
        symbols=["OT"],
        target="value",
        features=["value"],
        difference="none",
        lookback=24,
        horizon=horizon,
        split=protocol.SPLIT.model_dump(),
    )
    windows = concatenate(
        [make_windows(hours.assign(value=hours[name]), spec=spec, series_id=f"tiny/{name}") for name in ("a", "b")]
    )
    parts = cut(windows, bounds=bounds(hours.index, split=spec.split))
    return windows.where(parts.training), windows.where(parts.test)


@pytest.mark.parametrize(("horizon", "count"), [(96, 2785), (192, 2689), (336, 2545), (720, 2161)])
def test_every_test_window_is_there_and_lies_beyond_the_validation_part(make_spec, hours, horizon, count):
    training, test = _test_windows(make_spec, hours, horizon=horizon)
    assert len(test) == 2 * count
    assert len(training) == 2 * (8640 - 24 - horizon + 1)
    first, last = test.origin.min(), test.end.max()
    assert (first, last) == tuple(hours.index[[11519, 14399]].tz_localize(None).to_numpy().astype("datetime64[us]"))


def test_a_cube_holds_each_window_scaled_by_the_training_part(make_spec, hours):
    _, test = _test_windows(make_spec, hours, horizon=96)
    cube = protocol.Scale.of(hours).cube(test.levels("none"), windows=test)
    training = hours.to_numpy()[:8640]
    scaled = (hours.to_numpy() - training.mean(axis=0)) / training.std(axis=0)
    assert cube.shape == (2785, 96, 2)
    for window in (0, 17, 2784):
        expected = scaled[11520 + window : 11520 + window + 96]
        np.testing.assert_allclose(cube[window], expected, rtol=1e-5, atol=1e-5)


def test_errors_are_means_over_windows_leads_and_columns():
    actual = np.zeros((2, 1, 2), dtype=np.float32)
    predicted = np.array([[[1, -3]], [[0, 2]]], dtype=np.float32)
    assert protocol.errors(predicted, actual) == {"mse": 14 / 4, "mae": 6 / 4}


@pytest.mark.real_data
def test_the_published_figures_of_the_plainest_forecasts_come_out(etth1):
    found = protocol.check_data(etth1)
    assert found["last_value_96"] == pytest.approx({"mse": 1.294, "mae": 0.713}, abs=6e-4)
    assert found["last_day_720"] == pytest.approx({"mse": 0.655, "mae": 0.514}, abs=6e-4)


def test_other_data_are_refused(hours):
    with pytest.raises(DataError, match=r"The public ETTh1 is required, on which last_value_96 gives"):
        protocol.check_data(hours)
