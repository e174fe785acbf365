"""What is known of the horizon: read by networks and ridge, kept in the file, and worth what it is worth."""

import json
from dataclasses import replace

import numpy as np
import pytest

from daycast.models.networks.backend import load_keras
from daycast.models.race.ridge import RidgeForecaster
from daycast.models.series.alone import make_windows
from daycast.models.series.facts import facts_of
from daycast.models.series.scaling import Scaler
from daycast.models.series.windows import concatenate, stamps
from daycast.storage.calendars import Calendar
from daycast.storage.registry.keras_archive import check_keras_archive

load_keras()

from daycast.models.networks.build import Frame, build  # noqa: E402
from daycast.models.networks.forecaster import NetworkForecaster  # noqa: E402
from daycast.models.networks.kept import MODEL_FILE  # noqa: E402
from daycast.storage.terms.network import ModelSpec  # noqa: E402

MODEL = {"cell": "gru", "units": [6], "epochs": 12, "batch_size": 32, "learning_rate": 0.02, "patience": 12}


def _spec(make_spec, **changes):
    keys = {"features": ["y"], "difference": "none", "lookback": 2, "horizon": 3, "known": ["hour"], "model": MODEL}
    return make_spec(**{**keys, **changes})


def _parts(levels, spec):
    """Training, validation and test, with the facts where the pipeline names any."""
    windows = make_windows(levels, spec=spec, series_id="tiny/OT")
    facts = facts_of(spec.known, step=Calendar(spec.calendar).step, instants=levels.index)
    windows = facts.attach(windows) if facts else windows
    first, second = int(0.6 * len(windows)), int(0.8 * len(windows))
    return windows.where(slice(0, first)), windows.where(slice(first, second)), windows.where(slice(second, None))


def _fit(parts, spec):
    return NetworkForecaster.fit(*parts[:2], spec=spec, parent=None, on_epoch=lambda _: None, expired=lambda: False)


@pytest.fixture(scope="module")
def peaks(make_levels):
    """Noise, but for a peak at six hours of a day, which two steps of the past do not tell."""
    levels = make_levels(1200)
    hours = levels.index.hour.to_numpy()
    levels["y"] = np.random.default_rng(3).normal(size=1200) + 20.0 * np.isin(hours, (1, 5, 6, 11, 12, 20))
    return levels


@pytest.fixture(scope="module")
def informed(make_spec, peaks):
    spec = _spec(make_spec)
    parts = _parts(peaks, spec)
    return _fit(parts, spec), parts, spec


def _error(forecaster, windows):
    return np.abs(forecaster.predict(windows) - windows.levels("none")).mean()


@pytest.mark.slow
def test_a_network_reads_what_is_known_of_its_horizon(make_spec, peaks, informed):
    forecaster, (*_, test), _ = informed
    plain = _spec(make_spec, known=[])
    parts = _parts(peaks, plain)
    assert _error(forecaster, test) < 0.8 * _error(_fit(parts, plain), parts[2])


@pytest.mark.slow
def test_it_is_kept_in_the_file_and_asked_for_again(informed, tmp_path, make_spec):
    forecaster, (*_, test), spec = informed
    state = json.loads(json.dumps(forecaster.save(tmp_path)))
    check_keras_archive(tmp_path / MODEL_FILE)
    again = NetworkForecaster.load(tmp_path, state, spec=spec)
    np.testing.assert_array_equal(again.predict(test), forecaster.predict(test))
    with pytest.raises(Exception, match="known"):
        NetworkForecaster.load(tmp_path, state, spec=_spec(make_spec, known=["weekday"]))


def test_other_facts_are_another_reading_and_another_forecast(informed):
    forecaster, (*_, test), _ = informed
    moved = replace(test, known=-test.known)
    assert (stamps(moved) != stamps(test)).all()
    assert np.abs(forecaster.predict(moved) - forecaster.predict(test)).max() > 0.1


def test_ridge_reads_it_too(make_spec, peaks):
    levels = peaks.copy()
    levels["y"] = 5 * np.sin(levels.index.hour.to_numpy() / 24 * 2 * np.pi) + peaks["x"] * 0.01
    told = {}
    for known in ([], ["hour"]):
        spec = _spec(make_spec, known=known)
        training, validation, test = _parts(levels, spec)
        told[len(known)] = _error(
            RidgeForecaster.fit(training, validation, spec=spec, scaler=Scaler.fit(training)), test
        )
    assert told[1] < 0.5 * told[0]


@pytest.mark.parametrize("cell", ["gru", "segment_lstm"])
@pytest.mark.parametrize("model", [{}, {"normalization": "last"}, {"cycle": (24,)}])
def test_every_network_has_room_for_it_and_begins_as_if_there_were_none(cell, model):
    frame = Frame(lookback=8, features=2, horizon=6, known=3)
    spec = ModelSpec(cell=cell, units=(4,), **({"segment": 4} if cell.startswith("segment") else {}), **model)
    window = np.random.default_rng(0).normal(size=(5, 8, 2)).astype(np.float32)
    places = [np.zeros((5, 2), dtype=np.int32)] if spec.cycle else []
    known = np.random.default_rng(1).normal(size=(5, 6, 3)).astype(np.float32)
    alone = build(spec, frame=replace(frame, known=0))
    outputs = build(spec, frame=frame)([window, *places, known])
    np.testing.assert_allclose(outputs, alone([window, *places] if places else window), atol=1e-6)


def test_windows_keep_what_is_known_where_they_are_chosen_and_joined(informed):
    _, (training, validation, _), _ = informed
    joined = concatenate([training, validation])
    np.testing.assert_array_equal(joined.known, np.concatenate([training.known, validation.known]))
    np.testing.assert_array_equal(joined.where(slice(3, 5)).known, training.known[3:5])
