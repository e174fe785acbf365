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

from daycast.models.networks.backend import CORES
from daycast.models.networks.parts import equal_parts

Piece = tuple[Any, ...]
"""Tensors of a part of the batch, or of a step."""

_compiled = tf.function(autograph=False, jit_compile=True)


def gru(inputs: Any, first: Piece, weights: Piece, *, sequences: bool, count: Any = None) -> tuple[Any, Any | None]:
    """Go over the steps.

    Args:
        inputs: ``(steps, batch, features)``, shape known.
        first: the state before the first step, ``(batch, units)``.
        weights: ``(features, 3 × units)`` of the inputs, ``(units, 3 × units)`` of the state, and the biases of both,
            ``(2, 3 × units)``.
        sequences: whether all the states are wanted.
        count: steps to take, int32; by default all. The states after later steps are zeros.

    Returns:
        The state after the last of all steps, ``(batch, units)``, and all states, ``(steps, batch, units)``, or none.
    """
    steps = _steps(inputs, count)

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def compute(inputs: Any, state: Any, kernel: Any, recurrent: Any, bias: Any) -> tuple[Any, Callable[..., Piece]]:
        pieces = _pieces(inputs, state)
        kept = [_gru_forward(*piece, kernel, recurrent, bias, steps) for piece in pieces]

        def gradient(*of_states: Any) -> Piece:
            return _gradients(_gru_gradient, pieces, kept, of_states, kernel, recurrent, steps)

        return _wanted([states for states, *_ in kept], sequences=sequences), gradient

    last, *states = compute(inputs, *first, *weights)
    return last, states[0] if sequences else None


def _gru_gradient(piece: Piece, forward: Piece, of_states: Piece, kernel: Any, recurrent: Any, count: Any) -> Piece:
    """A part's: of its inputs, its first state, the kernels and the biases."""
    (inputs, state), (states, *_) = piece, forward
    owed, of_fresh, of_state = _gru_backward(of_states, state, forward, recurrent, count)
    gates = 2 * state.shape[1]
    # The input's products owe what the state's do, but for the fresh gate's, which the reset gate stands before.
    products, fresh = _kernel_gradient(inputs, owed), _kernel_gradient(inputs, of_fresh)
    of_kernel = tf.concat([products[:, :gates], fresh], axis=1)
    return (
        _times(tf.concat([owed[:, :, :gates], of_fresh], axis=2), kernel),
        of_state,
        of_kernel[:-1],
        _recurrent_gradient(state, states, owed),
        tf.stack([of_kernel[-1], products[-1]]),
    )


@_compiled  # type: ignore[untyped-decorator]
def _gru_forward(inputs: Any, state: Any, kernel: Any, recurrent: Any, bias: Any, count: Any) -> Piece:
    """Of each step the state, update and reset gates, the fresh gate's recurrent product, and the fresh gate."""
    steps = _array(inputs)

    def step(at: Any, state: Any, *kept: Any) -> Piece:
        of_input = steps.read(at) @ kernel + bias[0]
        of_state = state @ recurrent + bias[1]
        width = 2 * state.shape[1]
        product = of_state[:, width:]
        gates = tf.sigmoid(of_input[:, :width] + of_state[:, :width])
        update, reset = tf.split(gates, 2, axis=1)
        fresh = tf.tanh(of_input[:, width:] + reset * product)
        state = update * state + (1 - update) * fresh
        return (at + 1, state, *_written(kept, at, state, gates, product, fresh))

    empty = (_empty(inputs, state, gates) for gates in (1, 2, 1, 1))
    _, _, *kept = _loop(step, (0, state, *empty), count=count, most=inputs.shape[0])
    return tuple(each.stack() for each in kept)


@_compiled  # type: ignore[untyped-decorator]
def _gru_backward(of_states: Piece, first: Any, forward: Piece, recurrent: Any, count: Any) -> Piece:
    """What each step's recurrent products owe, what the input's fresh one does, and the gradient of the first state."""
    states, *gates = (_array(each) for each in forward)
    of_last, *of_each = of_states
    upstreams = [_array(each) for each in of_each]
    turned = tf.transpose(recurrent)

    def step(at: Any, of_state: Any, *kept: Any) -> Piece:
        of_state = tf.add_n([of_state, *(each.read(at) for each in upstreams)])
        both, product, fresh = (each.read(at) for each in gates)
        update, reset = tf.split(both, 2, axis=1)
        before = _before(states, at, first)
        of_update = of_state * (before - fresh) * update * (1 - update)
        of_fresh = of_state * (1 - update) * (1 - fresh * fresh)
        of_reset = of_fresh * product * reset * (1 - reset)
        owed = tf.concat([of_update, of_reset, of_fresh * reset], axis=1)
        of_state = of_state * update + owed @ turned
        return (at - 1, of_state, *_written(kept, at, owed, of_fresh))

    begin = (count - 1, of_last, _empty(forward[0], first, 3), _empty(forward[0], first))
    _, of_state, owed, of_fresh = _loop(step, begin, count=count, most=forward[0].shape[0])
    return owed.stack(), of_fresh.stack(), of_state


def lstm(
    inputs: Any, first: Piece, weights: Piece, *, sequences: bool, count: Any = None
) -> tuple[Any, Any, Any | None]:
    """Go over the steps.

    Args:
        inputs: ``(steps, batch, features)``, shape known.
        first: state and carry before the first step, each ``(batch, units)``.
        weights: ``(features, 4 × units)`` of the inputs, ``(units, 4 × units)`` of the state, bias ``(4 × units,)``.
        sequences: whether all the states are wanted.
        count: as of :func:`gru`.

    Returns:
        Carry and state after the last of all steps, ``(batch, units)``, and all states, ``(steps, batch, units)``, or
        none.
    """
    steps = _steps(inputs, count)

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def compute(
        inputs: Any, state: Any, carry: Any, kernel: Any, recurrent: Any, bias: Any
    ) -> tuple[Any, Callable[..., Piece]]:
        pieces = _pieces(inputs, state, carry)
        kept = [_lstm_forward(piece, kernel, recurrent, bias, steps) for piece in pieces]

        def gradient(*upstream: Any) -> Piece:
            return _gradients(_lstm_gradient, pieces, kept, upstream, kernel, recurrent, steps)

        last = _joined([each.cs[-1] for each in kept])
        return (last, *_wanted([each.h for each in kept], sequences=sequences)), gradient

    carry, last, *states = compute(inputs, *first, *weights)
    return carry, last, states[0] if sequences else None


def _lstm_forward(piece: Piece, kernel: Any, recurrent: Any, bias: Any, count: Any) -> Any:
    """TensorFlow's own loop, one operation: all gates, carries and states, each ``(steps, batch, units)``."""
    inputs, state, carry = piece
    none = tf.zeros((state.shape[1],))
    return tf.raw_ops.BlockLSTMV2(
        seq_len_max=tf.cast(count, tf.int64),
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


def _lstm_gradient(piece: Piece, forward: Any, upstream: Piece, kernel: Any, recurrent: Any, count: Any) -> Piece:
    """A part's: of its inputs, its first state and carry, the kernels and the bias."""
    inputs, state, carry = piece
    kept = (forward.i, forward.f, forward.ci, forward.o, forward.co, forward.cs)
    owed, of_state, of_first = _lstm_backward(upstream, carry, kept, recurrent, count)
    of_kernel = _kernel_gradient(inputs, owed)
    return (
        _times(owed, kernel),
        of_state,
        of_first,
        of_kernel[:-1],
        _recurrent_gradient(state, forward.h, owed),
        of_kernel[-1],
    )


@_compiled  # type: ignore[untyped-decorator]
def _lstm_backward(upstream: Piece, first: Any, forward: Piece, recurrent: Any, count: Any) -> Piece:
    """What each step's products owe, and the gradients of the first state and carry.

    ``forward`` is the four gates, the bent carry after, and the carry after.
    """
    *gates, carries = (_array(each) for each in forward)
    of_carry, of_last, *of_each = upstream
    upstreams = [_array(each) for each in of_each]
    turned = tf.transpose(recurrent)

    def step(at: Any, of_state: Any, of_carry: Any, *written: Any) -> Piece:
        of_state = tf.add_n([of_state, *(each.read(at) for each in upstreams)])
        enter, forget, fresh, leave, bent = (each.read(at) for each in gates)
        of_carry = of_carry + of_state * leave * (1 - bent * bent)
        of_enter = of_carry * fresh * enter * (1 - enter)
        of_forget = of_carry * _before(carries, at, first) * forget * (1 - forget)
        of_fresh = of_carry * enter * (1 - fresh * fresh)
        of_leave = of_state * bent * leave * (1 - leave)
        owed = tf.concat([of_enter, of_forget, of_fresh, of_leave], axis=1)
        return (at - 1, owed @ turned, of_carry * forget, *_written(written, at, owed))

    begin = (count - 1, of_last, of_carry, _empty(forward[0], first, 4))
    _, of_state, of_first, owed = _loop(step, begin, count=count, most=forward[0].shape[0])
    return owed.stack(), of_state, of_first


def _wanted(states: Sequence[Any], *, sequences: bool) -> Piece:
    """The last state of all parts, and all their states if they are wanted: what none asks for has no gradient."""
    last = _joined([each[-1] for each in states])
    return (last, _joined(states)) if sequences else (last,)


def _pieces(*batched: Any) -> list[Piece]:
    """Parts of the batch, one a core, of whatever has a row for each window on its last axis but one."""
    count = equal_parts(batched[0].shape[-2], most=CORES)
    return list(zip(*(tf.split(each, count, axis=-2) for each in batched), strict=True))


def _joined(parts: Sequence[Any]) -> Any:
    return tf.concat(parts, axis=-2)


def _gradients(
    of_part: Callable[..., Piece], pieces: Sequence[Piece], kept: Sequence[Any], upstream: Piece, *kernels: Any
) -> Piece:
    """The whole batch's from its parts': the first ones have rows for windows, as a piece has; the others are sums."""
    parts = zip(pieces, kept, _pieces(*upstream), strict=True)
    each = list(zip(*(of_part(*part, *kernels) for part in parts), strict=True))
    batched = len(pieces[0])
    return (*map(_joined, each[:batched]), *map(tf.add_n, each[batched:]))


def _steps(inputs: Any, count: Any) -> Any:
    """How many steps to take: int32, so that a loop is compiled once for all of them."""
    return tf.constant(inputs.shape[0]) if count is None else count


def _loop(step: Callable[..., Any], begin: tuple[Any, ...], *, count: Any, most: int) -> tuple[Any, ...]:
    """Take ``step`` so many times; the first value of ``begin`` and of what it returns is where it stands."""
    result: tuple[Any, ...] = tf.while_loop(
        lambda at, *_: (at >= 0) & (at < count), step, begin, parallel_iterations=1, maximum_iterations=most
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


def _before(after: Any, at: Any, first: Any) -> Any:
    """What the step began with."""
    return tf.where(at > 0, after.read(tf.maximum(at - 1, 0)), first)


def _times(owed: Any, kernel: Any) -> Any:
    """One product over steps and batch; it is never made where nothing asks for the inputs' gradient."""
    flat = tf.matmul(_flat(owed), kernel, transpose_b=True)
    return tf.reshape(flat, (*owed.shape[:2], kernel.shape[0]))


def _kernel_gradient(inputs: Any, owed: Any) -> Any:
    """The kernel's, and in a last row the bias's: a column of ones is an input of its own, in the same product."""
    ones = tf.ones((*inputs.shape[:2], 1))
    return tf.matmul(_flat(tf.concat([inputs, ones], axis=2)), _flat(owed), transpose_a=True)


def _recurrent_gradient(first: Any, states: Any, owed: Any) -> Any:
    later = tf.matmul(_flat(states[:-1]), _flat(owed[1:]), transpose_a=True)
    return later + tf.matmul(first, owed[0], transpose_a=True)


def _flat(values: Any) -> Any:
    return tf.reshape(values, (-1, values.shape[2]))
