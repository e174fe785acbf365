"""Vectors of words by the words that stand beside them, from the training documents alone.

A network that begins with them need not learn from some thousand labels which words are alike. They are positive
pointwise mutual information, its contexts smoothed, factored by singular values (Levy, Goldberg and Dagan, "Improving
Distributional Similarity with Lessons Learned from Word Embeddings", 2015, https://aclanthology.org/Q15-1016/).
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from sklearn.utils.extmath import randomized_svd

from daycast.models.text.vocabulary import FIRST, Tokens

_BESIDE = 5
"""Words on each side that count, the nth one an nth."""
_SMOOTHING = 0.75
"""Power of a context's frequency: what is seldom would otherwise be the context that says most."""
_DEVIATION = 0.05
"""Of the numbers, as an embedding begins with."""
_BLOCK = 2_000_000
"""Words that are counted at a time."""
_ROUNDS = 4
"""Power iterations of the factoring."""


def word_vectors(documents: Iterable[Tokens], *, size: int, width: int) -> NDArray[np.float32]:
    """Vectors of words; the same documents give the same ones.

    Args:
        documents: as numbers, whole.
        size: of the vocabulary.
        width: numbers of a vector; at most as many as there are words differ from zero.

    Returns:
        ``(size, width)``. Zeros for padding, for the unknown word, and for words without a word beside them.
    """
    counts = csr_matrix((size, size), dtype=np.float32)
    for words in _blocks(documents):
        counts += _beside(words, size=size)
    information = _information(counts + counts.T)
    found = np.zeros((size, width), dtype=np.float32)
    rank = min(width, size - FIRST)
    if information.nnz and rank > 0:
        left, values, _ = randomized_svd(information, rank, n_iter=_ROUNDS, random_state=0)
        found[:, :rank] = left * np.sqrt(values)
        found[information.getnnz(axis=1) == 0] = 0  # the factors leave a trace there
        found *= _DEVIATION / found.std()
    return found


def _blocks(documents: Iterable[Tokens]) -> Iterable[Tokens]:
    """Documents one after the other, so far apart that no word stands beside one of another document."""
    gap, held, count = np.zeros(_BESIDE, dtype=np.int32), list[Tokens](), 0
    for document in documents:
        held += [document, gap]
        count += len(document)
        if count >= _BLOCK:
            yield np.concatenate(held)
            held, count = [], 0
    if held:
        yield np.concatenate(held)


def _beside(words: Tokens, *, size: int) -> csr_matrix:
    """How often the second word stands after the first, near ones counting more."""
    counts = csr_matrix((size, size), dtype=np.float32)
    for apart in range(1, _BESIDE + 1):
        first, second = words[:-apart], words[apart:]
        known = (first >= FIRST) & (second >= FIRST)
        weights = np.full(int(known.sum()), 1 / apart, dtype=np.float32)
        counts += coo_matrix((weights, (first[known], second[known])), shape=(size, size)).tocsr()
    return counts


def _information(counts: csr_matrix) -> csr_matrix:
    """How much more often two words stand beside each other than by chance, in nats; nothing where they do not."""
    pairs = counts.tocoo()
    total = np.maximum(np.asarray(counts.sum(axis=1), dtype=np.float64).ravel(), np.finfo(np.float64).tiny)
    contexts = total**_SMOOTHING
    told = np.log(pairs.data * contexts.sum() / (total[pairs.row] * contexts[pairs.col]))
    more = told > 0
    return csr_matrix((told[more].astype(np.float32), (pairs.row[more], pairs.col[more])), shape=counts.shape)
