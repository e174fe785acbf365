"""Text that goes on: cut by its order, and every character of it counted."""

import pytest

from daycast.models.text.corpus import PARTS, Cut, joined, length_of
from daycast.models.text.vocabulary import Vocabulary
from daycast.storage.terms.rules import SplitSpec


@pytest.mark.parametrize(
    ("split", "ends"),
    [
        (SplitSpec(), (0, 700, 850, 1000)),
        (SplitSpec(validation=100, test=0.2), (0, 700, 800, 1000)),
        (SplitSpec(training=300, validation=100, test=100), (500, 800, 900, 1000)),
        (SplitSpec(validation=900, test=900), (0, 0, 100, 1000)),
    ],
)
def test_a_text_is_cut_into_parts_that_follow_each_other(split, ends):
    cut = Cut.of(1000, split=split)
    assert (cut.begin, cut.training, cut.validation, cut.test) == ends
    assert list(cut.slices) == list(PARTS)
    assert "".join(("x" * 1000)[cut.slices[part]] for part in PARTS) == "x" * (1000 - cut.begin)


def test_a_part_no_longer_than_the_lookback_is_told():
    cut = Cut.of(100, split=SplitSpec(validation=10, test=10))
    assert cut.short(9) == ""
    assert cut.short(10).startswith("a validation part longer than the lookback of 10 tokens is required. Received: 10")
    assert cut.short(80).startswith("a training part longer than the lookback of 80 tokens is required. Received: 80")
    assert Cut.of(0, split=SplitSpec()).short(1)


STRANGE = [
    "",
    "天气很好。",
    "a\u0301 man 👨‍👩‍👧 said <b>no</b> &amp; left\x00\x07",
    "\u202eשלום עולם\u202c\r\n",
    "\ufeffend",
    "\ud800",
]


@pytest.mark.parametrize("kind", ["character", "word"])
def test_texts_of_every_script_go_on_one_after_the_other(kind):
    tokens = joined(STRANGE, kind=kind)
    known = Vocabulary.of(tokens, kind=kind)
    assert known == Vocabulary.fit(STRANGE, kind=kind)
    numbers = known.encoded(tokens)
    assert known.decode(numbers) == ("" if kind == "character" else " ").join(tokens)
    assert length_of(tokens) == len(known.decode(numbers))
    assert not {"\x00", "\ufeff", "\ud800", "\u202e"} & set(known.decode(numbers))


def test_a_long_text_is_one_of_its_tokens():
    text = "To be, or not to be: 天\n" * 400_000
    tokens = joined([text], kind="character")
    assert len(tokens) == len(text) == length_of(tokens)
