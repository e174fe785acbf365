"""Vectors of words: words with like neighbours are alike, and documents are not each other's neighbours."""

import numpy as np
import pytest

from daycast.models.text import word_vectors as module
from daycast.models.text.vocabulary import Vocabulary
from daycast.models.text.word_vectors import word_vectors

LIKE = ["fine", "good", "great"]
UNLIKE = ["dull", "bad", "poor"]


def _texts(count: int = 400) -> list[str]:
    """The words of a group stand before words of its own."""
    random = np.random.default_rng(1)
    groups = [(LIKE, ["laughed", "smiled", "again"]), (UNLIKE, ["yawned", "slept", "left"])]
    return [
        f"the film is {random.choice(words)} we {random.choice(told)} {random.choice(told)}"
        for words, told in (groups[number % 2] for number in range(count))
    ]


def _vectors(texts: list[str], known: Vocabulary, width: int = 6) -> np.ndarray:
    return word_vectors([known.encode(text) for text in texts], size=len(known), width=width)


def _alike(vectors: np.ndarray, known: Vocabulary, one: str, other: str) -> float:
    a, b = (vectors[known.numbers[word]].astype(float) for word in (one, other))
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_words_with_like_neighbours_are_alike() -> None:
    known = Vocabulary.fit(_texts(), kind="word")
    vectors = _vectors(_texts(), known, width=3)
    within = [_alike(vectors, known, words[0], each) for words in (LIKE, UNLIKE) for each in words[1:]]
    between = [_alike(vectors, known, one, other) for one in LIKE for other in UNLIKE]
    assert min(within) > 0.6
    assert min(within) > max(between) + 0.3
    assert not vectors[:2].any(), "padding and the unknown word"
    assert vectors.std() == pytest.approx(0.05, rel=1e-3)


def test_the_same_documents_give_the_same_in_any_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Vocabulary.fit(_texts(), kind="word")
    whole = _vectors(_texts(), known)
    np.testing.assert_array_equal(_vectors(_texts(), known), whole)
    monkeypatch.setattr(module, "_BLOCK", 50)
    np.testing.assert_allclose(_vectors(_texts(), known), whole, atol=1e-5)


def test_a_word_has_no_neighbour_in_another_document() -> None:
    known = Vocabulary.fit(["a", "b"], kind="word")
    assert not _vectors(["a", "b"], known).any()
    assert _vectors(["a b"], known).any()


def test_fewer_words_than_numbers_leave_the_rest_zeros() -> None:
    known = Vocabulary.fit(["a b a c"], kind="word")
    vectors = _vectors(["a b a c"], known, width=10)
    assert vectors.shape == (5, 10)
    assert not vectors[:, 3:].any()
    assert not word_vectors([], size=5, width=4).any()
