"""Reading numbers from text, with nothing guessed: no thousands, no units, no other digits than ours."""

import re
from collections.abc import Sequence

import numpy as np

NUMBER = r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf(?:inity)?)"
"""What a number looks like; case counts for nothing."""

_NUMBER = re.compile(NUMBER, re.IGNORECASE)
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", ".", "-", "#n/a", "nil"})


def to_numbers(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Read numbers as the nearest float64: ``(values, wrong)``, missing and wrong ones NaN.

    >>> to_numbers(["1.5", "", "null", "1,5", "inf"])[0].tolist()
    [1.5, nan, nan, nan, inf]
    >>> to_numbers(["1.5", "", "null", "1,5", "1_0"])[1].tolist()
    [False, False, False, True, True]
    """
    values, wrong = np.full(len(texts), np.nan), np.zeros(len(texts), dtype=bool)
    for place, text in enumerate(texts):
        if _NUMBER.fullmatch(text):
            values[place] = float(text)
        elif text.strip().lower() not in _MISSING:
            wrong[place] = True
    return values, wrong
