"""TF-IDF of one and two words, and a logistic regression on it: what a network has to beat.

A word counts the more, the more it stands in documents of one label: its TF-IDF is multiplied by the root of what
naive Bayes makes of it (Wang and Manning, "Baselines and Bigrams", 2012, https://aclanthology.org/P12-2018/, who take
the whole of it and no TF-IDF). Among both, neither and this, validation of film reviews chose.

scikit-learn fits. Its own vectorizer holds every pair of words as a string, which takes a GiB for 50,000 documents;
here a pair is one number made of its two words', and what is seldom is cut before any matrix is made.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array
from sklearn.linear_model import LogisticRegression

from daycast.models.scores.labels import Codes, Probabilities, log_loss
from daycast.models.text.vocabulary import UNKNOWN, Tokens, Vocabulary

INVERSE_PENALTIES = (3.0, 30.0)
"""Among which validation chooses; scikit-learn calls them ``C``."""
_FEATURES = 200_000
_LEAST_DOCUMENTS = 3
"""Documents that a word or a pair stands in at least; in a small collection, one is enough."""
_SMALL = 1_000
_BLOCK = 4_096

Keys = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Linear:
    """A fitted regression.

    Attributes:
        vocabulary: the words.
        keys: ``(features,)`` int64, ascending: a word's number, or for a pair that of the first × words + the second's.
        weights: ``(features,)``, inverse document frequencies, each by the root of how much the feature tells.
        coefficients: ``(labels, features)`` float32; of two labels the first row is zeros.
        intercepts: ``(labels,)``.
    """

    vocabulary: Vocabulary
    keys: Keys
    weights: NDArray[np.float64]
    coefficients: NDArray[np.float32]
    intercepts: NDArray[np.float64]

    @classmethod
    def fit(
        cls,
        training: tuple[Sequence[str], Codes],
        validation: tuple[Sequence[str], Codes],
        *,
        vocabulary: Vocabulary,
    ) -> "Linear":
        """Fit on the training documents, with the penalty that is best on validation.

        Args:
            training: documents and their labels' numbers, every label among them.
            validation: likewise; without any the weakest penalty but one is taken.
            vocabulary: of the training documents.
        """
        texts, actual = training
        keys, weights = _features(texts, vocabulary=vocabulary)
        rows = _weighed(texts, keys=keys, weights=weights, vocabulary=vocabulary)
        telling = np.sqrt(_telling(rows, actual))
        rows, weights = _scaled(rows, by=telling), weights * telling
        made = [
            cls._of(_regression(rows, actual, penalty=each), keys=keys, weights=weights, vocabulary=vocabulary)
            for each in (INVERSE_PENALTIES if len(validation[1]) else INVERSE_PENALTIES[:1])
        ]
        return min(made, key=lambda each: log_loss(each.predict(validation[0]), validation[1])) if made[1:] else made[0]

    @classmethod
    def _of(cls, regression: Any, **kept: Any) -> "Linear":
        coefficients, intercepts = regression.coef_, regression.intercept_
        if len(coefficients) == 1:
            coefficients = np.concatenate([np.zeros_like(coefficients), coefficients])
            intercepts = np.concatenate([np.zeros_like(intercepts), intercepts])
        return cls(coefficients=coefficients.astype(np.float32), intercepts=intercepts.astype(np.float64), **kept)

    def predict(self, texts: Sequence[str]) -> Probabilities:
        """Each label's probability, ``(documents, labels)``; some thousand documents are held at a time."""
        blocks = [self._logits(texts[start : start + _BLOCK]) for start in range(0, len(texts), _BLOCK)] or [
            np.zeros((0, len(self.intercepts)))
        ]
        logits = np.concatenate(blocks)
        raised = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def moved(self, text: str, *, label: int, most: int = 10) -> list[tuple[str, float]]:
        """The words and pairs of a document that moved a label's logit most, with by how much, the strongest first."""
        row = _weighed([text], keys=self.keys, weights=self.weights, vocabulary=self.vocabulary)
        away = self.coefficients[label] - self.coefficients.mean(axis=0)
        parts = row.data * away[row.indices]
        strongest = np.argsort(-np.abs(parts), kind="stable")[:most]
        return [(self._name(int(self.keys[row.indices[each]])), float(parts[each])) for each in strongest]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What is kept beside the vocabulary."""
        names = ("keys", "weights", "coefficients", "intercepts")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], *, vocabulary: Vocabulary) -> "Linear":
        """Read what :meth:`arrays` returned."""
        return cls(vocabulary=vocabulary, **arrays)

    def _logits(self, texts: Sequence[str]) -> NDArray[np.float64]:
        rows = _weighed(texts, keys=self.keys, weights=self.weights, vocabulary=self.vocabulary)
        return np.asarray(rows @ self.coefficients.T.astype(np.float64) + self.intercepts)

    def _name(self, key: int) -> str:
        first, second = divmod(key, len(self.vocabulary))
        return " ".join(self.vocabulary.tokens[number] for number in (first, second) if number)


def _regression(rows: csr_matrix, actual: Codes, *, penalty: float) -> LogisticRegression:
    # By a larger tolerance it ends after a few steps, since the loss is a mean over documents.
    return LogisticRegression(C=penalty, max_iter=500, tol=1e-5).fit(rows, actual)


def _telling(rows: csr_matrix, actual: Codes) -> NDArray[np.float64]:
    """How much more often each feature stands in documents of one label than in all others, in nats, ``(features,)``.

    Of the label of which it tells most, or of which it tells most by its absence.
    """
    there = csr_matrix((np.ones(len(rows.data)), rows.indices, rows.indptr), shape=rows.shape)
    of_label = np.stack([np.asarray(there[actual == label].sum(axis=0)).ravel() for label in range(actual.max() + 1)])
    shares, others = (
        (counts + 1) / (counts + 1).sum(axis=1, keepdims=True) for counts in (of_label, of_label.sum(axis=0) - of_label)
    )
    return np.asarray(np.abs(np.log(shares / others)).max(axis=0))


def _scaled(rows: csr_matrix, *, by: NDArray[np.float64]) -> csr_matrix:
    """Rows of length 1 again, each feature multiplied by a number."""
    scaled = rows @ diags_array(by)
    lengths = np.sqrt(np.asarray(scaled.multiply(scaled).sum(axis=1)).ravel())
    return csr_matrix(diags_array(1 / np.maximum(lengths, 1e-12)) @ scaled, dtype=np.float32)


def _features(texts: Sequence[str], *, vocabulary: Vocabulary) -> tuple[Keys, NDArray[np.float64]]:
    """The words and pairs that stand in most documents, and their smoothed inverse document frequencies."""
    keys, counts = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    for start in range(0, len(texts), _BLOCK):
        found = [
            np.unique(_keys(vocabulary.encode(text), size=len(vocabulary))) for text in texts[start : start + _BLOCK]
        ]
        block, times = np.unique(np.concatenate(found), return_counts=True)
        keys, inverse = np.unique(np.concatenate([keys, block]), return_inverse=True)
        counts = np.bincount(inverse, weights=np.concatenate([counts, times]), minlength=len(keys)).astype(np.int64)
    enough = counts >= (_LEAST_DOCUMENTS if len(texts) > _SMALL else 1)
    keys, counts = keys[enough], counts[enough]
    most = np.sort(np.argsort(-counts, kind="stable")[:_FEATURES])
    return keys[most], np.log((1 + len(texts)) / (1 + counts[most])) + 1.0


def _weighed(texts: Iterable[str], *, keys: Keys, weights: NDArray[np.float64], vocabulary: Vocabulary) -> csr_matrix:
    """Rows of length 1: (1 + ln of how often) × inverse document frequency, as scikit-learn's with ``sublinear_tf``."""
    data, indices, ends = [], [], [0]
    for text in texts:
        places, times = _places(_keys(vocabulary.encode(text), size=len(vocabulary)), keys)
        values = (1 + np.log(times)) * weights[places]
        data.append((values / max(float(np.linalg.norm(values)), 1e-12)).astype(np.float32))
        indices.append(places.astype(np.int32))
        ends.append(ends[-1] + len(places))
    return csr_matrix((_all(data, np.float32), _all(indices, np.int32), ends), shape=(len(ends) - 1, len(keys)))


def _places(found: Keys, keys: Keys) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where a document's keys stand among the features, and how often each is in it."""
    unique, times = np.unique(found, return_counts=True)
    places = np.searchsorted(keys, unique)
    known = places < len(keys)
    known[known] = keys[places[known]] == unique[known]
    return places[known], times[known]


def _keys(numbers: Tokens, *, size: int) -> Keys:
    """A document's words and pairs of neighbours; a word that is not known is none, nor in a pair."""
    wide = numbers.astype(np.int64)
    known = wide != UNKNOWN
    pairs = (wide[:-1] * size + wide[1:])[known[:-1] & known[1:]]
    return np.concatenate([wide[known], pairs])


def _all(parts: Sequence[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=dtype)
