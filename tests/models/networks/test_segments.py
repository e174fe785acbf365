"""The segment layer beside the same network of plain Keras layers: forward, gradient, and from a file."""

import numpy as np
import pytest

from daycast.models.networks.backend import load_keras

load_keras()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

from daycast.models.networks.segments import SegmentRecurrence  # noqa: E402

UNITS, SEGMENT, COUNT, POSITIONS, COLUMNS = 12, 4, 6, 3, 2

ROWS = pytest.mark.parametrize("rows", [5, 67], ids=["whole", "in parts"])


class Plain(keras.layers.Layer):
    """The same computation by Keras' own layers, one position of the horizon after another."""

    def __init__(self, cell):
        super().__init__()
        self.embedding = keras.layers.Dense(UNITS, activation="relu")
        layer = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}[cell]
        self.recurrent = layer(UNITS, return_state=True)

    def build(self, _shape):  # noqa: D102
        self.position = self.add_weight((POSITIONS, UNITS))
        self.embedding.build((None, COUNT, SEGMENT * COLUMNS))
        self.recurrent.build((None, COUNT, UNITS))

    def call(self, window):  # noqa: D102
        batch = tf.shape(window)[0]
        _, *state = self.recurrent(self.embedding(tf.reshape(window, (-1, COUNT, SEGMENT * COLUMNS))))
        steps = [tf.tile(row[tf.newaxis, tf.newaxis], (batch, 1, 1)) for row in tf.unstack(self.position)]
        return tf.stack([self.recurrent(step, initial_state=state)[0] for step in steps], axis=1)


def _pair(cell, *, rows=5):
    """Both layers with the same weights, which are no small ones, and a batch of windows."""
    random = np.random.default_rng(0)
    window = random.normal(size=(rows, COUNT * SEGMENT, COLUMNS)).astype("float32")
    fast, plain = SegmentRecurrence(cell, units=UNITS, segment=SEGMENT, positions=POSITIONS), Plain(cell)
    fast(window), plain(window)
    weights = {weight.name: random.normal(size=weight.shape, scale=0.5) for weight in fast.weights}
    for weight in fast.weights:
        weight.assign(weights[weight.name])
    plain.position.assign(weights["position"])
    plain.embedding.set_weights([weights["embedding_kernel"], weights["embedding_bias"]])
    bias = [weights["bias"], weights["recurrent_bias"]] if cell == "gru" else weights["bias"]
    plain.recurrent.set_weights([weights["kernel"], weights["recurrent_kernel"], np.array(bias)])
    return fast, plain, window


def _gradients(layer, window, direction):
    given = tf.constant(window)
    with tf.GradientTape() as tape:
        tape.watch(given)
        loss = tf.reduce_sum(layer(given) * direction)
    return tape.gradient(loss, [given, *layer.trainable_weights])


@ROWS
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_it_gives_what_the_plain_layers_give(cell, rows):
    fast, plain, window = _pair(cell, rows=rows)
    assert fast(window).shape == (rows, POSITIONS, UNITS)
    np.testing.assert_allclose(fast(window), plain(window), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@ROWS
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_its_gradients_are_those_of_the_plain_layers(cell, rows):
    fast, plain, window = _pair(cell, rows=rows)
    direction = np.random.default_rng(1).normal(size=(rows, POSITIONS, UNITS)).astype("float32")
    own_names = ["window", *(weight.name for weight in fast.trainable_weights)]
    ours = dict(zip(own_names, _gradients(fast, window, direction), strict=True))
    theirs = _gradients(plain, window, direction)
    names = ["window", "position", "embedding_kernel", "embedding_bias", "kernel", "recurrent_kernel"]
    if cell == "gru":
        ours["bias"] = tf.stack([ours["bias"], ours.pop("recurrent_bias")])
    for name, expected in zip([*names, "bias"], theirs, strict=True):
        np.testing.assert_allclose(ours[name], expected, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' copy of a variable
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_it_comes_back_from_a_file(cell, tmp_path):
    fast, _, window = _pair(cell)
    inputs = keras.Input(window.shape[1:])
    network = keras.Model(inputs, fast(inputs))
    network.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    np.testing.assert_array_equal(again(window), network(window))
