"""Majority, regression, blend and temperature on sentences whose label their words decide."""

import math

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from daycast.models.scores.labels import accuracy, log_loss
from daycast.models.text.calibration import blended, fit_share, fit_temperature, warmed
from daycast.models.text.linear import Linear
from daycast.models.text.majority import Majority
from daycast.models.text.vocabulary import Vocabulary
from daycast.storage.terms.errors import DataError

GOOD, BAD, OTHER = ["good", "fine", "great"], ["bad", "poor", "awful"], ["film", "plot", "cast", "day", "the", "a"]


def _sentences(count, seed=0):
    random = np.random.default_rng(seed)
    actual = random.integers(0, 2, size=count)
    told = [[*random.choice(OTHER, 5), random.choice((BAD, GOOD)[label])] for label in actual]
    return [" ".join(random.permutation(words)) for words in told], actual


@pytest.fixture(scope="module")
def linear():
    training, validation = _sentences(300), _sentences(60, seed=1)
    return Linear.fit(training, validation, vocabulary=Vocabulary.fit(training[0], kind="word"))


def test_the_regression_learns_what_decides(linear):
    texts, actual = _sentences(100, seed=2)
    told = linear.predict(texts)
    np.testing.assert_allclose(told.sum(axis=1), 1.0)
    assert accuracy(told, actual) == 1.0
    assert {word for word, _ in linear.moved("the good day, the great film", label=1, most=2)} == {"good", "great"}
    assert linear.moved("bad", label=1)[0][1] < 0


def test_of_several_labels_a_word_counts_by_the_one_of_which_it_tells_most():
    texts = [f"{word} film {word}" for word in ("drama", "comedy", "crime") for _ in range(30)]
    actual = np.repeat([0, 1, 2], 30)
    known = Vocabulary.fit(texts, kind="word")
    linear = Linear.fit((texts, actual), (texts, actual), vocabulary=known)
    weights = dict(zip(map(linear._name, map(int, linear.keys)), linear.weights, strict=True))
    assert weights["drama"] == pytest.approx(weights["crime"])
    assert weights["drama"] > 10 * weights["film"]
    assert accuracy(linear.predict(["crime", "comedy"]), np.array([2, 1])) == 1.0
    assert linear.predict(["film", ""]).sum(axis=1) == pytest.approx(1.0)


def test_the_regression_is_that_of_scikit_learns_vectorizer_with_the_root_of_what_naive_bayes_weighs(linear):
    """Within the solver's tolerance."""
    texts, actual = _sentences(300)
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\S+")  # noqa: S106 — no password
    rows = vectorizer.fit_transform(texts)
    assert sorted(vectorizer.vocabulary_) == sorted(linear._name(int(key)) for key in linear.keys)
    good, bad = (1 + np.asarray((rows > 0)[actual == label].sum(axis=0)).ravel() for label in (1, 0))
    root = np.sqrt(np.abs(np.log(good / good.sum() / (bad / bad.sum()))))

    def weighed(found):
        return normalize(found.multiply(root[np.newaxis]).tocsr())

    losses = {}
    for penalty in (3.0, 30.0):
        fitted = LogisticRegression(C=penalty, max_iter=500, tol=1e-5).fit(weighed(rows), actual)
        told = fitted.predict_proba(weighed(vectorizer.transform(_sentences(60, seed=1)[0])))
        losses[penalty] = (log_loss(told, _sentences(60, seed=1)[1]), told)
    np.testing.assert_allclose(
        linear.predict(_sentences(60, seed=1)[0]), min(losses.values(), key=lambda x: x[0])[1], atol=0.01
    )


def test_three_labels_unknown_words_and_empty_documents():
    texts, actual = ["red fruit", "green leaf", "blue sky"] * 10, np.array([0, 1, 2] * 10)
    made = Linear.fit((texts, actual), ([], np.zeros(0, dtype=np.int64)), vocabulary=Vocabulary.fit(texts, kind="word"))
    assert made.predict(["red", "leaf", "a blue thing"]).argmax(axis=1).tolist() == [0, 1, 2]
    np.testing.assert_allclose(made.predict(["", "new words"])[0], made.predict(["", "new words"])[1])
    assert made.predict([]).shape == (0, 3)


def test_what_is_kept_of_it_gives_the_same(linear, tmp_path):
    np.savez(tmp_path / "linear.npz", **linear.arrays())
    with np.load(tmp_path / "linear.npz", allow_pickle=False) as kept:
        again = Linear.from_arrays(dict(kept), vocabulary=linear.vocabulary)
    np.testing.assert_array_equal(again.predict(["a good film"]), linear.predict(["a good film"]))


def test_the_majority_is_how_frequent_each_label_was():
    made = Majority.fit(np.array([0, 1, 1, 1]), labels=2)
    assert made.predict(2).tolist() == [[0.25, 0.75]] * 2
    assert made.predict(0).shape == (0, 2)


@pytest.mark.parametrize(("actual", "labels"), [([0, 0], 1), ([0, 0], 2), ([], 2)])
def test_one_label_alone_is_refused(actual, labels):
    with pytest.raises(DataError, match="at least two labels"):
        Majority.fit(np.array(actual, dtype=np.int64), labels=labels)


def test_the_temperature_of_certainty_that_is_half_right():
    """Told with 0.99 and right in three of four: the best single probability is 0.75."""
    told, actual = np.repeat([[0.99, 0.01]], 4, axis=0), np.array([0, 0, 0, 1])
    temperature = fit_temperature(told, actual)
    assert temperature == pytest.approx(math.log(99) / math.log(3), rel=0.02)
    assert warmed(told, temperature=temperature)[0, 0] == pytest.approx(0.75, abs=0.005)
    assert fit_temperature(told[:0], actual[:0]) == 1.0


def test_the_blend_takes_from_who_is_right():
    right, wrong = np.array([[0.8, 0.2], [0.3, 0.7]]), np.array([[0.4, 0.6], [0.6, 0.4]])
    assert fit_share(wrong, right, np.array([0, 1])) == 1.0
    assert fit_share(right, wrong, np.array([0, 1])) == 0.0
    np.testing.assert_allclose(blended(right, right, share=0.3), right)
