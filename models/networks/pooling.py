"""Which steps of a document count, and one state from those of all that do."""

from typing import Any

import keras
import tensorflow as tf

from daycast.models.networks.levels import PACKAGE


@keras.saving.register_keras_serializable(package=PACKAGE)
class Counting(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """True where there is a token, and no padding: ``(batch, steps)`` int32 → ``(batch, steps)`` bool.

    A layer with a name: what Keras' own ``Embedding`` makes of its mask bears a number that depends on what the process
    made before, and a network's file would not be the same from process to process.
    """

    def call(self, tokens: Any) -> Any:
        """Look at a batch."""
        return tf.not_equal(tokens, 0)

    def compute_output_spec(self, tokens: Any) -> Any:
        """Of the tokens' shape."""
        return keras.KerasTensor(tokens.shape, dtype="bool")


@keras.saving.register_keras_serializable(package=PACKAGE)
class Pooling(keras.layers.Layer):  # type: ignore[misc]
    """The largest or the mean state of each unit over the steps that count; zeros where none does.

    ``(batch, steps, units)`` → ``(batch, units)``. Keras' ``GlobalMaxPooling1D`` takes padding for a step.

    Args:
        kind: ``max`` or ``mean``.
    """

    def __init__(self, kind: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind = kind
        self.supports_masking = True

    def call(self, states: Any, mask: Any = None) -> Any:
        """Pool a batch."""
        counts = tf.ones(tf.shape(states)[:2], tf.bool) if mask is None else mask
        weights = tf.cast(counts, states.dtype)[:, :, tf.newaxis]
        if self.kind == "mean":
            return tf.reduce_sum(states * weights, axis=1) / tf.maximum(tf.reduce_sum(weights, axis=1), 1.0)
        lowest = tf.where(counts[:, :, tf.newaxis], states, states.dtype.min)
        return tf.where(tf.reduce_any(counts, axis=1, keepdims=True), tf.reduce_max(lowest, axis=1), 0.0)

    def compute_mask(self, *_: Any) -> None:
        """None: there are no steps any more."""

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """``(batch, units)``."""
        return shape[0], shape[-1]

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        return {**super().get_config(), "kind": self.kind}
