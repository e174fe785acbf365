"""A network that continues text: fitting, the loss of a text, writing, saving, loading."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from daycast.models.networks.batches import held_out, of_text
from daycast.models.networks.build import join, members_of
from daycast.models.networks.fitting import Epoch, ready
from daycast.models.networks.kept import load_network, save_network
from daycast.models.networks.members import Recipe, fit_members
from daycast.models.networks.reading import Reading, build_reader
from daycast.models.networks.stepping import Stepper
from daycast.models.text.sequences import continued
from daycast.models.text.vocabulary import Tokens, Vocabulary
from daycast.storage.terms.network import ModelSpec
from daycast.storage.terms.text_model import TextModelSpec

_HELD_OUT = 64
_CHUNK = 1_024
"""Tokens that are read in one call where a text is scored."""
_LEAST = 8 * _CHUNK
"""Tokens of a stretch at least, where several are read side by side."""
_MOST = 32

States = list[list[list[Any]]]
"""By member, by layer: what its cell keeps."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LanguageNetwork:
    """A trained network and its vocabulary; a :class:`~daycast.models.text.generation.Writer`.

    Attributes:
        network: the Keras model, ``(batch, lookback)`` → ``(batch, lookback, vocabulary)``, logits.
        vocabulary: of the training text.
        history: the epochs of the fit that made it; with several members, of each in turn.
        validation_loss: of the weights that were kept, in nats a token; with several members, their mean.
    """

    network: Any
    vocabulary: Vocabulary
    history: tuple[Epoch, ...]
    validation_loss: float

    @classmethod
    def fit(
        cls,
        parts: Sequence[Tokens],
        *,
        model: TextModelSpec,
        vocabulary: Vocabulary,
        lookback: int,
        on_epoch: Callable[[Epoch], None],
        expired: Callable[[], bool],
    ) -> "LanguageNetwork":
        """Train new weights; the same text, model and seed give the same ones in a fresh process on one machine.

        Args:
            parts: training and validation text, as numbers.
            model: the network and how it is fitted.
            vocabulary: of the training text.
            lookback: tokens of a training window.
            on_epoch: told of each pass.
            expired: asked every so many steps; once true, training ends and the best weights so far are kept.

        Raises:
            DataError: a part is no longer than the lookback, or the loss is not a number.
        """
        tf.config.experimental.enable_op_determinism()
        training, validation = parts
        continued(training, lookback=lookback)  # refuses a text that is too short
        reading = Reading(vocabulary=len(vocabulary), length=lookback, embedding=model.embedding)
        recipe = Recipe(
            build=lambda each: _ready(build_reader(each, reading=reading), model=each),
            training=lambda each: of_text(training, lookback=lookback, model=each),
            validation=held_out(*continued(validation, lookback=lookback), size=_HELD_OUT),
            join=lambda networks: join(networks) if len(networks) > 1 else networks[0],
        )
        network, fitted = fit_members(recipe, model=model, parent=None, on_epoch=on_epoch, expired=expired)
        return cls(
            network=network,
            vocabulary=vocabulary,
            history=fitted.history,
            validation_loss=fitted.validation_loss,
        )

    def nats(self, numbers: Tokens, *, side_by_side: bool = False) -> NDArray[np.float64]:
        """-ln of the probability of each token of a text but the first after all before it, ``(tokens - 1,)``.

        The text is read once, in its order; what has been read is carried from one piece to the next.

        Args:
            numbers: the text.
            side_by_side: whether a long text is read in up to 32 stretches at once, each after the 1,024 tokens before
                it instead of all of them, in a tenth of the time.
        """
        begins = _stretches(len(numbers) - 1) if side_by_side else np.zeros(1, dtype=np.int64)
        length = -(-(len(numbers) - 1) // len(begins))
        states, pieces = self._fresh(len(begins)), []
        warm = 0 if len(begins) == 1 else _CHUNK
        for at in range(-warm, length, _CHUNK):
            size = min(_CHUNK, length - at)
            places = begins[:, np.newaxis] + np.arange(at, at + size + 1)
            states, nats = self._read(states, tf.constant(numbers[np.clip(places, 0, len(numbers) - 1)]))
            pieces.append(nats.numpy()[:, : size if at >= 0 else 0])
            if at < 0:  # before the text's beginning there is nothing
                states = tf.nest.map_structure(lambda each: each * (begins > 0)[:, np.newaxis], states)
        told = np.concatenate([np.zeros((len(begins), 0)), *pieces], axis=1)
        return told.reshape(-1)[: max(0, len(numbers) - 1)].astype(np.float64)

    def begin(self, prompt: Tokens) -> tuple[Any, NDArray[np.float64]]:
        """Read a prompt: the state after it, and the next token's probabilities."""
        state, probabilities = [each.fresh() for each in self._steppers] or self._fresh(), np.zeros(0)
        for token in prompt:
            state, probabilities = self.step(state, int(token))
        return state, probabilities

    def step(self, state: Any, token: int) -> tuple[Any, NDArray[np.float64]]:
        """Read one more token, which costs one step of each cell."""
        if self._steppers:
            told = [each.step(kept, token) for each, kept in zip(self._steppers, state, strict=True)]
            logits = np.mean([logits for _, logits in told], axis=0, dtype=np.float64)
            raised = np.exp(logits - logits.max())
            return [after for after, _ in told], raised / raised.sum()
        states, probabilities = self._step(state, tf.constant([token]))
        return states, probabilities.numpy().astype(np.float64)

    def save(self, folder: Path) -> dict[str, Any]:
        """Write ``model.keras`` into a local folder, and return the rest of the state but the vocabulary."""
        save_network(self.network, folder)
        return {"history": [asdict(epoch) for epoch in self.history], "validation_loss": self.validation_loss}

    @classmethod
    def load(
        cls, folder: Path, state: Mapping[str, Any], *, vocabulary: Vocabulary, lookback: int
    ) -> "LanguageNetwork":
        """Read what :meth:`save` wrote.

        Raises:
            RegistryError: the file cannot be read, or the network reads or gives something else.
        """
        gives = (None, lookback, len(vocabulary))
        return cls(
            network=load_network(folder, reads=(None, lookback), gives=gives),
            vocabulary=vocabulary,
            history=tuple(Epoch(**epoch) for epoch in state["history"]),
            validation_loss=float(state["validation_loss"]),
        )

    @property
    def _members(self) -> list[Any]:
        return members_of(self.network)

    def _fresh(self, count: int = 1) -> States:
        return [[layer.get_initial_state(batch_size=count) for layer in _recurrent(member)] for member in self._members]

    @functools.cached_property
    def _steppers(self) -> list[Stepper]:
        """Each member by NumPy; none where one has a cell that is not known there."""
        found = [Stepper.of(member) for member in self._members]
        return [each for each in found if each] if all(found) else []

    @functools.cached_property
    def _step(self) -> Any:
        @tf.function(autograph=False)  # type: ignore[untyped-decorator]
        def step(states: States, token: Any) -> tuple[States, Any]:
            told = [_stepped(member, kept, token) for member, kept in zip(self._members, states, strict=True)]
            logits = tf.add_n([logits for _, logits in told]) / len(told)
            return [after for after, _ in told], tf.nn.softmax(logits[0])

        return step

    @functools.cached_property
    def _read(self) -> Any:
        @tf.function(autograph=False, reduce_retracing=True)  # type: ignore[untyped-decorator]
        def read(states: States, piece: Any) -> tuple[States, Any]:
            told = [_over(member, kept, piece[:, :-1]) for member, kept in zip(self._members, states, strict=True)]
            logits = tf.add_n([logits for _, logits in told]) / len(told)
            # Not by TensorFlow's cross-entropy, which is another one to the last bit in a process that has trained.
            nats = -tf.gather(tf.nn.log_softmax(logits), piece[:, 1:], batch_dims=2)
            return [after for after, _ in told], nats

        return read


def _stretches(tokens: int) -> NDArray[np.int64]:
    """Where the stretches of a text begin, all of one length but the last, which may be shorter.

    >>> _stretches(20_000).tolist(), _stretches(5).tolist()
    ([0, 10000], [0])
    """
    count = min(_MOST, max(1, tokens // _LEAST))
    return np.arange(count) * -(-tokens // count)


def _recurrent(member: Any) -> list[Any]:
    return [layer for layer in member.layers if isinstance(layer, keras.layers.RNN)]


def _stepped(member: Any, states: Sequence[Any], token: Any) -> tuple[list[Any], Any]:
    """One token through one member, layer by layer."""
    state, after = member.get_layer("embedding")(token), []
    for layer, kept in zip(_recurrent(member), states, strict=True):
        state, following = layer.cell(state, kept)
        after.append(list(tf.nest.flatten(following)))
    return after, member.get_layer("logits")(state)


def _over(member: Any, states: Sequence[Any], tokens: Any) -> tuple[list[Any], Any]:
    """A piece of text through one member, layer by layer."""
    state, after = member.get_layer("embedding")(tokens), []
    for layer, kept in zip(_recurrent(member), states, strict=True):
        _, state, following = layer.inner_loop(state, kept, mask=None, training=False)
        after.append(list(tf.nest.flatten(following)))
    return after, member.get_layer("logits")(state)


def _ready(network: Any, *, model: ModelSpec) -> Any:
    return ready(network, model=model, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
