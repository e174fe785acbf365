"""Rows of one length, and windows of running text."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daycast.models.text.sequences import continued, fitted, following, matrix, stream
from daycast.models.text.vocabulary import Vocabulary
from daycast.storage.terms.errors import DataError


def test_four_characters_give_the_next():
    text = "hello world"
    known = Vocabulary.fit([text], kind="character")
    windows, after = following(known.encode(text), lookback=4)
    pairs = [(known.decode(window), known.decode([token])) for window, token in zip(windows, after, strict=True)]
    assert pairs == [
        ("hell", "o"),
        ("ello", " "),
        ("llo ", "w"),
        ("lo w", "o"),
        ("o wo", "r"),
        (" wor", "l"),
        ("worl", "d"),
    ]


@given(count=st.integers(0, 30), length=st.integers(1, 12))
def test_rows_are_padded_at_the_end_and_cut_in_the_middle(count, length):
    numbers = np.arange(2, count + 2, dtype=np.int32)
    row = fitted(numbers, length=length)
    assert (row.shape, row.dtype) == ((length,), np.int32)
    if count <= length:
        assert row[:count].tolist() == numbers.tolist()
        assert not row[count:].any()
    else:
        ahead = length - length // 2
        assert row[:ahead].tolist() == numbers[:ahead].tolist()
        assert row[ahead:].tolist() == numbers[count - length // 2 :].tolist()


def test_documents_become_rows():
    known = Vocabulary.fit(["hello world", "good morning"], kind="word")
    rows = matrix(["hello world", "", "good good morning world"], vocabulary=known, length=3)
    assert rows.tolist() == [[4, 2, 0], [0, 0, 0], [5, 5, 2]]


def test_texts_go_on_one_after_the_other():
    known = Vocabulary.fit(["ab", "ba"], kind="character")
    assert known.decode(stream(["ab", "", "ba"], vocabulary=known)) == "abba"


def test_each_token_has_the_one_after_it():
    windows, after = continued(np.arange(8, dtype=np.int32), lookback=3, step=2)
    assert windows.tolist() == [[0, 1, 2], [2, 3, 4], [4, 5, 6]]
    assert after.tolist() == [[1, 2, 3], [3, 4, 5], [5, 6, 7]]


@pytest.mark.parametrize("cut", [following, continued])
def test_a_text_shorter_than_the_lookback_is_refused(cut):
    with pytest.raises(DataError, match="longer than the lookback of 4 tokens is required. Received: one of 4"):
        cut(np.arange(4), lookback=4)


def test_memory_is_that_of_the_rows():
    """So that 100,000 documents of 400 words take 160 MB, however long they are."""
    texts = ["all the news that is fit to print " * 125] * 2_000
    known = Vocabulary.fit(texts[:1], kind="word")
    tracemalloc.start()
    rows = matrix(texts, vocabulary=known, length=400)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1.3 * rows.nbytes + 1_000_000
