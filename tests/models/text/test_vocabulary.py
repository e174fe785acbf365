"""Tokens by number: Keras' own numbers, and what is not known."""

import json

import numpy as np
import pytest

from daycast.models.text.vocabulary import Vocabulary
from daycast.storage.terms.errors import DataError

TUTORIAL = ["hello world", "good morning"]


def test_the_tutorials_sentences_give_their_sequences():
    known = Vocabulary.fit(TUTORIAL, kind="word")
    assert [known.encode(text).tolist() for text in TUTORIAL] == [[4, 2], [5, 3]]


@pytest.mark.slow
@pytest.mark.parametrize("size", [None, 6])
def test_numbers_are_those_of_keras_text_vectorization(size):
    from daycast.models.networks.backend import load_keras

    load_keras()
    import keras

    texts = ["The film was good, GOOD; the end.", "bad film? It's the worst!", *TUTORIAL]
    for kind, settings in (("word", {}), ("character", {"standardize": None, "split": "character"})):
        layer = keras.layers.TextVectorization(max_tokens=size, output_sequence_length=40, **settings)
        layer.adapt(texts)
        known = Vocabulary.fit(texts, kind=kind, size=size)
        assert list(known.tokens) == layer.get_vocabulary()
        for text in (*texts, "a new film"):
            numbers = layer([text]).numpy()[0]
            assert known.encode(text).tolist() == numbers[: len(known.encode(text))].tolist()


def test_only_the_most_frequent_are_kept():
    known = Vocabulary.fit(["a a a b b c"], kind="word", size=4)
    assert known.tokens == ("", "[UNK]", "a", "b")
    assert known.encode("c b a").tolist() == [1, 3, 2]
    assert known.unknown("c d a c") == ["c", "d"]


def test_a_smaller_vocabulary_is_the_first_of_a_larger_one():
    texts = ["a a a b b c d e"]
    assert Vocabulary.fit(texts, kind="word").first(4) == Vocabulary.fit(texts, kind="word", size=4)


def test_what_is_stored_is_read_again():
    known = Vocabulary.fit(["天气 😀 é"], kind="character")
    again = Vocabulary.from_state(json.loads(json.dumps(known.state())))
    assert again == known
    assert again.decode(again.encode("天😀")) == "天😀"


def test_an_empty_document_has_no_numbers():
    numbers = Vocabulary.fit(TUTORIAL, kind="word").encode("")
    assert (numbers.shape, numbers.dtype) == ((0,), np.int32)


@pytest.mark.parametrize("texts", [[], [""], ["word word"]])
def test_one_word_is_no_vocabulary(texts):
    with pytest.raises(DataError, match="at least 2 different words"):
        Vocabulary.fit(texts, kind="word")
