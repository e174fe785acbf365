"""Documents cut by time: oldest for training, newest for the test, and none in two parts."""

import numpy as np
import pandas as pd
import pytest

from daycast.models.text.parts import aligned, codes, divide, stamps
from daycast.storage.terms.rules import SplitSpec


def _documents(labels):
    ids = [f"d{number}" for number in range(len(labels))]
    return pd.DataFrame({"document_id": ids, "text": [f"text {each}" for each in ids], "label": labels})


def test_each_document_is_in_one_part_in_the_order_of_time():
    documents = _documents([*"xy" * 10, None, None])
    parts = divide(documents, split=SplitSpec(validation=0.2, test=5))
    held = [parts.training, parts.validation, parts.test, parts.waiting]
    assert [len(part) for part in held] == [11, 4, 5, 2]
    assert pd.concat(held)["document_id"].tolist() == documents["document_id"].tolist()
    assert (parts.labels, parts.untrainable) == (("x", "y"), "")


def test_a_part_for_training_of_a_number_is_the_newest_before_the_others():
    parts = divide(_documents(["x", "y"] * 10), split=SplitSpec(training=6, validation=2, test=2))
    assert parts.training["document_id"].tolist() == [f"d{number}" for number in range(10, 16)]


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        (["x"] * 20, "Received: 14 training documents of 'x'"),
        ([None] * 5, "Received: 0 training documents of no label"),
        (["x", "y", "z"], "validation part are required. Received: none. Wait"),
        ([*"xy" * 7, *["odd"] * 6], "none, as 6 held-out documents bear labels that training has not (odd)"),
    ],
)
def test_what_cannot_be_learned_is_said(labels, why):
    split = SplitSpec(validation=0.15, test=0.15) if len(labels) > 3 else SplitSpec(validation=0.1, test=0.1)
    assert why in divide(_documents(labels), split=split).untrainable


def test_documents_of_a_single_word_are_too_plain_and_their_markup_is_none():
    documents = _documents([*"xy" * 10])
    assert "Received: 1" in divide(documents.assign(text="<b>Word</b>, word!"), split=SplitSpec()).untrainable
    assert "Received: 0" in divide(documents.assign(text="?!"), split=SplitSpec()).untrainable


def test_codes_stamps_and_columns_are_of_what_they_name():
    documents = _documents(["b", "a", "b"])
    assert codes(documents, ("a", "b")).tolist() == [1, 0, 1]
    assert len(set(stamps(documents).tolist())) == 3
    assert stamps(documents).tolist() == stamps(documents.iloc[::-1]).tolist()[::-1]
    told = aligned(np.array([[0.2, 0.8]]), labels=("a", "c"), to=("a", "b", "c"))
    assert told.tolist() == [[0.2, 0.0, 0.8]]
