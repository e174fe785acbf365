"""Which instants a series has: the sessions of an exchange, or a frequency.

A session stands at 00:00 UTC of its date; what is observed of it can be known at the exchange's close. An instant of
a frequency stands for itself; what is observed at it can be known at it.
"""

import functools
import re
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

_FREQUENCY = re.compile(r"[1-9][0-9]{0,3}(min|h|D)|B")
_MARGIN = pd.Timedelta(days=30)


@dataclass(frozen=True)
class Calendar:
    """The instants of a series.

    Attributes:
        name: an exchange's code of ``exchange_calendars``, or a frequency such as ``1h``.
    """

    name: str

    @property
    def sessions(self) -> bool:
        """Whether the instants are an exchange's sessions."""
        return _FREQUENCY.fullmatch(self.name) is None

    def instants(self, start: datetime, end: datetime) -> pd.DatetimeIndex:
        """Every instant from start to end, both included: aware UTC, microseconds, ascending.

        A frequency counts from ``start``.
        """
        first, last = pd.Timestamp(start), pd.Timestamp(end)
        if not self.sessions:
            return pd.date_range(first, last, freq=self.name, unit="us")
        days = _exchange(self.name, first.year, last.year).sessions
        days = days.tz_localize("UTC").as_unit("us")
        return days[(days >= first) & (days <= last)]

    def following(self, origin: datetime, count: int) -> pd.DatetimeIndex:
        """The ``count`` instants after ``origin``: aware UTC, microseconds, ascending."""
        after = pd.Timestamp(origin)
        if not self.sessions:
            return pd.date_range(after, periods=count + 1, freq=self.name, unit="us")[-count:]
        reach = after + _MARGIN + timedelta(days=2 * count)
        later = self.instants((after + timedelta(days=1)).normalize(), reach)
        return later[:count]

    def available_at(self, observed_at: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """When the value of each instant can be known: a session's close, or the instant itself.

        An instant that is no session of the exchange (a feed's mistake) counts as known at the end of its day.
        """
        if not self.sessions:
            return observed_at.as_unit("us")
        end_of_day = (observed_at + pd.Timedelta(days=1)).as_unit("us")
        if not len(observed_at):
            return end_of_day
        closes = _exchange(self.name, observed_at[0].year, observed_at[-1].year).closes
        closes.index = closes.index.tz_localize("UTC").as_unit("us")
        known = pd.DatetimeIndex(closes.reindex(observed_at.as_unit("us")))
        return known.where(known.notna(), end_of_day).as_unit("us")


@functools.lru_cache(maxsize=16)
def _exchange(name: str, first_year: int, last_year: int) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own use of pandas names that pandas 3 deprecates
        import exchange_calendars

        start = pd.Timestamp(year=first_year, month=1, day=1) - _MARGIN
        end = pd.Timestamp(year=last_year, month=12, day=31) + 2 * _MARGIN
        return exchange_calendars.get_calendar(name, start=start, end=end)
