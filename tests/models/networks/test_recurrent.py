"""The compiled GRU and LSTM beside Keras' own: results, gradients, weights, files, and the same bits twice."""

import warnings

import numpy as np
import pytest

from daycast.models.networks.backend import load_keras

load_keras()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

from daycast.models.networks.recurrent import CompiledGRU, CompiledLSTM, may_compile  # noqa: E402
from daycast.storage.registry.keras_archive import check_keras_archive  # noqa: E402

PAIRS = {"gru": (CompiledGRU, keras.layers.GRU), "lstm": (CompiledLSTM, keras.layers.LSTM)}


@pytest.fixture(params=PAIRS)
def kinds(request):
    """Ours and Keras'."""
    return PAIRS[request.param]


def _pair(kinds, units=8, **arguments):
    return tuple(layer(units, **arguments) for layer in kinds)


def _network(layers, shape, leads=3):
    """Layers one after the other and a dense one, with weights that are not near zero and the same every time."""
    network = keras.Sequential([keras.Input(shape), *layers, keras.layers.Dense(leads)])
    random = np.random.default_rng(3)
    network.set_weights([random.normal(scale=0.4, size=weight.shape) for weight in network.get_weights()])
    return network


def _outcome(network, inputs, seed=5):
    """Outputs in training, and the gradients of a weighted sum of them by inputs and weights."""
    inputs = tf.constant(inputs)

    @tf.function(autograph=False)
    def compute():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = network(inputs, training=True)
            random = np.random.default_rng(seed).normal(size=outputs.shape).astype("float32")
            loss = tf.reduce_sum(outputs * random)
        return [outputs, *tape.gradient(loss, [inputs, *(weight.value for weight in network.trainable_weights)])]

    return [each.numpy() for each in compute()]


def _assert_same(fast, plain):
    """To float32 rounding, which grows with the sums: relative to each tensor's largest value."""
    assert len(fast) == len(plain)
    for one, other in zip(fast, plain, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=0, atol=4e-6 * max(np.abs(other).max(), 1e-3))


def _inputs(*shape):
    return np.random.default_rng(1).normal(size=shape).astype("float32")


_OTHER_SHAPES = [(1, 1, 1, 1), (32, 48, 7, 33), (64, 5, 2, 16)]


@pytest.mark.parametrize(
    ("batch", "steps", "features", "units"),
    [(5, 11, 3, 8), *(pytest.param(*shape, marks=pytest.mark.slow) for shape in _OTHER_SHAPES)],
)
def test_outputs_and_gradients_are_keras_own(kinds, batch, steps, features, units):
    inputs = _inputs(batch, steps, features)
    fast, plain = (_outcome(_network([layer], (steps, features)), inputs) for layer in _pair(kinds, units))
    _assert_same(fast, plain)


@pytest.mark.slow
def test_sequences_and_stacks_in_both_directions_are_keras_own(kinds):
    inputs = _inputs(4, 9, 3)
    first, second = _pair(kinds, 6, return_sequences=True), _pair(kinds, 5)
    results = []
    for layers in zip(first, second, strict=True):
        network = _network([keras.layers.Bidirectional(layer) for layer in layers], (9, 3))
        results.append(_outcome(network, inputs))
    _assert_same(*results)
    assert [type(layer.forward_layer) for layer in network.layers[:2]] == [kinds[1]] * 2


def test_states_given_and_returned_are_keras_own(kinds):
    results = []
    for layer in _pair(kinds, 4, return_state=True, return_sequences=True):
        layer.build((2, 6, 3))
        random = np.random.default_rng(3)
        layer.set_weights([random.normal(scale=0.4, size=weight.shape) for weight in layer.get_weights()])
        states = [tf.constant(_inputs(2, 4)) for _ in tf.nest.flatten(layer.cell.state_size)]

        @tf.function(autograph=False)
        def compute(layer=layer, states=states):
            with tf.GradientTape() as tape:
                tape.watch(states)
                outputs = layer(_inputs(2, 6, 3), initial_state=states, training=True)
                loss = tf.add_n([tf.reduce_sum(each * each) for each in outputs])
            return [*outputs, *tape.gradient(loss, states)]

        results.append([each.numpy() for each in compute()])
    _assert_same(*results)


def test_weights_are_keras_own_in_name_shape_order_and_start(kinds):
    kept = []
    for kind in kinds:
        keras.utils.set_random_seed(11)
        layer = kind(4)
        layer.build((None, 5, 3))
        kept.append([(weight.name, weight.numpy().tolist()) for weight in layer.weights])
    assert kept[0] == kept[1]


@pytest.mark.slow
def test_a_file_loads_in_safe_mode_and_gives_the_same(kinds, tmp_path):
    inputs = _inputs(4, 6, 3)
    network = _network([keras.layers.Bidirectional(kinds[0](5, return_sequences=True)), kinds[0](4)], (6, 3))
    path = tmp_path / "model.keras"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="__array__ implementation", category=DeprecationWarning)
        network.save(path)
    check_keras_archive(path)
    again = keras.models.load_model(path, compile=False, safe_mode=True)
    assert type(again.layers[1]) is kinds[0]
    for one, other in zip(_outcome(again, inputs), _outcome(network, inputs), strict=True):
        np.testing.assert_array_equal(one, other)
    plain = _network([keras.layers.Bidirectional(kinds[1](5, return_sequences=True)), kinds[1](4)], (6, 3))
    plain.set_weights(again.get_weights())
    _assert_same(_outcome(again, inputs), _outcome(plain, inputs))


def test_forecasting_is_keras_own_loop_to_the_last_bit(kinds):
    inputs = _inputs(4, 6, 3)
    fast, plain = (_network([layer], (6, 3))(inputs, training=False).numpy() for layer in _pair(kinds))
    np.testing.assert_array_equal(fast, plain)


@pytest.mark.parametrize(
    "arguments",
    [{"activation": "relu"}, {"use_bias": False}, {"recurrent_activation": "hard_sigmoid"}, {"dropout": 0.5}],
)
def test_unusual_arguments_take_keras_own_loop(kinds, arguments):
    layer = kinds[0](4, **arguments)
    layer.build((2, 6, 3))
    assert not _may_compile(layer)
    assert layer(tf.zeros((2, 6, 3)), training=True).shape == (2, 4)


def _mask(kind, *, batch, steps):
    """Padding on one side, gaps anywhere, or nothing that counts at all."""
    random = np.random.default_rng(2)
    right = np.arange(steps) < random.integers(0, steps + 1, size=batch)[:, np.newaxis]
    gaps = random.random((batch, steps)) < 0.5
    return {"right": right, "left": right[:, ::-1], "gaps": gaps, "nothing": np.zeros_like(gaps)}[kind]


class _Masked(keras.layers.Layer):
    """Gives what it is given, with a mask."""

    def __init__(self, mask, **kwargs):
        super().__init__(**kwargs)
        self.mask, self.supports_masking = mask, True

    def call(self, inputs):
        return inputs

    def compute_mask(self, *_):
        return tf.constant(self.mask)


_SEQUENCES = {"return_sequences": True}


@pytest.mark.parametrize(
    ("side", "arguments"),
    [
        ("right", {}),
        pytest.param("left", {}, marks=pytest.mark.slow),
        pytest.param("nothing", {}, marks=pytest.mark.slow),
        pytest.param("gaps", _SEQUENCES, marks=pytest.mark.slow),
        ("gaps", {**_SEQUENCES, "go_backwards": True}),
        ("gaps", {**_SEQUENCES, "zero_output_for_mask": True}),
    ],
)
def test_padding_gives_keras_own_results_and_gradients(kinds, side, arguments):
    """32 rows are two parts on two cores; no loop goes on to the end where no row does."""
    inputs, mask = _inputs(32, 9, 3), _mask(side, batch=32, steps=9)
    results = [_outcome(_network([_Masked(mask), layer], (9, 3)), inputs) for layer in _pair(kinds, 6, **arguments)]
    _assert_same(*results)


def test_padding_in_both_directions_gives_keras_own_forecasts(kinds):
    inputs, mask = _inputs(4, 9, 3), _mask("right", batch=4, steps=9)
    results = []
    for layer in _pair(kinds, 6, return_sequences=True):
        network = _network([_Masked(mask), keras.layers.Bidirectional(layer)], (9, 3))
        results.append(tf.function(network, autograph=False)(inputs, training=False).numpy())
    np.testing.assert_allclose(*results, rtol=0, atol=4e-6)


def test_with_a_mask_the_loops_serve_in_forecasting_too_unless_states_are_asked_for(kinds):
    mask = tf.ones((2, 6), tf.bool)
    layer, giving = kinds[0](4), kinds[0](4, return_state=True)
    for each in (layer, giving):
        each.build((None, 6, 3))
    assert _may_compile(layer, mask=mask)
    assert _may_compile(layer, mask=mask, training=False)
    assert not _may_compile(giving, mask=mask)


def test_forecasting_an_open_batch_or_no_graph_take_keras_own_loop(kinds):
    layer = kinds[0](4)
    layer.build((None, 6, 3))
    assert _may_compile(layer)
    assert not _may_compile(layer, training=False)
    assert not _may_compile(layer, batch=None)
    assert not may_compile(layer, tf.zeros((2, 6, 3)), mask=None, training=True)


def _may_compile(layer, *, batch=2, mask=None, training=True):
    with tf.Graph().as_default():
        inputs = tf.compat.v1.placeholder(tf.float32, (batch, 6, 3))
        return may_compile(layer, inputs, mask=mask, training=training)
