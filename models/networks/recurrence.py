"""The recurrence of a GRU and of an LSTM over short sequences, with gradients written out.

What makes them fast: the input products come in ready, for all steps at once; the backward pass computes step by step
only what depends on the step, and gets the gradient of the recurrent kernel from one matrix product over all steps;
what a step computes beside its matrix product is one operation. The steps are laid out one after the other in the
graph, which suits some dozens of them.

Both follow Keras in gates, order and equations: the GRU's are update, reset, fresh, its reset gate acting after the
recurrent product; the LSTM's are enter, forget, fresh, leave.
"""

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from daycast.models.networks.backend import accelerators

GATES = {"gru": 3, "lstm": 4}
"""Products a step and unit."""


def _one_operation(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function compiled by XLA; on a GPU as it is, since XLA needs more there than TensorFlow brings."""

    @functools.cache
    def made() -> Any:
        return function if accelerators() else tf.function(function, autograph=False, jit_compile=True)

    @functools.wraps(function)
    def call(*tensors: Any) -> Any:
        return made()(*tensors)

    return call


@tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
def gru_state(products: Any, kernel: Any, bias: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The last state of a GRU that begins at zero.

    Args:
        products: ``(steps, batch, 3 × units)``, inputs times kernel, plus the input bias.
        kernel: ``(units, 3 × units)``, of the state.
        bias: ``(3 × units,)``, of the state.

    Returns:
        ``(batch, units)``.
    """
    steps = tf.unstack(products)
    state = tf.zeros_like(steps[0][:, : kernel.shape[0]])
    kept = []
    for step in steps:
        of_state = gru_products(state, kernel, bias)
        following, *gates = gru_step(step, of_state, state)
        kept.append((of_state, state, *gates))
        state = following

    def gradient(upstream: Any) -> tuple[Any, Any, Any]:
        of_steps, of_products = [], []
        for each in reversed(kept):
            of_step, of_product, through = _gru_owed(upstream, *each)
            of_steps.append(of_step)
            of_products.append(of_product)
            upstream = through + tf.matmul(of_product, kernel, transpose_b=True)
        states = tf.concat([state for _, state, *_ in reversed(kept)], axis=0)
        joined = tf.concat(of_products, axis=0)
        return tf.stack(of_steps[::-1]), tf.matmul(states, joined, transpose_a=True), tf.reduce_sum(joined, axis=0)

    return state, gradient


def gru_products(state: Any, kernel: Any, bias: Any) -> Any:
    """What the state gives to the gates, ``(batch, 3 × units)``."""
    return tf.nn.bias_add(state @ kernel, bias)


@_one_operation
def gru_step(step: Any, products: Any, state: Any) -> tuple[Any, ...]:
    """One step: the input's products, the state's products and the state, whose shapes may broadcast.

    Returns:
        The next state, and update, reset and fresh, which its gradient needs.
    """
    of_update, of_reset, of_fresh = tf.split(step, 3, axis=-1)
    update_product, reset_product, recurrent = tf.split(products, 3, axis=-1)
    update = tf.sigmoid(of_update + update_product)
    reset = tf.sigmoid(of_reset + reset_product)
    fresh = tf.tanh(of_fresh + reset * recurrent)
    return fresh + update * (state - fresh), update, reset, fresh


@_one_operation
def _gru_owed(upstream: Any, products: Any, state: Any, update: Any, reset: Any, fresh: Any) -> tuple[Any, ...]:
    """What the input's products owe, what the state's do, and the state itself."""
    recurrent = tf.split(products, 3, axis=-1)[2]
    of_fresh = upstream * (1 - update) * (1 - fresh * fresh)
    of_update = upstream * (state - fresh) * update * (1 - update)
    of_reset = of_fresh * recurrent * reset * (1 - reset)
    of_step = tf.concat([of_update, of_reset, of_fresh], axis=1)
    of_products = tf.concat([of_update, of_reset, of_fresh * reset], axis=1)
    return of_step, of_products, upstream * update


@tf.custom_gradient  # type: ignore[untyped-decorator]
def lstm_state(products: Any, kernel: Any) -> tuple[tuple[Any, Any], Callable[[Any, Any], tuple[Any, ...]]]:
    """The last state and carry of an LSTM that begins at zero.

    Args:
        products: ``(steps, batch, 4 × units)``, inputs times kernel, plus the bias.
        kernel: ``(units, 4 × units)``, of the state.

    Returns:
        State and carry, each ``(batch, units)``.
    """
    steps = tf.unstack(products)
    state = carry = tf.zeros_like(steps[0][:, : kernel.shape[0]])
    states, kept = [], []
    for step in steps:
        following, onward, *gates = lstm_step(step + state @ kernel, carry)
        states.append(state)
        kept.append((carry, *gates))
        state, carry = following, onward

    def gradient(upstream: Any, of_carry: Any) -> tuple[Any, Any]:
        of_steps = []
        for each in reversed(kept):
            of_step, of_carry = _lstm_owed(upstream, of_carry, *each)
            of_steps.append(of_step)
            upstream = tf.matmul(of_step, kernel, transpose_b=True)
        joined = tf.concat(of_steps, axis=0)
        return tf.stack(of_steps[::-1]), tf.matmul(tf.concat(states[::-1], axis=0), joined, transpose_a=True)

    return (state, carry), gradient


@_one_operation
def lstm_step(gates: Any, carry: Any) -> tuple[Any, ...]:
    """One step from the sum of the input's and the state's products, and the carry, whose shapes may broadcast.

    Returns:
        The next state and carry, and enter, forget, fresh, leave and the bent carry, which its gradient needs.
    """
    enter, forget, fresh, leave = tf.split(gates, 4, axis=-1)
    enter, forget, leave = tf.sigmoid(enter), tf.sigmoid(forget), tf.sigmoid(leave)
    fresh = tf.tanh(fresh)
    onward = forget * carry + enter * fresh
    bent = tf.tanh(onward)
    return leave * bent, onward, enter, forget, fresh, leave, bent


@_one_operation
def _lstm_owed(upstream: Any, of_carry: Any, carry: Any, *gates: Any) -> tuple[Any, Any]:
    """What the step's products owe, and the carry."""
    enter, forget, fresh, leave, bent = gates
    of_carry = of_carry + upstream * leave * (1 - bent * bent)
    parts = [
        of_carry * fresh * enter * (1 - enter),
        of_carry * carry * forget * (1 - forget),
        of_carry * enter * (1 - fresh * fresh),
        upstream * bent * leave * (1 - leave),
    ]
    return tf.concat(parts, axis=1), of_carry * forget
