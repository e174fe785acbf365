"""Everybody who continues text, as one version keeps them: counts, network, and who of them writes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from daycast.models.networks.fitting import Epoch
from daycast.models.networks.language import LanguageNetwork
from daycast.models.networks.text_files import load_arrays, load_vocabulary, save_arrays, save_vocabulary
from daycast.models.scores.text import Nats
from daycast.models.text.generation import Drawing, Writer, Written, write
from daycast.models.text.ngram import NGram, NGramWriter
from daycast.models.text.sequences import stream
from daycast.models.text.vocabulary import Vocabulary
from daycast.storage.terms.errors import RegistryError
from daycast.storage.terms.text_model import TextModelSpec
from daycast.storage.terms.words import NETWORK, ForecasterName, TokenKind

_COUNTS = "ngram"


@dataclass(frozen=True, kw_only=True, eq=False)
class TextForecaster:
    """A version.

    Attributes:
        ngram: the counts.
        network: the network, which knows the same tokens.
        lookback: tokens of its training windows.
        served: who writes; none before the race.
    """

    ngram: NGram
    network: LanguageNetwork
    lookback: int
    served: ForecasterName | None = None

    @classmethod
    def fit(
        cls,
        parts: Sequence[Sequence[str]],
        *,
        token: tuple[TokenKind, int | None],
        model: TextModelSpec,
        lookback: int,
        on_epoch: Callable[[Epoch], None],
        expired: Callable[[], bool],
    ) -> "TextForecaster":
        """Count and train; the same text, model and seed give the same files in a fresh process on one machine.

        Args:
            parts: training and validation texts, each in their order.
            token: ``word`` or ``character``, and how many are known at most.
            model: the network and how it is fitted.
            lookback: tokens of a training window.
            on_epoch: told of each pass.
            expired: asked every so many steps; once true, training ends and the best weights so far are kept.

        Raises:
            DataError: a part is no longer than the lookback, or has one token alone.
        """
        kind, most = token
        known = Vocabulary.fit(parts[0], kind=kind, size=most)
        training, validation = (stream(texts, vocabulary=known) for texts in parts)
        network = LanguageNetwork.fit(
            [training, validation],
            model=model,
            vocabulary=known,
            lookback=lookback,
            on_epoch=on_epoch,
            expired=expired,
        )
        return cls(ngram=NGram.fit(training, validation, size=len(known)), network=network, lookback=lookback)

    def raced(self, served: ForecasterName) -> "TextForecaster":
        """The same with who writes."""
        return replace(self, served=served)

    def nats(self, texts: Sequence[str]) -> dict[ForecasterName, Nats]:
        """The loss of each token but the first of texts that go on, by forecaster, as the race takes it."""
        numbers = stream(texts, vocabulary=self.network.vocabulary)
        return {
            "unigram": self.ngram.unigram.nats(numbers)[1:],
            "ngram": self.ngram.nats(numbers)[1:],
            "network": self.network.nats(numbers),
        }

    def write(self, prompt: str, *, drawing: Drawing) -> Written:
        """Continue a prompt by the one that serves.

        Raises:
            RegistryError: no race was held.
        """
        if self.served is None:
            raise RegistryError("A version that has raced is required. Received: one that has not. Retrain.")
        writer: Writer = self.network if self.served == NETWORK else NGramWriter(self.ngram)
        return write(writer, vocabulary=self.network.vocabulary, prompt=prompt, drawing=drawing)

    def save(self, folder: Path) -> dict[str, Any]:
        """Write ``model.keras``, ``vocabulary.json`` and ``ngram.npz`` into a local folder.

        Returns:
            The rest of the state, as JSON knows it.
        """
        save_vocabulary(self.network.vocabulary, folder)
        save_arrays(self.ngram.arrays(), folder, name=_COUNTS)
        return {"lookback": self.lookback, "served": self.served, "network": self.network.save(folder)}

    @classmethod
    def load(cls, folder: Path, state: Mapping[str, Any]) -> "TextForecaster":
        """Read what :meth:`save` wrote.

        Raises:
            RegistryError: a file cannot be read, or the network reads or gives something else.
        """
        known, lookback = load_vocabulary(folder), int(state["lookback"])
        return cls(
            ngram=NGram.from_arrays(load_arrays(folder, name=_COUNTS)),
            network=LanguageNetwork.load(folder, state["network"], vocabulary=known, lookback=lookback),
            lookback=lookback,
            served=state["served"],
        )
