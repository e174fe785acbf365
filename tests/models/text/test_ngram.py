"""Counts that continue text: probabilities by hand, and the order that validation chooses."""

import numpy as np
import pytest

from daycast.models.text.ngram import NGram, NGramWriter
from daycast.models.text.vocabulary import Vocabulary

TEXT = "the cat sat on the mat and the rat sat on the cat. " * 20


@pytest.fixture(scope="module")
def known():
    return Vocabulary.fit([TEXT], kind="character")


@pytest.fixture(scope="module")
def ngram(known):
    numbers = known.encode(TEXT)
    return NGram.fit(numbers[:800], numbers[800:], size=len(known))


def test_probabilities_by_hand():
    """Of a a b (2, 2, 3): two tokens seen three times, the flat 1/3 having the weight of two different ones."""
    text = np.array([2, 2, 3], dtype=np.int32)
    single = NGram.fit(text, text, size=4, most=1)
    a, b = (2 + 2 / 3) / 5, (1 + 2 / 3) / 5
    np.testing.assert_allclose(single.probabilities([]), [0, (2 / 3) / 5, a, b])
    pairs = NGram.fit(text, np.tile(text, 2), size=4, most=2)
    assert pairs.order == 2
    after = pairs.probabilities([2])  # after an a came a and b, once each
    np.testing.assert_allclose(after[2:], [(1 + 2 * a) / 4, (1 + 2 * b) / 4])
    np.testing.assert_allclose(pairs.probabilities([3]), single.probabilities([]))  # nothing came after b


def test_every_context_has_probabilities_with_the_sum_one(ngram, known):
    for text in ("", "th", "zzz", "the cat s", "at on the m"):
        probabilities = ngram.probabilities(known.encode(text).tolist()[-ngram.order + 1 :])
        assert probabilities.sum() == pytest.approx(1.0)
        assert (probabilities[1:] > 0).all()


def test_losses_are_those_of_the_probabilities(ngram, known):
    numbers = known.encode("on the rat x")
    nats = ngram.nats(numbers)
    for place, number in enumerate(numbers):
        context = numbers[max(0, place - ngram.order + 1) : place].tolist()
        assert nats[place] == pytest.approx(-np.log(ngram.probabilities(context)[number]))


def test_validation_chooses_the_order(ngram, known):
    numbers = known.encode(TEXT)
    assert 3 <= ngram.order <= 8
    assert ngram.nats(numbers[800:]).mean() < 0.2 * ngram.unigram.nats(numbers[800:]).mean()
    noise = np.random.default_rng(0).integers(2, 12, size=2_000).astype(np.int32)
    assert NGram.fit(noise[:1_000], noise[1_000:], size=12).order == 1


def test_what_is_kept_of_it_gives_the_same(ngram, known, tmp_path):
    np.savez(tmp_path / "ngram.npz", **ngram.arrays())
    with np.load(tmp_path / "ngram.npz", allow_pickle=False) as kept:
        again = NGram.from_arrays(dict(kept))
    numbers = known.encode("the rat sat")
    np.testing.assert_array_equal(again.nats(numbers), ngram.nats(numbers))


def test_a_writer_keeps_the_last_tokens(ngram, known):
    writer = NGramWriter(ngram)
    state, probabilities = writer.begin(known.encode("the cat sat on the"))
    assert len(state) == ngram.order - 1
    stepped, after = writer.step(*(writer.begin(known.encode("the cat sat on th"))[0], int(known.encode("e")[0])))
    assert stepped == state
    np.testing.assert_array_equal(after, probabilities)
