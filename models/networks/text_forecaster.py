"""Everybody who continues text, as one version keeps them: counts, network, and who of them writes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from daycast.models.networks.fitting import Epoch
from daycast.models.networks.language import LanguageNetwork
from daycast.models.networks.text_files import COUNTS, load_arrays, load_vocabulary, save_arrays, save_vocabulary
from daycast.models.scores.text import Nats
from daycast.models.text.generation import Drawing, Writer, Written, write
from daycast.models.text.ngram import NGram, NGramWriter
from daycast.models.text.vocabulary import Tokens, Vocabulary
from daycast.storage.terms.errors import RegistryError
from daycast.storage.terms.text_model import TextModelSpec
from daycast.storage.terms.words import NETWORK, ForecasterName


@dataclass(frozen=True, kw_only=True, eq=False)
class TextForecaster:
    """A version.

    Attributes:
        ngram: the counts.
        network: the network, which knows the same tokens.
        lookback: tokens of its training windows.
        served: who writes; none before the race.
        reason: why, in words.
    """

    ngram: NGram
    network: LanguageNetwork
    lookback: int
    served: ForecasterName | None = None
    reason: str = ""

    @classmethod
    def fit(
        cls,
        parts: Sequence[Tokens],
        *,
        vocabulary: Vocabulary,
        model: TextModelSpec,
        lookback: int,
        on_epoch: Callable[[Epoch], None],
        expired: Callable[[], bool],
    ) -> "TextForecaster":
        """Count and train; the same text, model and seed give the same files in a fresh process on one machine.

        Args:
            parts: training and validation text, as numbers.
            vocabulary: of the training text.
            model: the network and how it is fitted.
            lookback: tokens of a training window.
            on_epoch: told of each pass.
            expired: asked every so many steps; once true, training ends and the best weights so far are kept.

        Raises:
            DataError: a part is no longer than the lookback, or the loss is not a number.
        """
        training, validation = parts
        network = LanguageNetwork.fit(
            parts,
            model=model,
            vocabulary=vocabulary,
            lookback=lookback,
            on_epoch=on_epoch,
            expired=expired,
        )
        return cls(ngram=NGram.fit(training, validation, size=len(vocabulary)), network=network, lookback=lookback)

    def raced(self, served: ForecasterName, *, reason: str = "") -> "TextForecaster":
        """The same with who writes, and why."""
        return replace(self, served=served, reason=reason)

    @property
    def vocabulary(self) -> Vocabulary:
        """What all of them know."""
        return self.network.vocabulary

    def nats(self, numbers: Tokens) -> dict[ForecasterName, Nats]:
        """The loss of each token but the first of a text, as the race takes it, by forecaster.

        The network reads a long text in several pieces side by side.
        """
        return {
            "unigram": self.ngram.unigram.nats(numbers)[1:],
            "ngram": self.ngram.nats(numbers)[1:],
            "network": self.network.nats(numbers, side_by_side=True),
        }

    def write(self, prompt: str, *, drawing: Drawing) -> Written:
        """Continue a prompt by the one that serves.

        Raises:
            RegistryError: no race was held.
        """
        if self.served is None:
            raise RegistryError("A version that has raced is required. Received: one that has not. Retrain.")
        writer: Writer = self.network if self.served == NETWORK else NGramWriter(self.ngram)
        return write(writer, vocabulary=self.vocabulary, prompt=prompt, drawing=drawing)

    def save(self, folder: Path) -> dict[str, Any]:
        """Write ``model.keras``, ``vocabulary.json`` and ``ngram.npz`` into a local folder.

        Returns:
            The rest of the state, as JSON knows it.
        """
        save_vocabulary(self.network.vocabulary, folder)
        save_arrays(self.ngram.arrays(), folder, name=COUNTS)
        return {
            "lookback": self.lookback,
            "served": self.served,
            "reason": self.reason,
            "network": self.network.save(folder),
        }

    @classmethod
    def load(cls, folder: Path, state: Mapping[str, Any]) -> "TextForecaster":
        """Read what :meth:`save` wrote.

        Raises:
            RegistryError: a file cannot be read, or the network reads or gives something else.
        """
        known, lookback = load_vocabulary(folder), int(state["lookback"])
        return cls(
            ngram=NGram.from_arrays(load_arrays(folder, name=COUNTS)),
            network=LanguageNetwork.load(folder, state["network"], vocabulary=known, lookback=lookback),
            lookback=lookback,
            served=state["served"],
            reason=state["reason"],
        )
