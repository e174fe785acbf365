"""Text that goes on: drawn as asked, the same again, and prompts of every kind."""

import numpy as np
import pytest

from daycast.models.text.generation import Drawing, chosen, write
from daycast.models.text.ngram import NGram, NGramWriter
from daycast.models.text.vocabulary import Vocabulary
from daycast.storage.terms.errors import ConfigError

TEXT = "the cat sat on the mat and the rat sat on the cat. " * 20


def _write(prompt="the ", kind="character", **drawing):
    known = Vocabulary.fit([TEXT], kind=kind)
    numbers = known.encode(TEXT)
    ngram = NGram.fit(numbers, numbers, size=len(known))
    return write(NGramWriter(ngram), vocabulary=known, prompt=prompt, drawing=Drawing(**drawing))


def test_the_same_seed_gives_the_same_text_and_another_another():
    assert _write(seed=1, length=200) == _write(seed=1, length=200)
    assert _write(seed=1, length=200) != _write(seed=2, length=200)


@pytest.mark.parametrize("kind", ["character", "word"])
def test_it_stops_at_its_length(kind):
    assert [len(_write(kind=kind, length=length).text) for length in (1, 10, 333)] == [1, 10, 333]


def test_what_is_cold_is_the_most_probable():
    assert _write("the cat sat o", temperature=0.01, length=6).text == "n the "


def test_characters_never_seen_are_left_out_with_a_remark():
    written = _write("§the ☃☃ cat§", length=5)
    assert written.prompt == "the  cat"
    assert written.remarks == ("2 characters of the prompt were never seen in training, and are left out: '§', '☃'",)


@pytest.mark.parametrize("prompt", ["", "§"])
def test_a_prompt_of_nothing_known_goes_on_all_the_same(prompt):
    written = _write(prompt, length=20)
    assert (written.prompt, len(written.text)) == ("", 20)


def test_only_the_most_probable_are_drawn():
    told = np.array([0.3, 0.3, 0.2, 0.1, 0.06, 0.04])
    assert chosen(told, drawing=Drawing(temperature=1)).round(3).tolist() == [0, 0, 0.5, 0.25, 0.15, 0.1]
    assert np.flatnonzero(chosen(told, drawing=Drawing(temperature=1, top_k=2))).tolist() == [2, 3]
    assert np.flatnonzero(chosen(told, drawing=Drawing(temperature=1, top_p=0.76))).tolist() == [2, 3, 4]
    assert np.flatnonzero(chosen(told, drawing=Drawing(temperature=1, top_p=0.1))).tolist() == [2]
    both = chosen(told, drawing=Drawing(temperature=1, top_k=3, top_p=0.5))
    assert np.flatnonzero(both).tolist() == [2]


@pytest.mark.parametrize(
    "wrong",
    [{"length": 0}, {"temperature": 0}, {"temperature": float("nan")}, {"top_k": 0}, {"top_p": 1.5}, {"seed": -1}],
)
def test_what_cannot_be_drawn_by_is_refused(wrong):
    (name,) = wrong
    with pytest.raises(ConfigError, match=f"A {name} .* is required. Received: "):
        Drawing(**wrong)
