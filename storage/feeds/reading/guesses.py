"""What a text could mean if the pipeline file said so: for messages and ``daycast check``, never for reading."""

import itertools
import re
from collections.abc import Sequence

import pandas as pd

from daycast.storage.feeds.reading.numbers import to_numbers

_SAMPLE = 200
_DATES = (
    *("%Y%m%d", "%Y/%m/%d", "%Y.%m.%d", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%Y年%m月%d日", "%G-W%V-%u", "%Y-%j"),
)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H.%M.%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S", "%H%M%S", " %H:%M:%S.%f")
_TWELVE_HOURS = ("%Y-%m-%d %I:%M %p", "%Y-%m-%d %I:%M:%S %p")
"""Dates as ISO 8601 has them beside a clock as it has not."""
_UNIX = ((9, 11, "unix"), (12, 14, "unix_ms"), (15, 17, "unix_us"), (18, 20, "unix_ns"))
_DIGITS = re.compile(r"[0-9]+")
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?P<sign>[,.' \u00a0\u202f])[0-9]{2,3}(?:(?P=sign)[0-9]{2,3})*(?:[.,][0-9]+)?")


def time_formats(texts: Sequence[str]) -> list[str]:
    """Every value of ``time_format`` that reads all of these texts.

    >>> time_formats(["20240102", "20240131"]), time_formats(["02/01/2024"])
    (['%Y%m%d'], ['%d/%m/%Y', '%m/%d/%Y'])
    >>> time_formats(["2024-01-02 03:00 PM"])
    ['%Y-%m-%d %I:%M %p']
    """
    sample = [text for text in texts if text.strip()][:_SAMPLE]
    if not sample:
        return []
    if all(_DIGITS.fullmatch(text) for text in sample):
        found = [name for least, most, name in _UNIX if all(least <= len(text) < most for text in sample)]
        if found:
            return found
    forms = [*_TWELVE_HOURS, *(day + clock for day, clock in itertools.product(_DATES, _CLOCKS))]
    return [form for form in forms if _reads(form, sample)]


def _reads(form: str, sample: Sequence[str]) -> bool:
    if pd.isna(pd.to_datetime(sample[0], format=form, errors="coerce")):
        return False
    return bool(pd.to_datetime(pd.Series(sample, dtype="object"), format=form, errors="coerce").notna().all())


def number_keys(texts: Sequence[str]) -> str:
    """The keys that would make numbers of these texts; empty where none would.

    >>> number_keys(["$1,500.50"])  # no key takes the sign off
    ''
    >>> number_keys(["1,500.50", "n/a", "1,700.25", "halted"])  # what is missing, or odd by itself, decides nothing
    'thousands = ","'
    >>> number_keys(["300,68", "298,8"]), number_keys(["3,006.80"]), number_keys(["1.234,50"])
    ('decimal = ","', 'thousands = ","', 'decimal = "," and thousands = "."')
    """
    sample = [text for text in texts if text.strip()][:_SAMPLE]
    wrong = [text for text, is_wrong in zip(sample, to_numbers(sample)[1], strict=True) if is_wrong]
    odd = [text for text in wrong if _GROUPED.fullmatch(text) or _COMMA.fullmatch(text)]
    if not odd or 2 * len(odd) < len(wrong):
        return ""
    grouped = [match for match in map(_GROUPED.fullmatch, odd) if match]
    last = {text[max(text.rfind("."), text.rfind(","))] for text in odd if "." in text and "," in text}
    if last == {"."} or (not last and len(grouped) == len(odd) and any(text.count(",") > 1 for text in odd)):
        return 'thousands = ","'
    if last == {","}:
        return 'decimal = "," and thousands = "."'
    if all(_COMMA.fullmatch(text) for text in odd):
        ambiguous = all(re.fullmatch(r"[+-]?[0-9]{1,3},[0-9]{3}", text) for text in odd)
        return 'decimal = "," or thousands = ","' if ambiguous else 'decimal = ","'
    signs = {match["sign"] for match in grouped}
    return f'thousands = "{signs.pop()}"' if len(grouped) == len(odd) and len(signs) == 1 else ""
