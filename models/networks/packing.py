"""Padded batches for loops that know no padding: steps that count are moved to the front, and their states back.

What a recurrent layer gives at a masked step is what it gave at the step before; its state stands still. So the states
are those of the unmasked steps read one after the other, whatever stands between them, and a loop over a batch may end
with the row that has most of them.
"""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf


@dataclass(frozen=True, eq=False)
class Packed:
    """A batch whose unmasked steps come first.

    Attributes:
        steps: ``(steps, batch, features)``; what follows a row's last unmasked step is of no use.
        longest: int32, unmasked steps of the row that has most.
    """

    steps: Any
    longest: Any


def pack(sequences: Any, *, mask: Any) -> Packed:
    """Move each row's unmasked steps to its front, in their order.

    Args:
        sequences: ``(batch, steps, features)``.
        mask: ``(batch, steps)`` bool, true where a step counts.
    """
    order = tf.argsort(tf.cast(mask, tf.int32), axis=1, direction="DESCENDING", stable=True)
    places = tf.stack([tf.transpose(order), _rows(mask)], axis=2)
    steps = tf.gather_nd(tf.transpose(sequences, (1, 0, 2)), places)
    longest = tf.reduce_max(tf.reduce_sum(tf.cast(mask, tf.int32), axis=1))
    return Packed(steps=tf.ensure_shape(steps, (sequences.shape[1], sequences.shape[0], None)), longest=longest)


def spread(states: Any, *, mask: Any, repeat: bool) -> Any:
    """What each step gives, from the states after the unmasked ones.

    Args:
        states: ``(steps, batch, units)``, in packed order.
        mask: as it was given to :func:`pack`.
        repeat: whether a masked step gives what the one before it gave; otherwise, and before the first that counts,
            it gives zeros.

    Returns:
        ``(batch, steps, units)``.
    """
    read = tf.cumsum(tf.cast(mask, tf.int32), axis=1)
    places = tf.stack([tf.transpose(tf.maximum(read - 1, 0)), _rows(mask)], axis=2)
    given = tf.transpose(tf.gather_nd(states, places), (1, 0, 2))
    shown = read > 0 if repeat else mask
    return tf.where(shown[:, :, tf.newaxis], given, tf.zeros_like(given))


def _rows(mask: Any) -> Any:
    """``(steps, batch)``: the row of each place."""
    batch, steps = mask.shape
    return tf.tile(tf.range(batch)[tf.newaxis], (steps, 1))
