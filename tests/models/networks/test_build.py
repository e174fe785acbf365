"""Golden numbers of the recurrent step, and whole sequences in plain NumPy beside the layers."""

import numpy as np
import pytest

from daycast.models.networks.backend import load_keras
from daycast.storage.terms.network import ModelSpec

load_keras()

import keras  # noqa: E402

from daycast.models.networks.build import Frame, build  # noqa: E402

STATE = np.array([0.537, 0.462])
WEIGHTS = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])  # two rows for the state, then one for the input
BIAS = np.array([0.1, -0.1])
EXPECTED = [0.85972772, 0.88365397]


def test_the_worked_recurrent_step_in_numpy():
    new = np.tanh(np.concatenate([STATE, [2.0]]) @ WEIGHTS + BIAS)
    np.testing.assert_allclose(new, EXPECTED, atol=5e-9)
    np.testing.assert_allclose(new @ np.array([[1.0], [2.0]]) + 0.1, [2.72703566], atol=5e-9)


def test_the_worked_recurrent_step_from_the_layer():
    layer = keras.layers.SimpleRNN(2, dtype="float64")
    layer.build((1, 1, 1))
    layer.set_weights([WEIGHTS[2:], WEIGHTS[:2], BIAS])
    new = layer(np.array([[[2.0]]]), initial_state=[STATE[np.newaxis]])
    np.testing.assert_allclose(new.numpy()[0], EXPECTED, atol=5e-9)
    output = keras.layers.Dense(1, dtype="float64")
    output.build((1, 2))
    output.set_weights([np.array([[1.0], [2.0]]), np.array([0.1])])
    np.testing.assert_allclose(output(new).numpy(), [[2.72703566]], atol=5e-9)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _simple_rnn(inputs, weights, units):
    kernel, recurrent, bias = weights
    state = np.zeros((len(inputs), units))
    for step in range(inputs.shape[1]):
        state = np.tanh(inputs[:, step] @ kernel + state @ recurrent + bias)
    return state


def _lstm(inputs, weights, units):
    kernel, recurrent, bias = weights
    state = carry = np.zeros((len(inputs), units))
    for step in range(inputs.shape[1]):
        enter, forget, fresh, leave = np.split(inputs[:, step] @ kernel + state @ recurrent + bias, 4, axis=1)
        carry = _sigmoid(forget) * carry + _sigmoid(enter) * np.tanh(fresh)
        state = _sigmoid(leave) * np.tanh(carry)
    return state


def _gru(inputs, weights, units):
    """The reset gate acts after the recurrent product, which has a bias of its own."""
    kernel, recurrent, (input_bias, recurrent_bias) = weights
    state = np.zeros((len(inputs), units))
    for step in range(inputs.shape[1]):
        of_input = np.split(inputs[:, step] @ kernel + input_bias, 3, axis=1)
        of_state = np.split(state @ recurrent + recurrent_bias, 3, axis=1)
        update, reset = _sigmoid(of_input[0] + of_state[0]), _sigmoid(of_input[1] + of_state[1])
        fresh = np.tanh(of_input[2] + reset * of_state[2])
        state = update * state + (1 - update) * fresh
    return state


@pytest.mark.parametrize(("cell", "by_hand"), [("simple_rnn", _simple_rnn), ("lstm", _lstm), ("gru", _gru)])
def test_a_network_is_the_plain_recurrence_and_a_dense_layer(cell, by_hand):
    network = build(ModelSpec(cell=cell, units=(5,)), frame=Frame(lookback=7, features=3, horizon=4))
    random = np.random.default_rng(1)
    network.set_weights([random.normal(size=weight.shape, scale=0.5) for weight in network.get_weights()])
    inputs = random.normal(size=(6, 7, 3))
    *recurrent, kernel, bias = [weight.astype(float) for weight in network.get_weights()]
    expected = by_hand(inputs, recurrent, 5) @ kernel + bias
    np.testing.assert_allclose(network(inputs.astype("float32")).numpy(), expected, rtol=2e-5, atol=2e-6)


def test_layers_are_stacked_in_both_directions_with_dropout():
    spec = ModelSpec(cell="gru", units=(8, 6), bidirectional=True, dropout=0.2)
    network = build(spec, frame=Frame(lookback=5, features=2, horizon=3))
    assert network.input_shape == (None, 5, 2)
    assert network.output_shape == (None, 3)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == ["InputLayer", "Bidirectional", "Dropout", "Bidirectional", "Dropout", "Dense"]
    assert network.layers[1].output.shape == (None, 5, 16)
    assert network.layers[3].output.shape == (None, 12)
