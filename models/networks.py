"""Recurrent networks: a specification in, a Keras model out."""

from collections.abc import Callable, Mapping
from typing import Any

import keras

from storage.specs import Cell, ModelSpec

CELLS: Mapping[Cell, Callable[..., Any]] = {
    "simple_rnn": keras.layers.SimpleRNN,
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
}
"""Cell to layer. A layer takes ``units`` and ``return_sequences``."""


def build(model: ModelSpec, *, lookback: int, features: int, horizon: int) -> Any:
    """Build a network with new weights (a :class:`keras.Model`).

    Recurrent layers in a row, each followed by its dropout, the last one's final state into a dense layer that gives
    every lead at once.

    Args:
        model: cell, units, direction, dropout.
        lookback: steps in.
        features: columns in.
        horizon: steps out, all at once.

    Returns:
        A model from ``(batch, lookback, features)`` to ``(batch, horizon)``, float32, made of Keras' own layers alone,
        so that its ``.keras`` file loads in safe mode.
    """
    inputs = keras.Input((lookback, features), name="inputs")
    state = inputs
    for depth, units in enumerate(model.units, start=1):
        state = _recurrent(model, units=units, last=depth == len(model.units))(state)
        if model.dropout:
            state = keras.layers.Dropout(model.dropout)(state)
    return keras.Model(inputs, keras.layers.Dense(horizon, name="leads")(state), name=model.cell)


def _recurrent(model: ModelSpec, *, units: int, last: bool) -> Any:
    layer = CELLS[model.cell](units, return_sequences=not last)
    return keras.layers.Bidirectional(layer) if model.bidirectional else layer
