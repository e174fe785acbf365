"""The ``sample`` feed: generated data, so that everything runs without a network.

Every value is a function of its symbol and its instant alone: it does not depend on the span that is asked for, and a
later fetch continues the same path.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd

from daycast.storage.calendars import Calendar
from daycast.storage.feeds.feed import Fetched, Span, no_rejects, no_rows
from daycast.storage.feeds.reading.rows import observations
from daycast.storage.feeds.sample.prices import prices
from daycast.storage.feeds.sample.transformer import TRANSFORMER_COLUMNS, mean_reverting, transformer
from daycast.storage.feeds.wire.limits import LIMITS, Limits
from daycast.storage.terms.errors import FeedRefused
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.words import OBSERVED_AT

FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""Sample data begin here."""

VALUE = "value"
_SESSIONS_YEARS, _STEPS_YEARS = 4.0, 1.0


class SampleFeed:
    """Generated observations.

    A calendar of days gets prices (open, high, low, close, adj_close, volume) with clusters of volatility; a frequency
    below a day gets ETTh1's columns, with daily and weekly cycles and drift, in which the loads lead the oil
    temperature. Any other column that the pipeline names is a positive series that reverts to its mean. ``value`` is
    the close, or the symbol's own column, or OT.

    Args:
        spec: the pipeline.
        validators: not used; nothing is fetched.
        limits: not used.
    """

    name = "sample"

    def __init__(
        self,
        spec: Pipeline,
        *,
        validators: Mapping[str, str] | None = None,  # noqa: ARG002 — every feed is built alike
        limits: Limits = LIMITS,  # noqa: ARG002
    ) -> None:
        self.spec = spec

    def fetch(self, symbols: Sequence[str], span: Span) -> Fetched:
        """Generate the span; without a start, about four years of days or one year of steps."""
        days = Calendar(self.spec.calendar).daily
        start = max(span.start or default_start(span.end, days=days), FIRST)
        instants = grid(self.spec.calendar, start, span.end)
        if not len(instants):
            reason = f"there are no sample data of the time asked for; they begin {FIRST:%Y-%m-%d}"
            failures = {symbol: FeedRefused(self.name, symbol, reason) for symbol in symbols}
            return Fetched(frame=no_rows(), rejected=no_rejects(), failures=failures)
        rows = {symbol: self._rows(symbol, instants, days=days) for symbol in symbols}
        asked = Span(start=start, end=span.end)
        frame = observations(rows, calendar=self.spec.calendar, span=asked)
        return Fetched(frame=frame, rejected=no_rejects())

    def _rows(self, symbol: str, instants: pd.DatetimeIndex, *, days: bool) -> pd.DataFrame:
        step = _step(self.spec.calendar)
        columns = prices(symbol, instants) if days else transformer(instants, step=step)
        own = "close" if days else symbol if symbol in TRANSFORMER_COLUMNS else "OT"
        columns[VALUE] = columns[own]
        for name in self.spec.fetched:
            if name not in columns:
                columns[name] = mean_reverting(f"{symbol}/{name}", instants, step=step)
        return pd.DataFrame({OBSERVED_AT: instants, **columns})


def default_start(end: datetime, *, days: bool) -> datetime:
    """The 1 January nearest to four years of days, or one year of steps, before the end.

    It moves once a year, so that the history's beginning is the same from day to day.

    >>> default_start(datetime(2026, 11, 20, tzinfo=UTC), days=True)
    datetime.datetime(2023, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    >>> default_start(datetime(2026, 3, 20, tzinfo=UTC), days=False)
    datetime.datetime(2025, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    years = (_SESSIONS_YEARS if days else _STEPS_YEARS) - 0.5
    return datetime((end - timedelta(days=365.25 * years)).year, 1, 1, tzinfo=UTC)


def _step(calendar: str) -> pd.Timedelta:
    named = Calendar(calendar)
    return pd.Timedelta(days=1) if named.daily or named.step is None else named.step


def grid(calendar: str, start: datetime, end: datetime) -> pd.DatetimeIndex:
    """The calendar's instants in a span; those of a frequency count from :data:`FIRST`, whatever the start."""
    days = Calendar(calendar)
    if days.frequency is None:
        return days.instants(start, end)
    if days.step is None:
        every = days.instants(FIRST, end)
        return every[every >= pd.Timestamp(start)]
    steps = -((FIRST - pd.Timestamp(start)) // days.step)
    return days.instants(FIRST + steps * days.step, end)
