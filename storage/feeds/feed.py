"""What a feed is: symbols and a span of time in, observations and an account of what was wrong with them out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

import pandas as pd

from daycast.storage.feeds.reading.documents import Documents
from daycast.storage.intake.aside import aside
from daycast.storage.terms.errors import FeedError
from daycast.storage.terms.words import AVAILABLE_AT, OBSERVED_AT, SYMBOL, TIME


@dataclass(frozen=True, kw_only=True)
class Span:
    """The instants asked for.

    Attributes:
        start: the first ``observed_at`` wanted, aware UTC; None asks for all that the feed has.
        end: the last ``observed_at`` wanted, aware UTC, included.
    """

    start: datetime | None
    end: datetime

    def mask(self, observed_at: pd.Series) -> pd.Series:
        """Which of the instants lie in the span, both ends included."""
        inside = observed_at <= pd.Timestamp(self.end)
        return inside if self.start is None else inside & (observed_at >= pd.Timestamp(self.start))


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What a feed gave.

    Attributes:
        frame: ``symbol`` (str), ``observed_at`` and ``available_at`` (``datetime64[us, UTC]``), then the value
            columns (float64), sorted by symbol and observed_at. What cannot be a value is NaN; rows that are
            duplicate, infinite or not positive are still there: :mod:`daycast.storage.intake.rules` judges rows.
        rejected: what could not be read as a row at all: ``symbol``, ``observed_at`` (NaT where unknown), ``raw``
            (the row's text) and ``reason``.
        failures: by symbol, why nothing came; one bad symbol never spoils the others.
        validators: what to send with the next request, by URL (``ETag`` or ``Last-Modified``). The caller keeps them
            once the data are safely stored, and not before.
        ahead: what is said of the known columns, as :mod:`daycast.storage.feeds.reading.ahead` gives it; none where the
            pipeline has none.
        later: symbols of which the feed has rows after the span, so that what it has is not all here.
        earlier: what was known of instants of ``frame`` before its rows, where the source says since when it knows
            them: the same columns, sorted likewise and by ``available_at``; none where it does not say.
    """

    frame: pd.DataFrame
    rejected: pd.DataFrame
    failures: Mapping[str, FeedError] = field(default_factory=dict)
    validators: Mapping[str, str] = field(default_factory=dict)
    ahead: pd.DataFrame | None = None
    later: frozenset[str] = frozenset()
    earlier: pd.DataFrame | None = None


class Feed(Protocol):
    """Where observations come from.

    Attributes:
        name: the feed's name in the pipeline file.
    """

    name: str

    def fetch(self, symbols: Sequence[str], span: Span) -> Fetched:
        """Fetch the observations of some symbols.

        A symbol that gives nothing is named in ``failures``; nothing is raised for it.
        """
        ...


class DocumentFeed(Protocol):
    """Where a pipeline on text gets its documents from.

    Attributes:
        name: the feed's name in the pipeline file.
    """

    name: str

    def read(self, until: datetime) -> Documents:
        """Read the documents that there are up to an instant, aware.

        Raises:
            FeedError: they cannot be had.
        """
        ...


@runtime_checkable
class Marked(Protocol):
    """A feed that can say, without reading rows, whether what it would read is what it was."""

    def mark(self, symbol: str) -> str | None:
        """A number over all that a symbol's rows are read from, and over how; none where that cannot be had."""
        ...


def no_rows() -> pd.DataFrame:
    """An empty frame of observations, without value columns.

    >>> list(no_rows().columns)
    ['symbol', 'observed_at', 'available_at']
    """
    times = pd.Series([], dtype=TIME)
    return pd.DataFrame({SYMBOL: pd.Series([], dtype="str"), OBSERVED_AT: times, AVAILABLE_AT: times})


def no_rejects() -> pd.DataFrame:
    """An empty frame of rows that could not be used.

    >>> list(no_rejects().columns)
    ['symbol', 'observed_at', 'raw', 'reason']
    """
    return aside([], observed_at=[], raw=[], reasons=[])
