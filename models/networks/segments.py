"""Segment networks: a recurrent layer over segments of the window, and every segment of the horizon decoded at once.

Step by step a recurrent network forgets a long window. Here a dense layer reads each segment, a GRU or LSTM goes over
the segments, and one more step of it, from the last state and a learned embedding of the position, gives each segment
of the horizon.

Source: Lin et al., "SegRNN: Segment Recurrent Neural Network for Long-Term Time Series Forecasting", 2023,
https://arxiv.org/abs/2308.11200. What does not depend on the step is computed once: the input products of all segments
in one matrix product, the decoder's input product once a batch, its recurrent product once a window. The parts of a
batch are read side by side.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from daycast.models.networks.levels import PACKAGE
from daycast.models.networks.parts import side_by_side
from daycast.models.networks.recurrence import GATES, gru_products, gru_state, gru_step, lstm_state, lstm_step


@keras.saving.register_keras_serializable(package=PACKAGE)
class SegmentRecurrence(keras.layers.Layer):  # type: ignore[misc]
    """Windows ``(batch, lookback, columns)`` to states of the horizon's segments, ``(batch, segments, units)``.

    Equal, to float32 rounding, to Keras' ``Reshape``, ``Dense(units, "relu")``, ``GRU`` or ``LSTM`` over the segments,
    and one more step of the same layer from its last state for each position.

    Args:
        cell: ``gru`` or ``lstm``.
        units: width of the dense layer and of the state.
        segment: steps of a segment; the lookback is a multiple of it.
        positions: segments of the horizon.
        seeds: of the weights that begin at random; without them they are drawn from none.
    """

    DRAWN = 4
    """How many of the weights begin at random."""

    def __init__(
        self,
        cell: str,
        *,
        units: int,
        segment: int,
        positions: int,
        seeds: Sequence[int | None] = (None,) * DRAWN,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.cell, self.units, self.segment, self.positions = cell, units, segment, positions
        self.seeds = tuple(seeds)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        width = self.segment * int(shape[-1] or 0)
        gates = GATES[self.cell] * self.units
        wide, of_segments, of_inputs, of_states = self._initializers()
        zeros = "zeros"
        self.embedding_kernel = self.add_weight((width, self.units), of_segments, name="embedding_kernel")
        self.embedding_bias = self.add_weight((self.units,), zeros, name="embedding_bias")
        self.kernel = self.add_weight((self.units, gates), of_inputs, name="kernel")
        self.recurrent_kernel = self.add_weight((self.units, gates), of_states, name="recurrent_kernel")
        self.bias = self.add_weight((gates,), zeros, name="bias")
        if self.cell == "gru":
            self.recurrent_bias = self.add_weight((gates,), zeros, name="recurrent_bias")
        self.position = self.add_weight((self.positions, self.units), wide, name="position")

    def call(self, window: Any) -> Any:
        """Read the windows, and take one more step for each position."""
        return side_by_side(self._states, window)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """``(batch, positions, units)``."""
        return shape[0], self.positions, self.units

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        keys = ("cell", "units", "segment", "positions", "seeds")
        return {**super().get_config(), **{key: getattr(self, key) for key in keys}}

    def _states(self, window: Any) -> Any:
        products = self._products(self._embedded(window))
        ahead = self._products(self.position)
        if self.cell == "gru":
            return self._gru(products, ahead)
        return self._lstm(products, ahead)

    def _initializers(self) -> tuple[Any, ...]:
        """Of positions, and of the kernels of segments, inputs and states."""
        of_positions, of_segments, of_inputs, of_states = self.seeds
        return (
            keras.initializers.RandomNormal(stddev=1.0, seed=of_positions),
            keras.initializers.GlorotUniform(seed=of_segments),
            keras.initializers.GlorotUniform(seed=of_inputs),
            keras.initializers.Orthogonal(seed=of_states),
        )

    def _embedded(self, window: Any) -> Any:
        """``(segments, batch, units)``: the segments first, as the recurrence takes one after the other."""
        count, width = window.shape[1] // self.segment, self.segment * window.shape[2]
        segments = tf.transpose(tf.reshape(window, (-1, count, width)), (1, 0, 2))
        return tf.nn.relu(tf.nn.bias_add(_matmul(segments, self.embedding_kernel), self.embedding_bias))

    def _products(self, inputs: Any) -> Any:
        return tf.nn.bias_add(_matmul(inputs, self.kernel), self.bias)

    def _gru(self, products: Any, ahead: Any) -> Any:
        kernel, bias = tf.convert_to_tensor(self.recurrent_kernel), tf.convert_to_tensor(self.recurrent_bias)
        state = gru_state(products, kernel, bias)
        recurrent = gru_products(state, kernel, bias)
        following, *_ = gru_step(ahead, recurrent[:, tf.newaxis], state[:, tf.newaxis])
        return following

    def _lstm(self, products: Any, ahead: Any) -> Any:
        kernel = tf.convert_to_tensor(self.recurrent_kernel)
        state, carry = lstm_state(products, kernel)
        gates = ahead + (state @ kernel)[:, tf.newaxis]
        following, *_ = lstm_step(gates, carry[:, tf.newaxis])
        return following


def _matmul(inputs: Any, kernel: Any) -> Any:
    """One product over all leading axes, which is faster than one for each."""
    flat = tf.matmul(tf.reshape(inputs, (-1, kernel.shape[0])), kernel)
    return tf.reshape(flat, (*tf.unstack(tf.shape(inputs))[:-1], kernel.shape[1]))
