"""A GRU and an LSTM over whole sequences on a CPU: the loop over the steps compiled, what no step needs left out of it.

A forward loop keeps what the gradient needs; a backward loop, written by hand, gives what each step's products owe to
the loss. XLA compiles the loops, but for the LSTM's forward one, which TensorFlow has as one operation. The gradients
of kernels, biases and inputs are then one matrix product each over all steps at once, where a derived gradient takes
one a step. One step is too little work for several cores, so that the loops run on parts of the batch side by side.

Everything is float32 and time-major, ``(steps, batch, …)``. Gates stand in Keras' order: the GRU's are update, reset,
fresh, its reset gate acting after the recurrent product; the LSTM's are enter, forget, fresh, leave.
"""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from models.backend import CORES
from models.parts import equal_parts

Piece = tuple[Any, ...]
"""Tensors of a part of the batch."""

_compiled = tf.function(autograph=False, jit_compile=True)

_GRU_PARTS = 2 * CORES
"""Parts of a batch that run side by side: more than there are cores, so that none waits long."""
_LSTM_PARTS = CORES
"""Likewise; as many as there are cores, each with larger matrix products, are the faster ones here."""


@tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
def gru_states(
    inputs: Any, state: Any, kernel: Any, recurrent: Any, bias: Any
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The states after each step.

    Args:
        inputs: ``(steps, batch, features)``, shape known.
        state: ``(batch, units)``, before the first step.
        kernel: ``(features, 3 × units)``.
        recurrent: ``(units, 3 × units)``.
        bias: ``(2, 3 × units)``, of the inputs' products and of the state's.

    Returns:
        States, ``(steps, batch, units)``.
    """
    pieces = _pieces(inputs, state, most=_GRU_PARTS)
    kept = [_gru_forward(*piece, kernel, recurrent, bias) for piece in pieces]

    def gradient(of_states: Any) -> tuple[Any, ...]:
        upstreams = _pieces(of_states, most=_GRU_PARTS)
        parts = [
            _gru_gradient(piece, forward, upstream, kernel, recurrent)
            for piece, forward, (upstream,) in zip(pieces, kept, upstreams, strict=True)
        ]
        return _together(parts, batched=2)

    return _joined([states for states, _, _ in kept]), gradient


def _gru_gradient(piece: Piece, forward: Piece, of_states: Any, kernel: Any, recurrent: Any) -> Piece:
    """A part's: of its inputs, its first state, the kernels and the biases."""
    (inputs, state), (states, gates, fresh) = piece, forward
    owed, recurrent_owed, of_state = _gru_backward(of_states, gates, fresh, _before(state, states), recurrent)
    return (
        _times(owed, kernel),
        of_state,
        _kernel_gradient(inputs, owed),
        _recurrent_gradient(state, states, recurrent_owed),
        tf.stack([tf.reduce_sum(each, axis=(0, 1)) for each in (owed, recurrent_owed)]),
    )


@_compiled  # type: ignore[untyped-decorator]
def _gru_forward(inputs: Any, state: Any, kernel: Any, recurrent: Any, bias: Any) -> tuple[Any, ...]:
    """States, the gates and the fresh gate's recurrent product ``(steps, batch, 3 × units)``, and the fresh gate."""
    steps = _array(inputs)

    def step(at: Any, state: Any, *kept: Any) -> tuple[Any, ...]:
        of_input = steps.read(at) @ kernel + bias[0]
        of_state = state @ recurrent + bias[1]
        width = 2 * state.shape[1]
        product = of_state[:, width:]
        gates = of_input[:, :width] + of_state[:, :width]
        update, reset = tf.split(tf.sigmoid(gates), 2, axis=1)
        fresh = tf.tanh(of_input[:, width:] + reset * product)
        state = update * state + (1 - update) * fresh
        return (at + 1, state, *_written(kept, at, state, tf.concat([gates, product], axis=1), fresh))

    empty = (_empty(inputs, state), _empty(inputs, state, 3), _empty(inputs, state))
    _, _, *kept = _loop(step, (0, state, *empty), count=inputs.shape[0])
    return tuple(each.stack() for each in kept)


@_compiled  # type: ignore[untyped-decorator]
def _gru_backward(of_states: Any, gates: Any, fresh: Any, before: Any, recurrent: Any) -> tuple[Any, ...]:
    """What each step's products of inputs and of states owe, and the gradient of the first state."""
    reads = [_array(each) for each in (of_states, gates, fresh, before)]
    turned = tf.transpose(recurrent)

    def step(at: Any, of_state: Any, *kept: Any) -> tuple[Any, ...]:
        more, gates, fresh, before = (each.read(at) for each in reads)
        update, reset, product = tf.split(gates, 3, axis=1)
        update, reset = tf.sigmoid(update), tf.sigmoid(reset)
        of_state = of_state + more
        of_update = of_state * (before - fresh) * update * (1 - update)
        of_fresh = of_state * (1 - update) * (1 - fresh * fresh)
        of_reset = of_fresh * product * reset * (1 - reset)
        owed = tf.concat([of_update, of_reset, of_fresh], axis=1)
        recurrent_owed = tf.concat([of_update, of_reset, of_fresh * reset], axis=1)
        of_state = of_state * update + recurrent_owed @ turned
        return (at - 1, of_state, *_written(kept, at, owed, recurrent_owed))

    zeros = tf.zeros_like(before[0])
    begin = (gates.shape[0] - 1, zeros, _empty(gates, zeros, 3), _empty(gates, zeros, 3))
    _, of_state, owed, recurrent_owed = _loop(step, begin, count=gates.shape[0])
    return owed.stack(), recurrent_owed.stack(), of_state


@tf.custom_gradient  # type: ignore[untyped-decorator]
def lstm_states(
    inputs: Any, state: Any, carry: Any, kernel: Any, recurrent: Any, bias: Any
) -> tuple[tuple[Any, Any], Callable[[Any, Any], tuple[Any, ...]]]:
    """The states after each step, and the last carry.

    Args:
        inputs: ``(steps, batch, features)``, shape known.
        state: ``(batch, units)``, before the first step.
        carry: likewise.
        kernel: ``(features, 4 × units)``.
        recurrent: ``(units, 4 × units)``.
        bias: ``(4 × units,)``.

    Returns:
        States, ``(steps, batch, units)``, and carry, ``(batch, units)``.
    """
    pieces = _pieces(inputs, state, carry, most=_LSTM_PARTS)
    kept = [_lstm_forward(piece, kernel, recurrent, bias) for piece in pieces]

    def gradient(of_states: Any, of_carry: Any) -> tuple[Any, ...]:
        upstreams = _pieces(of_states, of_carry, most=_LSTM_PARTS)
        parts = [
            _lstm_gradient(piece, forward, upstream, kernel, recurrent)
            for piece, forward, upstream in zip(pieces, kept, upstreams, strict=True)
        ]
        return _together(parts, batched=3)

    states, last = _joined([each.h for each in kept]), _joined([each.cs[-1] for each in kept])
    return (states, last), gradient


def _lstm_forward(piece: Piece, kernel: Any, recurrent: Any, bias: Any) -> Any:
    """TensorFlow's own loop, one operation: all gates, carries and states, each ``(steps, batch, units)``."""
    inputs, state, carry = piece
    none = tf.zeros((state.shape[1],))
    return tf.raw_ops.BlockLSTMV2(
        seq_len_max=tf.constant(inputs.shape[0], tf.int64),
        x=inputs,
        cs_prev=carry,
        h_prev=state,
        w=tf.concat([kernel, recurrent], axis=0),
        wci=none,
        wcf=none,
        wco=none,
        b=bias,
        cell_clip=-1.0,
        use_peephole=False,
    )


def _lstm_gradient(piece: Piece, forward: Any, upstream: Piece, kernel: Any, recurrent: Any) -> Piece:
    """A part's: of its inputs, its first state and carry, the kernels and the bias."""
    inputs, state, carry = piece
    gates = (forward.i, forward.f, forward.ci, forward.o)
    kept = (*gates, _before(carry, forward.cs), forward.co)
    owed, of_state, of_first = _lstm_backward(*upstream, *kept, recurrent)
    return (
        _times(owed, kernel),
        of_state,
        of_first,
        _kernel_gradient(inputs, owed),
        _recurrent_gradient(state, forward.h, owed),
        tf.reduce_sum(owed, axis=(0, 1)),
    )


@_compiled  # type: ignore[untyped-decorator]
def _lstm_backward(of_states: Any, of_carry: Any, *kept: Any) -> tuple[Any, ...]:
    """What each step's products owe, and the gradients of the first state and carry.

    ``kept`` is the four gates, the carry before, the bent carry after, and the recurrent kernel.
    """
    *steps, recurrent = kept
    reads = [_array(each) for each in (of_states, *steps)]
    turned = tf.transpose(recurrent)

    def step(at: Any, of_state: Any, of_carry: Any, *written: Any) -> tuple[Any, ...]:
        more, enter, forget, fresh, leave, before, bent = (each.read(at) for each in reads)
        of_state = of_state + more
        of_carry = of_carry + of_state * leave * (1 - bent * bent)
        of_enter = of_carry * fresh * enter * (1 - enter)
        of_forget = of_carry * before * forget * (1 - forget)
        of_fresh = of_carry * enter * (1 - fresh * fresh)
        of_leave = of_state * bent * leave * (1 - leave)
        owed = tf.concat([of_enter, of_forget, of_fresh, of_leave], axis=1)
        return (at - 1, owed @ turned, of_carry * forget, *_written(written, at, owed))

    zeros = tf.zeros_like(of_carry)
    begin = (of_states.shape[0] - 1, zeros, of_carry, _empty(of_states, zeros, 4))
    _, of_state, of_first, owed = _loop(step, begin, count=of_states.shape[0])
    return owed.stack(), of_state, of_first


def _pieces(*batched: Any, most: int) -> list[Piece]:
    """Parts of the batch, of whatever has a row for each window on its last axis but one."""
    count = equal_parts(batched[0].shape[-2], most=most)
    return list(zip(*(tf.split(each, count, axis=-2) for each in batched), strict=True))


def _joined(parts: Sequence[Any]) -> Any:
    return tf.concat(parts, axis=-2)


def _together(gradients: Sequence[tuple[Any, ...]], *, batched: int) -> tuple[Any, ...]:
    """The whole batch's gradients from its parts': the first ones have rows for windows, the others are sums."""
    each = list(zip(*gradients, strict=True))
    return (*map(_joined, each[:batched]), *map(tf.add_n, each[batched:]))


def _loop(step: Callable[..., Any], begin: tuple[Any, ...], *, count: int) -> tuple[Any, ...]:
    """Take ``step`` so many times; the first value of ``begin`` and of what it returns is where it stands."""
    result: tuple[Any, ...] = tf.while_loop(
        lambda at, *_: (at >= 0) & (at < count), step, begin, parallel_iterations=1, maximum_iterations=count
    )
    return result


def _array(values: Any) -> Any:
    return tf.TensorArray(values.dtype, values.shape[0], element_shape=values.shape[1:]).unstack(values)


def _empty(steps: Any, state: Any, gates: int = 1) -> Any:
    """Room for as many steps, of ``(batch, gates × units)``."""
    shape = (state.shape[0], gates * state.shape[1])
    return tf.TensorArray(state.dtype, steps.shape[0], element_shape=shape)


def _written(arrays: tuple[Any, ...], at: Any, *values: Any) -> list[Any]:
    return [array.write(at, value) for array, value in zip(arrays, values, strict=True)]


def _before(first: Any, values: Any) -> Any:
    """What each step began with."""
    return tf.concat([first[tf.newaxis], values[:-1]], axis=0)


def _times(owed: Any, kernel: Any) -> Any:
    """One product over steps and batch; it is never made where nothing asks for the inputs' gradient."""
    flat = tf.matmul(_flat(owed), kernel, transpose_b=True)
    return tf.reshape(flat, (*owed.shape[:2], kernel.shape[0]))


def _kernel_gradient(inputs: Any, owed: Any) -> Any:
    return tf.matmul(_flat(inputs), _flat(owed), transpose_a=True)


def _recurrent_gradient(first: Any, states: Any, owed: Any) -> Any:
    later = tf.matmul(_flat(states[:-1]), _flat(owed[1:]), transpose_a=True)
    return later + tf.matmul(first, owed[0], transpose_a=True)


def _flat(values: Any) -> Any:
    return tf.reshape(values, (-1, values.shape[2]))
