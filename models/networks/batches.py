"""Batches of tokens, in an order that the seed alone decides."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from daycast.models.networks.fitting import as_written, untuned
from daycast.models.text.vocabulary import PADDING, UNKNOWN, Tokens
from daycast.storage.terms.network import ModelSpec

_AHEAD = 32
"""Batches that are sorted by length together."""
_AT_ONCE = 32


def of_documents(rows: Tokens, codes: NDArray[np.int64], *, model: ModelSpec, word_dropout: float = 0.0) -> Any:
    """Batches of documents about as long as each other, new each epoch; a smaller rest is left.

    A loop over a batch ends with its longest document. So documents are shuffled, some thousand at a time sorted by
    length and cut into batches, and these shuffled.

    Args:
        rows: ``(documents, length)``.
        codes: ``(documents,)``, numbers of labels.
        model: batch size and seed.
        word_dropout: share of the words that are unknown ones, others each epoch.
    """
    tokens, labels = tf.constant(rows), tf.constant(codes.astype(np.int32))
    lengths = tf.constant((rows != PADDING).sum(axis=1).astype(np.int32))
    size = min(model.batch_size, len(rows))

    def sorted_by_length(some: Any) -> Any:
        whole = some[: tf.size(some) // size * size]
        return tf.reshape(tf.gather(whole, tf.argsort(tf.gather(lengths, whole), stable=True)), (-1, size))

    order = tf.data.Dataset.range(len(rows)).shuffle(len(rows), seed=model.seed, reshuffle_each_iteration=True)
    batches = order.batch(size * _AHEAD).map(as_written(sorted_by_length)).unbatch()
    mixed = batches.shuffle(_AHEAD, seed=model.seed, reshuffle_each_iteration=True)
    count = len(rows) // size

    def gather(some: Any) -> Any:
        return tf.gather(tokens, some), tf.gather(labels, some)

    gathered = mixed.map(as_written(gather))
    if word_dropout:
        drawn = tf.data.Dataset.random(seed=model.seed, rerandomize_each_iteration=True).batch(2, drop_remainder=True)
        gathered = tf.data.Dataset.zip(gathered, drawn).map(as_written(_forgetting(word_dropout)))
    return untuned(gathered.apply(tf.data.experimental.assert_cardinality(count)).prefetch(_AT_ONCE))


def _forgetting(share: float) -> Any:
    """What takes a share of a batch's words for unknown ones."""

    def forget(batch: tuple[Any, Any], drawn: Any) -> tuple[Any, Any]:
        tokens, labels = batch
        forgotten = tf.random.stateless_uniform(tf.shape(tokens), seed=drawn) < share
        return tf.where(forgotten & (tokens != PADDING), UNKNOWN, tokens), labels

    return forget


def of_text(numbers: Tokens, *, lookback: int, model: ModelSpec) -> Any:
    """Batches of windows that begin anywhere in a text, as many an epoch as would lie end to end.

    Returns:
        Batches of ``(batch, lookback)``, and for each of their tokens the one that follows it.
    """
    text = tf.constant(numbers)
    begins = len(numbers) - lookback
    count = max(1, begins // lookback)
    size = min(model.batch_size, count)

    def windows(some: Any) -> Any:
        both = tf.gather(text, tf.cast(some, tf.int32)[:, tf.newaxis] + tf.range(lookback + 1))
        return tf.ensure_shape(both[:, :-1], (size, lookback)), tf.ensure_shape(both[:, 1:], (size, lookback))

    order = tf.data.Dataset.range(begins).shuffle(begins, seed=model.seed, reshuffle_each_iteration=True).take(count)
    return untuned(order.batch(size, drop_remainder=True).map(as_written(windows)).prefetch(_AT_ONCE))


def held_out(inputs: Tokens, targets: NDArray[Any], *, size: int) -> Any:
    """Batches of all there is, of one size but for the last."""
    pairs = tf.data.Dataset.from_tensor_slices((inputs, targets.astype(np.int32)))
    return untuned(pairs.batch(size).cache())
