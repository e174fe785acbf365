"""Fitting, predicting, saving and loading; what is the same twice."""

import hashlib
import json
import random
import zipfile

import numpy as np
import pytest

from daycast.models.networks.backend import load_keras
from daycast.models.race.baselines import naive
from daycast.models.series.alone import latest_window, make_windows
from daycast.models.series.gathering import Gathered
from daycast.models.series.splits import bounds, cut
from daycast.models.series.windows import concatenate
from daycast.storage.terms.errors import DataError, RegistryError

load_keras()

from daycast.models.networks.build import Frame  # noqa: E402
from daycast.models.networks.forecaster import NetworkForecaster  # noqa: E402
from daycast.models.networks.kept import MODEL_FILE  # noqa: E402
from daycast.models.networks.ridge import fit_ridge  # noqa: E402
from daycast.storage.registry.keras_archive import check_keras_archive, content_hash  # noqa: E402

MODEL = {"cell": "gru", "units": [8], "epochs": 4, "batch_size": 16, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def spec(make_spec):
    return make_spec(model=MODEL)


@pytest.fixture(scope="module")
def wave(make_levels):
    """A series whose differences can be learnt: a daily cycle and a little noise."""
    levels = make_levels(400)
    hours = np.arange(400)
    levels["x"] = 20 + 3 * np.cos(hours / 24 * 2 * np.pi)
    levels["y"] = 20 + 3 * np.sin(hours / 24 * 2 * np.pi) + (levels["y"] - 20) * 0.01
    return levels


def _parts(levels, spec, names=("tiny/OT",)):
    windows = concatenate([make_windows(levels, spec=spec, series_id=name) for name in names])
    parts = cut(windows, bounds=bounds(levels.index, split=spec.split))
    return windows.where(parts.training), windows.where(parts.validation), windows.where(parts.test)


def _fit(levels, spec, *, parent=None, on_epoch=lambda _: None, expired=lambda: False, names=("tiny/OT",)):
    training, validation, _ = _parts(levels, spec, names)
    return NetworkForecaster.fit(training, validation, spec=spec, parent=parent, on_epoch=on_epoch, expired=expired)


@pytest.fixture(scope="module")
def fitted(wave, spec):
    """One network for every test that only looks at it, and what was told while it was trained."""
    told = []
    return _fit(wave, spec, on_epoch=told.append), told


def _weights(forecaster):
    return hashlib.sha256(b"".join(weight.tobytes() for weight in forecaster.network.get_weights())).hexdigest()


@pytest.mark.parametrize(
    "cell", ["simple_rnn", pytest.param("lstm", marks=pytest.mark.slow), pytest.param("gru", marks=pytest.mark.slow)]
)
def test_a_network_learns_a_cycle_that_naive_cannot(make_spec, wave, cell):
    spec = make_spec(model={**MODEL, "cell": cell, "epochs": 12})
    test = _parts(wave, spec)[2]
    forecaster = _fit(wave, spec)
    actual = test.levels("absolute")
    assert np.abs(forecaster.predict(test) - actual).mean() < 0.5 * np.abs(naive(test) - actual).mean()


LONG = {"difference": "none", "lookback": 48, "horizon": 6, "season": 24}
SEGMENTS = {**MODEL, "segment": 4, "epochs": 12, "normalization": "last"}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"cell": "segment_gru"}, marks=pytest.mark.slow),
        pytest.param({"cell": "segment_lstm", "dropout": 0.1}, marks=pytest.mark.slow),
        pytest.param({"cell": "segment_gru", "normalization": "mean_std", "linear": True}, marks=pytest.mark.slow),
        pytest.param({"cell": "segment_gru", "normalization": "mean", "cycle": [24, 48]}, marks=pytest.mark.slow),
        pytest.param({"cell": "segment_gru", "decay": "cosine", "weight_average": 0.9}, marks=pytest.mark.slow),
        {"cell": "lstm", "normalization": "last", "decay": "step"},
        pytest.param({"cell": "segment_gru", "ridge_share": 0.5, "cycle": [24]}, marks=pytest.mark.slow),
    ],
    ids=lambda changes: "-".join(map(str, changes.values())),
)
def test_a_network_with_its_level_taken_off_learns_and_comes_back_from_its_file(make_spec, wave, tmp_path, changes):
    model = {**SEGMENTS, **changes}
    if not model["cell"].startswith("segment_"):
        del model["segment"]
    spec = make_spec(**LONG, model=model)
    test = _parts(wave, spec)[2]
    forecaster = _fit(wave, spec)
    predicted, actual = forecaster.predict(test), test.levels("none")
    assert np.abs(predicted - actual).mean() < 0.5 * np.abs(naive(test) - actual).mean()
    state = json.loads(json.dumps(forecaster.save(tmp_path)))
    check_keras_archive(tmp_path / MODEL_FILE)
    np.testing.assert_array_equal(NetworkForecaster.load(tmp_path, state, spec=spec).predict(test), predicted)


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["simple_rnn", pytest.param("segment_gru", marks=pytest.mark.slow)])
def test_members_are_trained_from_seeds_of_their_own_and_their_forecasts_averaged(make_spec, wave, tmp_path, cell):
    shape = LONG if cell == "segment_gru" else {}
    model = {**(SEGMENTS if cell == "segment_gru" else MODEL), "cell": cell, "epochs": 2}
    spec = make_spec(**shape, model={**model, "members": 2})
    training, validation, test = _parts(wave, spec)
    both = NetworkForecaster.fit(
        training, validation, spec=spec, parent=None, on_epoch=lambda _: None, expired=lambda: False
    )
    assert [(epoch.number, epoch.total) for epoch in both.history] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    alone = []
    for seed in (7, 8):
        single = make_spec(**shape, model={**model, "seed": seed})
        alone.append(_fit(wave, single).predict(test))
    assert np.abs(alone[0] - alone[1]).max() > 1e-3
    np.testing.assert_allclose(both.predict(test), np.mean(alone, axis=0), rtol=1e-5)
    state = both.save(tmp_path)
    again = NetworkForecaster.load(tmp_path, state, spec=spec)
    tuned = _fit(wave, spec, parent=again)
    assert tuned.validation_loss <= both.validation_loss + 1e-6


@pytest.mark.slow
def test_least_squares_beside_the_network_has_its_share_and_is_solved_anew(make_spec, wave, tmp_path):
    model = {**SEGMENTS, "cell": "segment_gru", "epochs": 2}
    spec = make_spec(**LONG, model={**model, "ridge_share": 0.25}, training={"fine_tune_epochs": 1})
    training, _, test = _parts(wave, spec)
    alone, both = _fit(wave, make_spec(**LONG, model=model)), _fit(wave, spec)
    ridge = fit_ridge(
        Gathered.of(both.scaler.inputs(training), both.scaler.targets(training)),
        model=spec.model,
        frame=Frame(lookback=48, features=2, horizon=6, target=spec.features.index(spec.target)),
    )
    outputs = ridge.predict(both.scaler.inputs(test), verbose=0)
    expected = 0.75 * alone.predict(test) + 0.25 * both.scaler.differences(outputs, windows=test)
    np.testing.assert_allclose(both.predict(test), expected, rtol=1e-5)
    tuned = _fit(wave, spec, parent=NetworkForecaster.load(tmp_path, both.save(tmp_path), spec=spec))
    assert tuned.validation_loss <= both.validation_loss + 1e-6
    joined, solved = (each.network.get_layer("ridge").get_weights()[0] for each in (tuned, both))
    np.testing.assert_array_equal(joined, solved)


def test_each_epoch_is_told_and_the_best_weights_are_kept(wave, spec, fitted):
    forecaster, told = fitted
    assert tuple(told) == forecaster.history
    assert [epoch.number for epoch in told] == [1, 2, 3, 4]
    assert {epoch.total for epoch in told} == {4}
    assert forecaster.validation_loss == min(epoch.validation_loss for epoch in told)
    validation = _parts(wave, spec)[1]
    scaled = forecaster.scaler.targets(validation)
    outputs = forecaster.network(forecaster.scaler.inputs(validation)).numpy()
    assert np.abs(outputs - scaled).mean() == pytest.approx(forecaster.validation_loss, rel=1e-4)


def test_training_stops_when_validation_no_longer_improves(make_spec, make_levels):
    spec = make_spec(model={**MODEL, "epochs": 60, "patience": 2, "learning_rate": 0.05})
    history = _fit(make_levels(200), spec).history  # noise: there is nothing to learn
    losses = [epoch.validation_loss for epoch in history]
    assert len(losses) < 60
    assert len(losses) - 1 - int(np.argmin(losses)) == 2


def test_the_time_budget_ends_training_with_weights_that_forecast(wave, make_spec):
    spec = make_spec(model={**MODEL, "epochs": 50})
    forecaster = _fit(wave, spec, expired=lambda: True)
    assert len(forecaster.history) == 1
    assert np.isfinite(forecaster.predict(_parts(wave, spec)[2])).all()


def test_a_fine_tune_goes_on_from_the_parent_with_its_scaling(wave, make_spec):
    spec = make_spec(model=MODEL, training={"fine_tune_epochs": 2})
    parent = _fit(wave.iloc[:300], spec)
    before = _weights(parent)
    child = _fit(wave, spec, parent=parent)
    assert child.scaler is parent.scaler
    assert [epoch.total for epoch in child.history] == [2, 2]
    assert child.history[0].loss < parent.history[0].loss
    assert _weights(parent) == before


@pytest.mark.slow
def test_a_fine_tune_that_betters_nothing_keeps_the_parents_weights(wave, make_spec):
    harmful = make_spec(model={**MODEL, "learning_rate": 10.0}, training={"fine_tune_epochs": 1})
    parent = _fit(wave, make_spec(model={**MODEL, "epochs": 10}))
    child = _fit(wave, harmful, parent=parent)
    assert child.history[0].validation_loss > parent.validation_loss
    assert _weights(child) == _weights(parent)
    assert child.validation_loss == pytest.approx(parent.validation_loss, rel=1e-5)


@pytest.mark.slow
def test_a_fine_tune_takes_in_a_new_series(wave, spec):
    parent = _fit(wave, spec)
    training, validation, test = _parts(wave, spec, ("tiny/OT", "tiny/new"))
    served, known = parent.predict(test), _parts(wave, spec)[2]
    assert np.isfinite(served).all(), "until then it is scaled by its own past"
    np.testing.assert_array_equal(served[test.series == "tiny/OT"], parent.predict(known))
    child = NetworkForecaster.fit(
        training, validation, spec=spec, parent=parent, on_epoch=lambda _: None, expired=lambda: False
    )
    assert child.predict(test).shape == (len(test), 3)
    np.testing.assert_array_equal(child.scaler.input_mean[:1], parent.scaler.input_mean)


def test_a_loss_that_is_no_number_is_an_error(wave, spec):
    training, validation, _ = _parts(wave, spec)
    training.targets[3] = np.inf
    with pytest.raises(DataError, match="finite number is required"), np.errstate(invalid="ignore"):
        NetworkForecaster.fit(
            training, validation, spec=spec, parent=None, on_epoch=lambda _: None, expired=lambda: False
        )


def test_what_is_saved_forecasts_the_same_to_the_last_bit(wave, spec, fitted, tmp_path):
    forecaster, _ = fitted
    state = json.loads(json.dumps(forecaster.save(tmp_path)))
    again = NetworkForecaster.load(tmp_path, state, spec=spec)
    test = _parts(wave, spec)[2]
    np.testing.assert_array_equal(again.predict(test), forecaster.predict(test))
    assert again.history == forecaster.history
    assert again.save(tmp_path) == state
    assert again.name == "network"
    assert [file.name for file in tmp_path.iterdir()] == [MODEL_FILE]
    assert {"config.json", "model.weights.h5"} <= set(zipfile.ZipFile(tmp_path / MODEL_FILE).namelist())


def test_a_window_is_forecast_the_same_alone_and_among_others(wave, spec, fitted):
    forecaster, _ = fitted
    test = _parts(wave, spec)[2]
    many = concatenate([test] * 6)
    assert len(many) > 256
    alone = latest_window(wave.loc[: wave.index[-4]], spec=spec, series_id="tiny/OT")
    assert alone.origin[0] == test.origin[-1]
    np.testing.assert_array_equal(forecaster.predict(alone)[0], forecaster.predict(many)[-1])


def test_no_windows_give_no_forecasts(wave, spec, fitted):
    forecaster, _ = fitted
    assert forecaster.predict(_parts(wave, spec)[2].where(slice(0, 0))).shape == (0, 3)


@pytest.mark.parametrize(
    "changes",
    [{"lookback": 5}, {"horizon": 2}, {"features": ["y"]}, {"difference": "none"}, {"features": ["y", "x"]}],
)
def test_a_version_of_another_shape_is_refused(fitted, make_spec, tmp_path, changes):
    state = fitted[0].save(tmp_path)
    with pytest.raises(RegistryError, match=rf"{next(iter(changes))} .* Retrain"):
        NetworkForecaster.load(tmp_path, state, spec=make_spec(model=MODEL, **changes))


def test_a_file_that_is_no_network_is_refused(spec, fitted, tmp_path):
    state = fitted[0].save(tmp_path)
    (tmp_path / MODEL_FILE).write_bytes(b"<html>")
    with pytest.raises(RegistryError, match="safe mode is required"):
        NetworkForecaster.load(tmp_path, state, spec=spec)
    (tmp_path / MODEL_FILE).unlink()
    with pytest.raises(RegistryError):
        NetworkForecaster.load(tmp_path, state, spec=spec)


def test_a_percent_fall_leaves_a_positive_price(wave, make_spec):
    spec = make_spec(difference={"y": "percent"}, model={**MODEL, "epochs": 1})
    forecaster = _fit(wave, spec)
    forecaster.network.layers[-1].bias.assign(np.full(3, -1e6, dtype=np.float32))
    assert (forecaster.predict(_parts(wave, spec)[2]) > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"cell": "lstm", "units": [5, 4], "dropout": 0.2}, marks=pytest.mark.slow),
        {"cell": "gru", "bidirectional": True, "dropout": 0.2},
        pytest.param(
            {**SEGMENTS, "cell": "segment_gru", "dropout": 0.2, "linear": True, "ridge_share": 0.5},
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda changes: changes["cell"],
)
def test_what_others_draw_at_random_in_the_process_leaves_the_weights_as_they_are(make_spec, wave, tmp_path, changes):
    shape = LONG if "segment" in changes else {}
    spec = make_spec(**shape, model={**MODEL, **changes, "epochs": 1})
    contents = set()
    for drawn in range(2):
        random.seed(drawn)
        _fit(wave, spec).save(tmp_path)
        contents.add(content_hash(tmp_path / MODEL_FILE))
    assert len(contents) == 1


def test_another_seed_gives_other_weights(wave, make_spec, fitted):
    assert _weights(_fit(wave, make_spec(model={**MODEL, "epochs": 1, "seed": 8}))) != _weights(fitted[0])
