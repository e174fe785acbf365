"""Networks that read tokens: of a document one label, of running text the next token after each.

Tokens go through an embedding; padding is masked, and the layers behind read only what counts.
"""

from dataclasses import dataclass
from typing import Any, Literal

import keras

from daycast.models.networks.pooling import Counting, Pooling
from daycast.models.networks.stack import seeds, stacked
from daycast.storage.terms.network import ModelSpec

Pool = Literal["last", "max", "mean"]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What goes into a network that reads tokens and comes out.

    Attributes:
        vocabulary: how many tokens there are, padding and the unknown one included.
        length: tokens in.
        embedding: numbers that stand for a token.
        labels: labels of a document; none where the next token is told.
        pool: what becomes of the states over a document's steps.
    """

    vocabulary: int
    length: int
    embedding: int
    labels: int | None = None
    pool: Pool = "last"


def build_reader(model: ModelSpec, *, reading: Reading) -> Any:
    """Build a network with new weights (a :class:`keras.Model`), which ``model.seed`` decides.

    Returns:
        A model from ``(batch, length)`` int32 to logits: ``(batch, labels)``, or after each token
        ``(batch, length, vocabulary)``.
    """
    drawn = seeds(model.seed)
    tokens = keras.Input((reading.length,), dtype="int32", name="tokens")
    state = _embedded(tokens, model=model, reading=reading, seed=next(drawn), left_out=next(drawn))
    every = reading.labels is None or reading.pool != "last"
    # Running text has no padding, and no mask: its loops are those of values.
    mask = None if reading.labels is None else Counting(name="counting")(tokens)
    state = stacked(state, model=model, drawn=drawn, sequences=every, mask=mask)
    if reading.labels is not None and every:
        state = Pooling(reading.pool, name="pooled")(state, mask=mask)
    kernel = keras.initializers.GlorotUniform(seed=next(drawn))
    logits = keras.layers.Dense(reading.labels or reading.vocabulary, kernel_initializer=kernel, name="logits")(state)
    return keras.Model(tokens, logits, name=model.cell)


def _embedded(tokens: Any, *, model: ModelSpec, reading: Reading, seed: int, left_out: int) -> Any:
    layer = keras.layers.Embedding(
        reading.vocabulary,
        reading.embedding,
        embeddings_initializer=keras.initializers.RandomUniform(seed=seed),
        name="embedding",
    )
    state = layer(tokens)
    return keras.layers.Dropout(model.dropout, seed=left_out, name="dropout_0")(state) if model.dropout else state
