"""Padded batches for loops that know no padding: steps that count are moved to the front, and their states back.

What a recurrent layer gives at a masked step is what it gave at the step before; its state stands still. So the states
are those of the unmasked steps read one after the other, whatever stands between them, and a loop over a batch may end
with the row that has most of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf


@dataclass(frozen=True, eq=False)
class Packed:
    """A batch whose unmasked steps come first.

    Attributes:
        steps: ``(steps, batch, features)``; what follows a row's last unmasked step is of no use.
        order: ``(batch, steps)``, where each of them came from.
        counts: ``(batch,)`` int32, unmasked steps.
    """

    steps: Any
    order: Any
    counts: Any

    @property
    def longest(self) -> Any:
        """Unmasked steps of the row that has most, int32."""
        return tf.reduce_max(self.counts)


def pack(sequences: Any, *, mask: Any) -> Packed:
    """Move each row's unmasked steps to its front, in their order.

    Args:
        sequences: ``(batch, steps, features)``.
        mask: ``(batch, steps)`` bool, true where a step counts.
    """
    order = tf.argsort(tf.cast(mask, tf.int32), axis=1, direction="DESCENDING", stable=True)
    steps = tf.transpose(_moved(sequences, order, _inverse(order)), (1, 0, 2))
    shape = (sequences.shape[1], sequences.shape[0], None)
    return Packed(
        steps=tf.ensure_shape(steps, shape), order=order, counts=tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
    )


def spread(states: Any, packed: Packed, *, mask: Any, repeat: bool) -> Any:
    """What each step gives, from the states after the unmasked ones.

    Args:
        states: ``(steps, batch, units)``, in packed order.
        packed: the batch.
        mask: as it was given to :func:`pack`.
        repeat: whether a masked step gives what the one before it gave; otherwise, and before the first that counts,
            it gives zeros.

    Returns:
        ``(batch, steps, units)``.
    """
    by_row = tf.transpose(states, (1, 0, 2))
    if not repeat:
        given = _moved(by_row, _inverse(packed.order), packed.order)
        return tf.where(mask[:, :, tf.newaxis], given, tf.zeros_like(given))
    read = tf.cumsum(tf.cast(mask, tf.int32), axis=1)
    given = tf.gather(by_row, tf.maximum(read - 1, 0), batch_dims=1)
    return tf.where((read > 0)[:, :, tf.newaxis], given, tf.zeros_like(given))


def final(states: Any, packed: Packed) -> Any:
    """Each row's state after its last unmasked step, ``(batch, units)``; zeros where it has none."""
    last = tf.stack([tf.maximum(packed.counts - 1, 0), tf.range(states.shape[1])], axis=1)
    given = tf.gather_nd(states, last)
    return tf.where((packed.counts > 0)[:, tf.newaxis], given, tf.zeros_like(given))


@tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
def _moved(rows: Any, order: Any, back: Any) -> tuple[Any, Callable[[Any], tuple[Any, None, None]]]:
    """Steps in another order, ``(batch, steps, …)``; each is taken once, so that the gradient is moved back.

    TensorFlow adds the gradient of a gather up instead, step by step, which takes longer than the recurrence itself.
    """

    def gradient(upstream: Any) -> tuple[Any, None, None]:
        return tf.gather(upstream, back, batch_dims=1), None, None

    return tf.gather(rows, order, batch_dims=1), gradient


def _inverse(order: Any) -> Any:
    return tf.argsort(order, axis=1)
