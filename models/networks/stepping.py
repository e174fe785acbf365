"""A network that continues text, one token at a time, by NumPy: what a graph costs a step is more than a step.

The same numbers as the layers' own, to float32 rounding: Keras' simple recurrent layer, LSTM (gates: enter, forget,
fresh, leave) and GRU (gates: update, reset, fresh, the reset gate acting after the recurrent product) with their usual
arguments.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Kept = tuple[Floats, ...]
"""What a layer keeps: its state, and of an LSTM the carry; ``(units,)`` each."""
_Step = Callable[[Floats, Kept, Sequence[Floats]], Kept]


@dataclass(frozen=True, eq=False)
class Stepper:
    """One member of a network.

    Attributes:
        embedding: ``(vocabulary, numbers)``.
        layers: how each steps, how many arrays it keeps, and its kernel, recurrent kernel and bias.
        kernel: of the logits, ``(units, vocabulary)``.
        bias: likewise, ``(vocabulary,)``.
    """

    embedding: Floats
    layers: tuple[tuple[_Step, int, tuple[Floats, ...]], ...]
    kernel: Floats
    bias: Floats

    @classmethod
    def of(cls, member: Any) -> "Stepper | None":
        """Take a member's weights; none where it has a layer of another kind, or with other arguments."""
        recurrent = [layer for layer in member.layers if isinstance(layer, keras.layers.RNN)]
        steps = [_step_of(layer) for layer in recurrent]
        if None in steps:
            return None
        return cls(
            embedding=_array(member.get_layer("embedding").embeddings),
            layers=tuple(
                (*step, tuple(_array(each) for each in _weights(layer)))  # type: ignore[misc]
                for step, layer in zip(steps, recurrent, strict=True)
            ),
            kernel=_array(member.get_layer("logits").kernel),
            bias=_array(member.get_layer("logits").bias),
        )

    def fresh(self) -> list[Kept]:
        """What the layers keep before the first token."""
        return [
            tuple(np.zeros(recurrent.shape[0], dtype=np.float32) for _ in range(many))
            for _, many, (_, recurrent, _) in self.layers
        ]

    def step(self, states: Sequence[Kept], token: int) -> tuple[list[Kept], Floats]:
        """Read a token: what the layers keep then, and the logits of the next one, ``(vocabulary,)``."""
        value, after = self.embedding[token], []
        for (step, _, weights), kept in zip(self.layers, states, strict=True):
            following = step(value, kept, weights)
            after.append(following)
            value = following[0]
        return after, value @ self.kernel + self.bias


def _simple(value: Floats, kept: Kept, weights: Sequence[Floats]) -> Kept:
    kernel, recurrent, bias = weights
    return (np.tanh(value @ kernel + kept[0] @ recurrent + bias),)


def _lstm(value: Floats, kept: Kept, weights: Sequence[Floats]) -> Kept:
    kernel, recurrent, bias = weights
    state, carry = kept
    enter, forget, fresh, leave = np.split(value @ kernel + state @ recurrent + bias, 4)
    carry = _sigmoid(forget) * carry + _sigmoid(enter) * np.tanh(fresh)
    return _sigmoid(leave) * np.tanh(carry), carry


def _gru(value: Floats, kept: Kept, weights: Sequence[Floats]) -> Kept:
    kernel, recurrent, bias = weights
    of_value, of_state = np.split(value @ kernel + bias[0], 3), np.split(kept[0] @ recurrent + bias[1], 3)
    update, reset = _sigmoid(of_value[0] + of_state[0]), _sigmoid(of_value[1] + of_state[1])
    fresh = np.tanh(of_value[2] + reset * of_state[2])
    return (update * kept[0] + (1 - update) * fresh,)


def _sigmoid(values: Floats) -> Floats:
    """By the hyperbolic tangent, which overflows nowhere."""
    return np.asarray(np.float32(0.5) * (np.tanh(np.float32(0.5) * values) + np.float32(1)))


def _step_of(layer: Any) -> tuple[_Step, int] | None:
    if not isinstance(layer, keras.layers.SimpleRNN | keras.layers.LSTM | keras.layers.GRU):
        return None
    if not layer.use_bias or layer.go_backwards or layer.activation != keras.activations.tanh:
        return None
    if isinstance(layer, keras.layers.SimpleRNN):
        return _simple, 1
    if layer.recurrent_activation != keras.activations.sigmoid:
        return None
    if isinstance(layer, keras.layers.LSTM):
        return _lstm, 2
    return (_gru, 1) if layer.reset_after else None


def _weights(layer: Any) -> tuple[Any, ...]:
    return layer.cell.kernel, layer.cell.recurrent_kernel, layer.cell.bias


def _array(weight: Any) -> Floats:
    return np.ascontiguousarray(np.asarray(weight), dtype=np.float32)
