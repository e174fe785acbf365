"""Reading numbers from text, with nothing guessed: no units, no other digits than ours, thousands where declared."""

import functools
import re
from collections.abc import Sequence

import numpy as np

NUMBER = r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf(?:inity)?)"
"""What a number looks like; case counts for nothing."""

_NUMBER = re.compile(NUMBER, re.IGNORECASE)
_PLAIN = re.compile(r"[0-9.+\-eE\n]*")
"""Of these letters alone Python's own reading takes the same numbers as ours, and no others."""
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", ".", "-", "#n/a", "nil"})
_BLANKS = "\u00a0\u202f\u2009 "
"""Blanks that stand between groups of digits: each counts as the plain one."""


def to_numbers(
    texts: Sequence[str], *, decimal: str = ".", thousands: str | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Read numbers as the nearest float64: ``(values, wrong)``, missing and wrong ones NaN.

    >>> to_numbers(["1.5", "", "null", "1,5", "inf"])[0].tolist()
    [1.5, nan, nan, nan, inf]
    >>> to_numbers(["1.5", "", "null", "1,5", "1_0"])[1].tolist()
    [False, False, False, True, True]
    >>> to_numbers(["1.234,5", "12,5"], decimal=",", thousands=".")[0].tolist()
    [1234.5, 12.5]
    """
    if decimal == "." and thousands is None and _PLAIN.fullmatch("\n".join(texts)):
        try:
            return np.array([float(text) for text in texts]), np.zeros(len(texts), dtype=bool)
        except ValueError:  # a missing one among them, or what only begins like a number
            pass
    values, wrong = np.full(len(texts), np.nan), np.zeros(len(texts), dtype=bool)
    for place, text in enumerate(texts):
        plain = text if decimal == "." and thousands is None else _plain(text, decimal, thousands)
        if _NUMBER.fullmatch(plain):
            values[place] = float(plain)
        elif text.strip().lower() not in _MISSING:
            wrong[place] = True
    return values, wrong


def _plain(text: str, decimal: str, thousands: str | None) -> str:
    """A number as we write it; what does not keep to the signs declared stays as it is, or becomes no number."""
    if thousands == " ":
        text = re.sub(f"[{_BLANKS}]", " ", text)
    if thousands and thousands in text:
        if not _groups(decimal, thousands).fullmatch(text):
            return "?"
        text = text.replace(thousands, "")
    if decimal != ".":
        text = "?" if "." in text else text.replace(decimal, ".", 1)
    return text


@functools.lru_cache(maxsize=32)
def _groups(decimal: str, thousands: str) -> re.Pattern[str]:
    """Groups of three digits, or of two before the last one, as lakhs are written."""
    sign, point = re.escape(thousands), re.escape(decimal)
    return re.compile(rf"[+-]?[0-9]{{1,3}}(?:{sign}[0-9]{{2,3}})*{sign}[0-9]{{3}}(?:{point}[0-9]*)?")
