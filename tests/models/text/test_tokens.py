"""Words and characters, of every script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daycast.models.text.tokens import characters, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  \n\t ", []),
        ("Good, good; GOOD!", ["good", "good", "good"]),
        ("don't stop", ["dont", "stop"]),
        ("ÉCOLE École", ["école", "école"]),
        ("e\u0301cole", ["école"]),
        ("天气很好。走吧", ["天", "气", "很", "好", "。", "走", "吧"]),
        ("カナ and 漢字", ["カ", "ナ", "and", "漢", "字"]),
        ("great😀😀 day", ["great", "😀", "😀", "day"]),
        ("👨‍👩‍👧 home", ["👨‍👩‍👧", "home"]),
        ("👍🏽ok", ["👍🏽", "ok"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("\u202bשלום\u202c", ["שלום"]),
        ("\ufeffbegin\x00ning", ["beginning"]),
        ("one\x0btwo\x1cthree", ["one", "two", "three"]),
        ("<p>good<br/>film</p> <script>alert(1)</script>", ["good", "film", "alert1"]),
        ("3 < 5 and 7 > 2", ["3", "5", "and", "7", "2"]),
        ("Tom &amp; Jerry &eacute;", ["tom", "jerry", "é"]),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", ""), ("To be\r\nor\rnot", "To be\nor\nnot"), ("e\u0301", "é"), ("a\x00b\ufeff", "ab"), ("<b>", "<b>")],
)
def test_characters(text, expected):
    assert characters(text) == expected


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=60))
def test_any_text_has_tokens_that_stay_what_they_are(text):
    """Cut again, a token is itself: what is cut once needs no second look."""
    assert characters(characters(text)) == characters(text)
    assert all(token and not token.isspace() for token in words(text))


def test_ten_megabytes_are_cut():
    assert len(words("a fine day " * 950_000)) == 2_850_000
