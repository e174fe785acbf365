"""Everybody who tells labels, as one version keeps them: majority, regression, network, and who of them serves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from daycast.models.networks.fitting import Epoch
from daycast.models.networks.labeller import Labeller
from daycast.models.networks.text_files import load_arrays, load_vocabulary, save_arrays, save_vocabulary
from daycast.models.race.labelling import Tellers, Told
from daycast.models.scores.labels import Codes, Probabilities
from daycast.models.text.linear import Linear
from daycast.models.text.majority import Majority
from daycast.models.text.vocabulary import Vocabulary
from daycast.storage.terms.errors import RegistryError
from daycast.storage.terms.text_model import TextModelSpec

_LINEAR = "linear"
_WIDER = 2
"""The regression knows as many times the network's words: it learns from words that are seldom."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelForecaster:
    """A version.

    Attributes:
        labels: by number.
        majority: how frequent each was.
        linear: the regression.
        network: the network.
        tellers: how their probabilities are set right and who serves; none before the race.
    """

    labels: tuple[str, ...]
    majority: Majority
    linear: Linear
    network: Labeller
    tellers: Tellers | None = None

    @classmethod
    def fit(
        cls,
        parts: Sequence[tuple[Sequence[str], Codes]],
        *,
        labels: Sequence[str],
        model: TextModelSpec,
        size: tuple[int, int],
        on_epoch: Callable[[Epoch], None],
        expired: Callable[[], bool],
    ) -> "LabelForecaster":
        """Train all of them; the same documents, model and seed give the same files in a fresh process on one machine.

        Args:
            parts: training and validation documents with their labels' numbers.
            labels: by number; each is among the training documents'.
            model: the network and how it is fitted.
            size: words that the network knows, and words that it reads of a document.
            on_epoch: told of each pass.
            expired: asked every so many steps; once true, training ends and the best weights so far are kept.

        Raises:
            DataError: a label is not among the training documents', there is only one, or they have one word alone.
        """
        training, validation = parts
        known, length = size
        majority = Majority.fit(training[1], labels=len(labels))
        wide = Vocabulary.fit(training[0], kind="word", size=_WIDER * known)
        return cls(
            labels=tuple(labels),
            majority=majority,
            linear=Linear.fit(training, validation, vocabulary=wide),
            network=Labeller.fit(
                parts, model=model, vocabulary=wide.first(known), length=length, on_epoch=on_epoch, expired=expired
            ),
        )

    def raced(self, tellers: Tellers) -> "LabelForecaster":
        """The same with who serves."""
        return replace(self, tellers=tellers)

    def tell(self, texts: Sequence[str]) -> Told:
        """What each tells of some documents, before anything is set right."""
        return {
            "majority": self.majority.predict(len(texts)),
            "linear": self.linear.predict(texts),
            "network": self.network.predict(texts),
        }

    def predict(self, texts: Sequence[str]) -> Probabilities:
        """What the one that serves tells of some documents, ``(documents, labels)``.

        Raises:
            RegistryError: no race was held.
        """
        if self.tellers is None:
            raise RegistryError("A version that has raced is required. Received: one that has not. Retrain.")
        return self.tellers.apply(self.tell(texts))[self.tellers.served]

    def save(self, folder: Path) -> dict[str, Any]:
        """Write ``model.keras``, ``vocabulary.json`` and ``linear.npz`` into a local folder.

        Returns:
            The rest of the state, as JSON knows it.
        """
        save_vocabulary(self.linear.vocabulary, folder)
        save_arrays(self.linear.arrays(), folder, name=_LINEAR)
        return {
            "labels": list(self.labels),
            "majority": list(self.majority.shares),
            "words": len(self.network.vocabulary),
            "network": self.network.save(folder),
            "tellers": asdict(self.tellers) if self.tellers else None,
        }

    @classmethod
    def load(cls, folder: Path, state: Mapping[str, Any]) -> "LabelForecaster":
        """Read what :meth:`save` wrote.

        Raises:
            RegistryError: a file cannot be read, or the network reads or gives something else.
        """
        wide, labels = load_vocabulary(folder), tuple(state["labels"])
        tellers = state["tellers"]
        return cls(
            labels=labels,
            majority=Majority(shares=tuple(state["majority"])),
            linear=Linear.from_arrays(load_arrays(folder, name=_LINEAR), vocabulary=wide),
            network=Labeller.load(
                folder, state["network"], vocabulary=wide.first(int(state["words"])), labels=len(labels)
            ),
            tellers=Tellers(**tellers) if tellers else None,
        )
