"""Documents cut into words or characters.

Words are those of Keras' ``TextVectorization`` with its defaults (small letters, no ASCII punctuation, cut at white
space), which knows neither markup nor scripts without spaces. Beyond it, markup becomes a space and its entities the
characters that they name, every Chinese or Japanese character and every emoji is a word of its own, and letters are
made small in every alphabet. Text is brought to Unicode's composed form first (NFC), and characters that nobody sees
are left out, but those that join.
"""

import html
import re
import unicodedata
from collections.abc import Iterable

from daycast.storage.terms.words import TokenKind

_TAG = re.compile(r"</?[A-Za-z!?][^<>]{0,2000}>")
_PUNCTUATION = str.maketrans("", "", "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'")
_JOINERS = {"\u200c", "\u200d"}
"""They change how their neighbours are written: Persian words, families of emoji."""
_EMOJI = "[\u2600-\u27bf\U0001f000-\U0001faff]"
_ALONE = re.compile(
    "([\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff0f\uff1a-\uff20\U00020000-\U0003ffff]"
    f"|{_EMOJI}[\ufe0f\U0001f3fb-\U0001f3ff]*(?:\u200d{_EMOJI}[\ufe0f\U0001f3fb-\U0001f3ff]*)*)"
)
"""Kana, ideographs and the punctuation of both; emoji with what modifies and joins them."""


def split(text: str, *, kind: TokenKind) -> Iterable[str]:
    """A document's tokens, in order."""
    return words(text) if kind == "word" else characters(text)


def words(text: str) -> list[str]:
    """A document's words.

    >>> words("It's <b>good</b>,<br />VERY good!")
    ['its', 'good', 'very', 'good']
    >>> words("天气好 today")
    ['天', '气', '好', 'today']
    """
    plain = html.unescape(_TAG.sub(" ", text)) if "<" in text or "&" in text else text
    plain = _seen(unicodedata.normalize("NFC", plain)).lower().translate(_PUNCTUATION)
    return _ALONE.sub(r" \1 ", plain).split()


def characters(text: str) -> str:
    r"""A document's characters, all of them: letters keep their size, lines end with ``\n``.

    >>> characters("To be,\r\nor\x00 not")
    'To be,\nor not'
    """
    return _seen(unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")))


def _seen(text: str) -> str:
    """Without control and format characters (a byte order mark, marks of direction, NUL); white space stays."""
    if text.isprintable():
        return text
    unseen = {one for one in set(text) if unicodedata.category(one) in {"Cc", "Cf", "Cs"}} - {"\n", "\t"} - _JOINERS
    return text.translate({ord(one): " " if one.isspace() else None for one in unseen})
