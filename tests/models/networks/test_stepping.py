"""One token at a time by NumPy: what the layers say, and nothing where a layer is of another kind."""

import numpy as np
import pytest

from daycast.models.networks.backend import load_keras

load_keras()

import keras  # noqa: E402

from daycast.models.networks.reading import Reading, build_reader  # noqa: E402
from daycast.models.networks.stepping import Stepper  # noqa: E402
from daycast.storage.terms.text_model import TextModelSpec  # noqa: E402

TOKENS = np.array([[1, 4, 2, 2, 3, 0, 4, 1]], dtype=np.int32)


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
def test_step_by_step_is_what_the_layers_say_of_the_whole(cell):
    model = TextModelSpec(cell=cell, units=(5, 3), embedding=4, seed=1)
    network = build_reader(model, reading=Reading(vocabulary=6, length=8, embedding=4))
    for weight in network.weights:  # biases begin at 0, and would tell nothing of their order
        weight.assign(np.random.default_rng(weight.shape[-1]).normal(size=weight.shape))
    stepper = Stepper.of(network)
    assert stepper is not None
    state, told = stepper.fresh(), []
    for token in TOKENS[0]:
        state, logits = stepper.step(state, int(token))
        told.append(logits)
    np.testing.assert_allclose(np.stack(told), np.asarray(network(TOKENS))[0], atol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: keras.layers.LSTM(3, activation="relu", return_sequences=True),
        lambda: keras.layers.GRU(3, reset_after=False, return_sequences=True),
        lambda: keras.layers.GRU(3, recurrent_activation="hard_sigmoid", return_sequences=True),
        lambda: keras.layers.SimpleRNN(3, use_bias=False, return_sequences=True),
        lambda: keras.layers.RNN(keras.layers.LSTMCell(3, activation="relu"), return_sequences=True),
    ],
)
def test_a_layer_that_is_another_one_is_left_to_its_own_steps(layer):
    tokens = keras.Input((8,), dtype="int32")
    state = layer()(keras.layers.Embedding(6, 4, name="embedding")(tokens))
    assert Stepper.of(keras.Model(tokens, keras.layers.Dense(6, name="logits")(state))) is None


def test_what_is_large_overflows_nowhere():
    model = TextModelSpec(cell="lstm", units=(3,), embedding=4, seed=1)
    stepper = Stepper.of(build_reader(model, reading=Reading(vocabulary=6, length=8, embedding=4)))
    assert stepper is not None
    stepper.embedding[:] = 1e4
    state, logits = stepper.step(stepper.fresh(), 1)
    assert np.isfinite(logits).all()
    assert np.isfinite(state[0]).all()
