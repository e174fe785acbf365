"""Which words of a document moved the probability that was told of it: each is left out, and it is told again."""

import re
from collections.abc import Callable, Sequence

from daycast.models.scores.labels import Probabilities

_WORD = re.compile(r"\w[\w'’-]*")
_LOOKED_AT = 64
"""Different words at most that are left out: those of the document's beginning."""


def moved_by(
    text: str, *, label: int, tell: Callable[[Sequence[str]], Probabilities], most: int = 8
) -> list[tuple[str, float]]:
    """The words whose absence changes a label's probability most, with what their presence adds to it.

    Source: Li et al., "Understanding Neural Networks through Representation Erasure", 2016,
    https://arxiv.org/abs/1612.08220.

    Args:
        text: the document.
        label: the number of the label.
        tell: the probabilities of documents, ``(documents, labels)``.
        most: words at most.

    >>> import numpy as np
    >>> tell = lambda texts: np.array([[0.1, 0.9] if "good" in text else [0.6, 0.4] for text in texts])
    >>> [(word, round(by, 1)) for word, by in moved_by("a good film", label=1, tell=tell, most=1)]
    [('good', 0.5)]
    """
    words = list(dict.fromkeys(found.group() for found in _WORD.finditer(text)))[:_LOOKED_AT]
    told = tell([text, *(re.sub(rf"\b{re.escape(word)}\b", " ", text) for word in words)])[:, label]
    by = [(word, float(told[0] - each)) for word, each in zip(words, told[1:], strict=True)]
    return sorted(by, key=lambda each: -abs(each[1]))[:most]
