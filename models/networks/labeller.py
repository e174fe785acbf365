"""A network that reads documents, with what it needs to tell their labels: fitting, predicting, saving, loading."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from daycast.models.networks.batches import held_out, of_documents
from daycast.models.networks.build import join
from daycast.models.networks.fitting import Epoch, ready
from daycast.models.networks.kept import forward, in_blocks, load_network, save_network
from daycast.models.networks.members import Recipe, fit_members
from daycast.models.networks.reading import Reading, build_reader
from daycast.models.scores.labels import Codes, Probabilities
from daycast.models.text.sequences import matrix
from daycast.models.text.vocabulary import Vocabulary
from daycast.models.text.word_vectors import word_vectors
from daycast.storage.terms.network import ModelSpec
from daycast.storage.terms.text_model import TextModelSpec

_HELD_OUT = 256
_BLOCK = 8_192
"""Documents that are rows of numbers at a time."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Labeller:
    """A trained network and its vocabulary.

    Attributes:
        network: the Keras model, ``(batch, length)`` → ``(batch, labels)``, logits.
        vocabulary: of the training documents.
        length: tokens read of a document.
        history: the epochs of the fit that made it; with several members, of each in turn.
        validation_loss: of the weights that were kept, in nats; with several members, their mean.
    """

    network: Any
    vocabulary: Vocabulary
    length: int
    history: tuple[Epoch, ...]
    validation_loss: float

    @classmethod
    def fit(
        cls,
        parts: Sequence[tuple[Sequence[str], Codes]],
        *,
        model: TextModelSpec,
        vocabulary: Vocabulary,
        length: int,
        on_epoch: Callable[[Epoch], None],
        expired: Callable[[], bool],
    ) -> "Labeller":
        """Train new weights; the same documents, model and seed give the same ones in a fresh process on one machine.

        Args:
            parts: training and validation documents with their labels' numbers; every label is among the first.
            model: the network and how it is fitted.
            vocabulary: of the training documents.
            length: tokens read of a document.
            on_epoch: told of each pass.
            expired: asked every so many steps; once true, training ends and the best weights so far are kept.

        Raises:
            DataError: the loss is not a number.
        """
        tf.config.experimental.enable_op_determinism()
        (rows, codes), (held, wanted) = (
            (matrix(texts, vocabulary=vocabulary, length=length), codes) for texts, codes in parts
        )
        reading = Reading(
            vocabulary=len(vocabulary),
            length=length,
            embedding=model.embedding,
            labels=int(codes.max()) + 1,
            pool=model.pooling,
        )
        begin = _embedding(parts[0][0], model=model, vocabulary=vocabulary)
        recipe = Recipe(
            build=lambda each: _ready(begin(build_reader(each, reading=reading)), model=each),
            training=lambda each: of_documents(rows, codes, model=each, word_dropout=model.word_dropout),
            validation=held_out(held, wanted, size=_HELD_OUT),
            join=lambda networks: join(networks) if len(networks) > 1 else networks[0],
        )
        network, fitted = fit_members(recipe, model=model, parent=None, on_epoch=on_epoch, expired=expired)
        return cls(
            network=network,
            vocabulary=vocabulary,
            length=length,
            history=fitted.history,
            validation_loss=fitted.validation_loss,
        )

    def predict(self, texts: Sequence[str]) -> Probabilities:
        """Each label's probability, ``(documents, labels)`` float64."""
        blocks = [self._logits(texts[start : start + _BLOCK]) for start in range(0, len(texts), _BLOCK)]
        logits = np.concatenate(blocks or [np.zeros((0, self.network.output_shape[-1]))]).astype(np.float64)
        raised = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def save(self, folder: Path) -> dict[str, Any]:
        """Write ``model.keras`` into a local folder, and return the rest of the state but the vocabulary."""
        save_network(self.network, folder)
        return {
            "length": self.length,
            "history": [asdict(epoch) for epoch in self.history],
            "validation_loss": self.validation_loss,
        }

    @classmethod
    def load(cls, folder: Path, state: Mapping[str, Any], *, vocabulary: Vocabulary, labels: int) -> "Labeller":
        """Read what :meth:`save` wrote.

        Raises:
            RegistryError: the file cannot be read, or the network reads or gives something else.
        """
        length = int(state["length"])
        return cls(
            network=load_network(folder, reads=(None, length), gives=(None, labels)),
            vocabulary=vocabulary,
            length=length,
            history=tuple(Epoch(**epoch) for epoch in state["history"]),
            validation_loss=float(state["validation_loss"]),
        )

    def _logits(self, texts: Sequence[str]) -> Any:
        rows = matrix(texts, vocabulary=self.vocabulary, length=self.length)
        # About as long ones beside each other: a loop ends with the longest of its block.
        order = np.argsort((rows != 0).sum(axis=1), kind="stable")
        logits = np.empty((len(rows), self.network.output_shape[-1]), dtype=np.float32)
        logits[order] = in_blocks(self._forward, (rows[order],), gives=logits.shape[1:])
        return logits

    @functools.cached_property
    def _forward(self) -> Any:
        return forward(self.network)


def _embedding(
    texts: Sequence[str], *, model: TextModelSpec, vocabulary: Vocabulary
) -> Callable[[keras.Model], keras.Model]:
    """What puts into a new network the vectors that its embedding begins with."""
    if model.word_vectors == "random":
        return lambda network: network
    documents = (vocabulary.encode(text) for text in texts)
    vectors = word_vectors(documents, size=len(vocabulary), width=model.embedding)
    known = np.any(vectors, axis=1, keepdims=True)

    def begin(network: keras.Model) -> keras.Model:
        embedding = network.get_layer("embedding")
        (drawn,) = embedding.get_weights()
        embedding.set_weights([np.where(known, vectors, drawn)])
        return network

    return begin


def _ready(network: Any, *, model: ModelSpec) -> Any:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return ready(network, model=model, loss=loss, metrics=["accuracy"])
