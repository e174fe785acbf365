"""Keras' GRU and LSTM, trained faster on a CPU."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from daycast.models.networks.levels import PACKAGE
from daycast.models.networks.packing import final, pack, spread
from daycast.models.networks.recurrent_loops import gru, lstm


@keras.saving.register_keras_serializable(package=PACKAGE)
class CompiledGRU(keras.layers.GRU):  # type: ignore[misc]
    """Keras' GRU in arguments, weights and results, to float32 rounding; see :func:`may_compile` for when it is fast.

    ``(batch, steps, features)`` → ``(batch, units)``, or ``(batch, steps, units)`` with ``return_sequences``.
    """

    def inner_loop(self, sequences: Any, initial_state: Any, *, mask: Any, training: Any) -> Any:
        """Go over the steps: last output, outputs and states."""
        if not (self.reset_after and may_compile(self, sequences, mask=mask, training=training)):
            return super().inner_loop(sequences, initial_state, mask=mask, training=training)
        given = tuple(tf.nest.flatten(initial_state)), _weights(self)
        if mask is not None:
            return _masked(self, functools.partial(gru, sequences=True), sequences, given, mask=mask)
        last, states = gru(_in_order(self, sequences), *given, sequences=self.return_sequences)
        return last, _outputs(last, states), [last]


@keras.saving.register_keras_serializable(package=PACKAGE)
class CompiledLSTM(keras.layers.LSTM):  # type: ignore[misc]
    """Keras' LSTM in arguments, weights and results, likewise."""

    def inner_loop(self, sequences: Any, initial_state: Any, *, mask: Any, training: Any) -> Any:
        """Go over the steps: last output, outputs and states."""
        if not may_compile(self, sequences, mask=mask, training=training):
            return super().inner_loop(sequences, initial_state, mask=mask, training=training)
        given = tuple(tf.nest.flatten(initial_state)), _weights(self)
        if mask is not None:
            return _masked(self, functools.partial(lstm, sequences=True), sequences, given, mask=mask)
        carry, last, states = lstm(_in_order(self, sequences), *given, sequences=self.return_sequences)
        return last, _outputs(last, states), [last, carry]


def may_compile(layer: Any, sequences: Any, *, mask: Any, training: Any) -> bool:
    """Whether a recurrent layer's compiled loops apply; where they do not, Keras' own loop runs.

    Without a mask they apply to training alone, as compiling takes about a second a layer and shape, which forecasting
    would not win back. With one they apply to both: documents come by the ten thousand, and the loops end with the
    longest of a batch, where Keras' goes over all its padding; the states at the end are then not given.

    They apply in a graph, as ``fit`` makes one, with batches of one known size; in float32 and with the layer's usual
    arguments; and where there is no GPU, on which Keras uses cuDNN.
    """
    wanted = training is True if mask is None else not (layer.return_state or layer.stateful)
    usual = (layer.activation, layer.recurrent_activation) == (keras.activations.tanh, keras.activations.sigmoid)
    return bool(
        wanted
        and not tf.executing_eagerly()
        and usual
        and layer.use_bias
        and not (layer.dropout or layer.recurrent_dropout or layer.unroll)
        and layer.compute_dtype == "float32"
        and sequences.shape.is_fully_defined()
        and not tf.config.list_physical_devices("GPU")
    )


def _masked(
    layer: Any, loop: Callable[..., tuple[Any, ...]], sequences: Any, given: Sequence[Any], *, mask: Any
) -> tuple[Any, Any, list[Any]]:
    """Go over the steps that are not masked, one after the other; a masked step repeats what the one before gave."""
    mask = tf.nest.flatten(mask)[0]
    if layer.go_backwards:
        sequences, mask = tf.reverse(sequences, axis=[1]), tf.reverse(mask, axis=[1])
    packed = pack(sequences, mask=mask)
    *_, states = loop(packed.steps, *given, count=packed.longest)
    last = final(states, packed)
    if layer.return_sequences:
        outputs = spread(states, packed, mask=mask, repeat=not layer.zero_output_for_mask)
    else:
        outputs = last[:, tf.newaxis]
    return last, outputs, [last] * len(tf.nest.flatten(layer.cell.state_size))


def _outputs(last: Any, states: Any | None) -> Any:
    """Batch-major again; the last state alone where the layer gives no sequences."""
    return last[:, tf.newaxis] if states is None else tf.transpose(states, (1, 0, 2))


def _weights(layer: Any) -> tuple[Any, ...]:
    cell = layer.cell
    return tuple(tf.convert_to_tensor(weight) for weight in (cell.kernel, cell.recurrent_kernel, cell.bias))


def _in_order(layer: Any, sequences: Any) -> Any:
    """Time-major, in the order in which the layer reads."""
    steps = tf.transpose(sequences, (1, 0, 2))
    return tf.reverse(steps, axis=[0]) if layer.go_backwards else steps
