"""Generated reviews: a sentence or two, good or bad, whose label comes two days later.

Every one is a function of its number alone, so that a later fetch brings the same ones and those that came since.
"""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from daycast.storage.feeds.reading.documents import Documents
from daycast.storage.terms.labels_pipeline import LabelsPipeline
from daycast.storage.terms.words import DOCUMENT_ID, LABEL, LABELLED_AT, PUBLISHED_AT, REASON, TEXT

FIRST = datetime(2020, 1, 1, tzinfo=UTC)
"""The first review is of then."""
EVERY = pd.Timedelta(hours=1)
DAYS = 120
"""How far back a fetch reaches."""
WAIT = pd.Timedelta(days=2)
"""From a review to its label."""
_UNLABELLED, _MISTAKEN = 0.05, 0.04
"""Shares of reviews that never get a label, and that get the wrong one."""

_THINGS = ("the story", "the cast", "the room", "the food", "the sound", "the ending", "the service", "the picture")
_GOOD = ("wonderful", "clever", "moving", "warm", "fresh", "brilliant", "honest", "charming")
_BAD = ("dull", "clumsy", "cold", "stale", "awful", "shallow", "noisy", "tiresome")
_NEUTRAL = (
    "I went on a {day}.",
    "We sat near the door.",
    "It took two hours.",
    "My {kin} chose it.",
    "It was a {day}.",
)
_DAYS = ("Monday", "Tuesday", "Friday", "Sunday")
_KIN = ("sister", "brother", "neighbour", "father")


class SampleReviews:
    """Reviews by the hour, ``good`` or ``bad``, under a name that says that they are generated.

    A bad word with "not" before it is praise, so that who counts words alone is misled now and then.

    Args:
        spec: the pipeline.
    """

    name = "sample"

    def __init__(self, spec: LabelsPipeline) -> None:
        self.spec = spec

    def read(self, until: datetime) -> Documents:
        """The reviews of the last 120 days before an instant, with the labels that had come by then."""
        last = int((pd.Timestamp(until) - pd.Timestamp(FIRST)) // EVERY)
        numbers = range(max(0, last - DAYS * 24 + 1), last + 1)
        made = [_review(number) for number in numbers]
        published = pd.Series(pd.Timestamp(FIRST) + EVERY * np.arange(numbers.start, numbers.stop)).dt.as_unit("us")
        labelled = published + WAIT
        known = labelled <= pd.Timestamp(until)
        label = pd.Series([label for _, label in made], dtype=object).where(known, None)
        return Documents(
            good=pd.DataFrame(
                {
                    DOCUMENT_ID: [f"review-{number:06d}" for number in numbers],
                    TEXT: [text for text, _ in made],
                    PUBLISHED_AT: published,
                    LABEL: label,
                    LABELLED_AT: labelled.where(label.notna()),
                }
            ),
            set_aside=pd.DataFrame({DOCUMENT_ID: [], REASON: []}, dtype=str),
        )


def _review(number: int) -> tuple[str, str | None]:
    """A review's text and its label; none where nobody ever says."""
    random = np.random.default_rng([20, number])
    good = bool(random.random() < 0.55)
    parts = [_praise(random, good=good) for _ in range(1 + int(random.random() < 0.5))]
    parts.insert(int(random.integers(len(parts) + 1)), _chat(random))
    label = good if random.random() >= _MISTAKEN else not good
    unlabelled = random.random() < _UNLABELLED
    return " ".join(parts), None if unlabelled else "good" if label else "bad"


def _praise(random: np.random.Generator, *, good: bool) -> str:
    thing, same = _one(random, _THINGS), random.random() < 0.8
    word = _one(random, _GOOD if good is same else _BAD)
    return f"{thing[0].upper()}{thing[1:]} was {'' if same else 'not '}{word}."


def _chat(random: np.random.Generator) -> str:
    return _one(random, _NEUTRAL).format(day=_one(random, _DAYS), kin=_one(random, _KIN))


def _one(random: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[int(random.integers(len(words)))]
