"""Documents as rows of one length, and running text as windows with the token that follows each."""

from collections.abc import Iterable, Sequence

import numpy as np

from daycast.models.text.vocabulary import PADDING, Tokens, Vocabulary
from daycast.storage.terms.errors import DataError


def fitted(numbers: Tokens, *, length: int) -> Tokens:
    """A document's numbers, ``length`` of them.

    A shorter one is padded at its end. Of a longer one the middle is left out, since what a document is about tends to
    be said where it begins and where it ends (Sun et al., "How to Fine-Tune BERT for Text Classification?", 2019,
    https://arxiv.org/abs/1905.05583, section 5.3.1); of an odd length the beginning has one more.

    >>> import numpy as np
    >>> fitted(np.arange(1, 8), length=5), fitted(np.arange(1, 4), length=5)
    (array([1, 2, 3, 6, 7]), array([1, 2, 3, 0, 0]))
    """
    if len(numbers) > length:
        ahead, behind = length - length // 2, length // 2
        return np.concatenate([numbers[:ahead], numbers[len(numbers) - behind :]])
    return np.concatenate([numbers, np.full(length - len(numbers), PADDING, dtype=numbers.dtype)])


def matrix(texts: Sequence[str], *, vocabulary: Vocabulary, length: int) -> Tokens:
    """Documents as rows, ``(documents, length)`` int32; one at a time, so that no more than the rows are held."""
    rows = np.full((len(texts), length), PADDING, dtype=np.int32)
    for row, text in zip(rows, texts, strict=True):
        row[:] = fitted(vocabulary.encode(text), length=length)
    return rows


def stream(texts: Iterable[str], *, vocabulary: Vocabulary) -> Tokens:
    """Texts that go on one after the other, as one row of numbers."""
    return np.concatenate([np.zeros(0, dtype=np.int32), *(vocabulary.encode(text) for text in texts)])


def following(numbers: Tokens, *, lookback: int) -> tuple[Tokens, Tokens]:
    """Every window of running text, and the token that follows each.

    Returns:
        ``(n, lookback)``, a view, and ``(n,)``.

    Raises:
        DataError: the text is no longer than the lookback.

    >>> from daycast.models.text.vocabulary import Vocabulary
    >>> known = Vocabulary.fit(["hello world"], kind="character")
    >>> windows, after = following(known.encode("hello world"), lookback=4)
    >>> [(known.decode(window), known.decode([token])) for window, token in zip(windows, after, strict=True)][:3]
    [('hell', 'o'), ('ello', ' '), ('llo ', 'w')]
    """
    _require_longer(numbers, lookback=lookback)
    windows = np.lib.stride_tricks.sliding_window_view(numbers, lookback)
    return windows[:-1], numbers[lookback:]


def continued(numbers: Tokens, *, lookback: int, step: int | None = None) -> tuple[Tokens, Tokens]:
    """Windows of running text, and for each of their tokens the one that follows it.

    Args:
        numbers: the text.
        lookback: tokens of a window.
        step: from the beginning of one to that of the next; by default they lie end to end.

    Returns:
        Both ``(n, lookback)``; a last window that would not be whole is left out.

    Raises:
        DataError: the text is no longer than the lookback.

    >>> [rows.tolist() for rows in continued(np.arange(6), lookback=2)]
    [[[0, 1], [2, 3]], [[1, 2], [3, 4]]]
    """
    _require_longer(numbers, lookback=lookback)
    windows = np.lib.stride_tricks.sliding_window_view(numbers, lookback + 1)[:: step or lookback]
    return windows[:, :-1], windows[:, 1:]


def _require_longer(numbers: Tokens, *, lookback: int) -> None:
    if len(numbers) <= lookback:
        raise DataError(
            f"A text longer than the lookback of {lookback} tokens is required. Received: one of {len(numbers)}. "
            "Make lookback smaller, or the text longer."
        )
