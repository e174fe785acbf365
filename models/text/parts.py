"""Documents cut by time into training, validation and test, and those that wait for a label."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daycast.models.scores.labels import Codes, Probabilities
from daycast.models.text.tokens import words
from daycast.models.text.vocabulary import LEAST
from daycast.storage.terms.rules import SplitSpec
from daycast.storage.terms.text import listed
from daycast.storage.terms.words import LABEL, TEXT


@dataclass(frozen=True, kw_only=True, eq=False)
class DocumentParts:
    """The documents of a pipeline as known at an instant; frames have ``document_id``, ``text`` and ``label``.

    Attributes:
        labels: those of the training documents, in their order.
        training: the oldest labelled documents.
        validation: those after them, of labels that training has.
        test: the newest, likewise.
        waiting: without a label.
        strange: labels of validation and test that training has not, with how many documents bear each.
    """

    labels: tuple[str, ...]
    training: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame
    waiting: pd.DataFrame
    strange: Mapping[str, int]

    @property
    def strangers(self) -> str:
        """What is to be said of labels that training has not; empty where there are none."""
        count = sum(self.strange.values())
        return f"{count} held-out documents bear labels that training has not ({_some(self.strange)})" if count else ""

    @property
    def untrainable(self) -> str:
        """Why no forecaster can be trained; empty where one can."""
        if len(self.labels) < 2:
            found = f"{len(self.training)} training documents of {', '.join(map(repr, self.labels)) or 'no label'}"
            return (
                f"labelled documents of at least two labels in the training part are required. Received: {found}. "
                "Wait for labels"
            )
        if not len(self.validation):
            strange = f", as {self.strangers}" if self.strange else ""
            return (
                f"labelled documents in the validation part are required. Received: none{strange}. Wait for labels, or "
                "change split"
            )
        return _too_plain(self.training[TEXT])


def _some(strange: Mapping[str, int]) -> str:
    return listed(sorted(strange), most=3)


def _too_plain(texts: Iterable[str]) -> str:
    """Why documents are all alike to whoever reads words; the first two are enough to know, mostly."""
    found: set[str] = set()
    for text in texts:
        found.update(words(text))
        if len(found) >= LEAST:
            return ""
    return (
        f"training documents with at least {LEAST} different words are required. Received: {len(found)}. "
        "Look at what the text column holds"
    )


def divide(documents: pd.DataFrame, *, split: SplitSpec) -> DocumentParts:
    """Cut documents by time; the labelled ones, oldest first, into training, validation and test.

    Args:
        documents: a row each, oldest first; ``label`` is missing where it is not known.
        split: shares or numbers of labelled documents.

    >>> frame = pd.DataFrame({"text": list("abcdef"), "label": ["x", "y", "x", "y", "z", None]})
    >>> parts = divide(frame, split=SplitSpec(validation=1, test=1))
    >>> parts.training["text"].tolist(), parts.validation["text"].tolist(), parts.waiting["text"].tolist()
    (['a', 'b', 'c'], ['d'], ['f'])
    >>> parts.labels, dict(parts.strange)
    (('x', 'y'), {'z': 1})
    """
    known = documents[documents[LABEL].notna()]
    test, validation = (_size(part, of=len(known)) for part in (split.test, split.validation))
    ends = max(0, len(known) - test - validation), max(0, len(known) - test)
    training = known.iloc[: ends[0]]
    training = training if split.training is None else training.tail(split.training)
    labels = tuple(sorted(training[LABEL].unique()))
    held = [known.iloc[ends[0] : ends[1]], known.iloc[ends[1] :]]
    familiar = [part[part[LABEL].isin(labels)] for part in held]
    strange = Counter(label for part in held for label in part[LABEL] if label not in labels)
    return DocumentParts(
        labels=labels,
        training=training,
        validation=familiar[0],
        test=familiar[1],
        waiting=documents[documents[LABEL].isna()],
        strange=strange,
    )


def codes(documents: pd.DataFrame, labels: tuple[str, ...]) -> Codes:
    """The number of each document's label."""
    numbers = {label: number for number, label in enumerate(labels)}
    return np.asarray(documents[LABEL].map(numbers), dtype=np.int64)


def aligned(told: Probabilities, *, labels: tuple[str, ...], to: tuple[str, ...]) -> Probabilities:
    """Probabilities of some labels as those of others: of one that was not known it is 0.

    >>> aligned(np.array([[0.3, 0.7]]), labels=("bad", "good"), to=("bad", "fair", "good"))
    array([[0.3, 0. , 0.7]])
    """
    wide = np.zeros((len(told), len(to)))
    wide[:, [to.index(label) for label in labels]] = told
    return wide


def stamps(documents: pd.DataFrame) -> NDArray[np.uint64]:
    """A number over each document's text, ``(documents,)``."""
    return np.asarray(pd.util.hash_array(documents[TEXT].to_numpy(dtype=object), categorize=False))


def _size(part: float, *, of: int) -> int:
    return round(part * of) if part < 1 else int(part)
