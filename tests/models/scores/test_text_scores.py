"""Scores of text: golden numbers."""

import math

import numpy as np
import pytest

from daycast.models.scores.text import score_text

NATS = np.log([2.0, 8.0])
EACH_OF_TEN = np.full(2, math.log(10))


def test_golden_numbers():
    scores = score_text(NATS, unigram=EACH_OF_TEN, characters=2)
    assert scores["perplexity"] == (pytest.approx(4.0), 2)
    assert scores["bits_per_character"][0] == pytest.approx(2.0)
    assert scores["skill"][0] == pytest.approx(1 - math.log(4) / math.log(10))


def test_bits_of_words_are_by_character():
    assert score_text(NATS, unigram=EACH_OF_TEN, characters=8)["bits_per_character"][0] == pytest.approx(0.5)


def test_no_text_has_no_scores():
    assert score_text(np.zeros(0), unigram=np.zeros(0), characters=0) == {}


def test_what_could_not_come_is_finite():
    assert math.isfinite(score_text(np.array([1e6]), unigram=np.array([1.0]), characters=1)["perplexity"][0])
