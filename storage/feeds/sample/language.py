"""A small language: a page a day of a village's diary, with who, what and where from a few words.

Every page is a function of its number alone, so that a later fetch brings the same ones and those that came since. Who
sells what is fixed, and the second sentence of a pair names whom the first one named: more than a few letters of memory
are of use.
"""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from daycast.storage.feeds.reading.documents import Documents
from daycast.storage.terms.text_pipeline import TextPipeline
from daycast.storage.terms.words import DOCUMENT_ID, LABEL, PUBLISHED_AT, REASON, TEXT, TIME

FIRST = datetime(2020, 1, 1, tzinfo=UTC)
"""The first page is of then."""
EVERY = pd.Timedelta(days=1)
DAYS = 90
"""How far back a fetch reaches."""
_PAIRS = 6
"""Pairs of sentences on a page."""

_SELL = {
    "baker": ("bread", "buns"),
    "smith": ("nails", "pans"),
    "miller": ("flour", "bran"),
    "fisher": ("trout", "nets"),
}
_WHO = ("Ada", "Ben", "Cleo", "Dov", "Eli", "Finn")
_WHERE = ("mill", "bridge", "market", "chapel")
_MOOD = ("glad", "late", "tired", "cold")


class SampleLanguage:
    """A page a day, under a name that says that it is generated.

    Args:
        spec: the pipeline.
    """

    name = "sample"

    def __init__(self, spec: TextPipeline) -> None:
        self.spec = spec

    def read(self, until: datetime) -> Documents:
        """The pages of the last 90 days before an instant, oldest first."""
        last = int((pd.Timestamp(until) - pd.Timestamp(FIRST)) // EVERY)
        numbers = range(max(0, last - DAYS + 1), last + 1)
        days = pd.to_timedelta(np.arange(numbers.start, numbers.stop), unit="D")
        published = pd.Series(pd.DatetimeIndex(pd.Timestamp(FIRST) + days, dtype=TIME))
        return Documents(
            good=pd.DataFrame(
                {
                    DOCUMENT_ID: [f"page-{number:06d}" for number in numbers],
                    TEXT: [_page(number) for number in numbers],
                    PUBLISHED_AT: published,
                    LABEL: pd.Series(None, index=published.index, dtype=object),
                }
            ),
            set_aside=pd.DataFrame({DOCUMENT_ID: [], REASON: []}, dtype=str),
        )


def _page(number: int) -> str:
    """A day's page, which ends with a line of its own."""
    random = np.random.default_rng([21, number])
    return "\n".join(_pair(random) for _ in range(_PAIRS)) + "\n\n"


def _pair(random: np.random.Generator) -> str:
    who, trade, where, mood = (_one(random, words) for words in (_WHO, tuple(_SELL), _WHERE, _MOOD))
    return f"By the {where} {who} met the {trade}, who sold {_one(random, _SELL[trade])}. {who} was {mood}."


def _one(random: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[int(random.integers(len(words)))]
