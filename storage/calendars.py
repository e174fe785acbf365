"""Which instants a series has: the sessions of an exchange, or a frequency.

A session stands at 00:00 UTC of its date; what is observed of it can be known at the exchange's close. An instant of a
frequency below a week stands for itself; what is observed at it can be known at it. A week, month, quarter or year
stands at the day that its frequency names, at 00:00 UTC, and can be known when it is over: one that is named by its
first day (``MS``) when the next one begins, one that is named by its last day (``ME``, ``W-FRI``) when that day ends.

An exchange's calendar may begin and end: its holidays are only known so far.
"""

import functools
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.frequency import Frequency

_MARGIN = pd.Timedelta(days=30)
_DAY = pd.Timedelta(days=1)
_LONGEST = pd.Timedelta(days=367)
"""No step of a unit is longer: a year."""


@dataclass(frozen=True)
class Calendar:
    """The instants of a series.

    Attributes:
        name: an exchange's code of ``exchange_calendars``, or a frequency such as ``1h``.
    """

    name: str

    @property
    def frequency(self) -> Frequency | None:
        """How far apart the instants are; none where they are an exchange's sessions."""
        return Frequency.parse(self.name)

    @property
    def sessions(self) -> bool:
        """Whether the instants are an exchange's sessions."""
        return self.frequency is None

    @property
    def daily(self) -> bool:
        """Whether the instants are named by their date alone."""
        return self.frequency is None or self.frequency.daily

    @property
    def step(self) -> pd.Timedelta | None:
        """From one instant to the next where they may begin anywhere; none where the calendar says which there are."""
        seconds = None if self.frequency is None else self.frequency.seconds
        return None if seconds is None else pd.Timedelta(seconds=seconds)

    @property
    def begins(self) -> pd.Timestamp | None:
        """The first day that the calendar knows, aware UTC; none where it knows all that come before."""
        return _bounds(self.name)[0] if self.sessions else None

    @property
    def ends(self) -> pd.Timestamp | None:
        """The last day that the calendar knows, aware UTC; none where it knows all that come after."""
        return _bounds(self.name)[1] if self.sessions else None

    def instants(self, start: datetime, end: datetime) -> pd.DatetimeIndex:
        """Every instant from start to end that the calendar knows, both included: aware UTC, microseconds, ascending.

        A frequency counts from ``start``, or from the first day after it that it names.
        """
        first, last = pd.Timestamp(start), pd.Timestamp(end)
        if not self.sessions:
            first = first.ceil("D") if self.daily else first
            return pd.date_range(first, last, freq=self.name, unit="us")
        days = _sessions(self.name, first.year, last.year)
        return days.index[(days.index >= first) & (days.index <= last)]

    def following(self, origin: datetime, count: int) -> pd.DatetimeIndex:
        """The ``count`` instants after ``origin``, fewer where the calendar ends: aware UTC, ascending."""
        after = pd.Timestamp(origin)
        if not self.sessions:
            return pd.date_range(after, periods=count + 1, freq=self.name, unit="us")[-count:]
        reach = after + _MARGIN + timedelta(days=2 * count)
        later = self.instants((after + timedelta(days=1)).normalize(), reach)
        return later[:count]

    def behind(self, observed_at: pd.DatetimeIndex, *, as_of: datetime) -> np.ndarray:
        """How many instants after each of these could be known at ``as_of``."""
        now = pd.Timestamp(as_of)
        if self.step is not None:
            return np.asarray(np.maximum((now - observed_at) // self.step, 0))
        instants = self.instants(min(observed_at.min(), now), now)
        known = instants[self.available_at(instants) <= now]
        return np.asarray(len(known) - np.minimum(known.searchsorted(observed_at, side="right"), len(known)))

    def available_at(self, observed_at: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """When the value of each instant can be known: a session's close, the instant itself, or the period's end.

        An instant that is no session of the exchange (a feed's mistake) counts as known at the end of its day.
        """
        observed = observed_at.as_unit("us")
        if not len(observed):
            return observed
        if self.frequency is None:
            closes = _sessions(self.name, observed.min().year, observed.max().year)
            known = pd.DatetimeIndex(closes.reindex(observed))
            return known.where(known.notna(), (observed + _DAY).as_unit("us")).as_unit("us")
        if self.frequency.begins:
            return self._next(observed, self.frequency)
        return (observed + _DAY).as_unit("us") if self.frequency.ends else observed

    def places(self, observed_at: pd.DatetimeIndex) -> np.ndarray:
        """The number of each instant among the units of a frequency of days, -1 where it is none of them.

        Every ``count``-th of them is an instant of the frequency; which, the frequency does not say.
        """
        return np.asarray(self.units(observed_at.min(), observed_at.max()).get_indexer(observed_at))

    def units(self, start: datetime, end: datetime) -> pd.DatetimeIndex:
        """Every day from start to end on which an instant may be: sessions, or the units that a frequency counts."""
        if self.frequency is None:
            return self.instants(start, end)
        return pd.date_range(pd.Timestamp(start).floor("D"), end, freq=self.frequency.unit, unit="us")

    @staticmethod
    def _next(observed: pd.DatetimeIndex, frequency: Frequency) -> pd.DatetimeIndex:
        """The instant after each: the next first day of a month, quarter or year."""
        reach = observed.max() + (frequency.count + 1) * _LONGEST
        units = pd.date_range(observed.min().normalize() - _LONGEST, reach, freq=frequency.unit, unit="us")
        return units[units.searchsorted(observed, side="right") - 1 + frequency.count]


@functools.lru_cache(maxsize=64)
def _sessions(name: str, first_year: int, last_year: int) -> "pd.Series[pd.Timestamp]":
    """The closes of the sessions from a month before the first year to two after the last, by session, aware UTC."""
    begins, ends = _bounds(name)
    start = pd.Timestamp(year=first_year, month=1, day=1, tz="UTC") - _MARGIN
    end = pd.Timestamp(year=last_year, month=12, day=31, tz="UTC") + 2 * _MARGIN
    start = start if begins is None else max(start, begins)
    end = end if ends is None else min(end, ends)
    if start >= end:
        return pd.Series(pd.DatetimeIndex([], tz="UTC"), index=pd.DatetimeIndex([], tz="UTC").as_unit("us"))
    closes = _exchange(name, start.tz_localize(None), end.tz_localize(None)).closes
    closes.index = closes.index.tz_localize("UTC").as_unit("us")
    return closes


@functools.lru_cache(maxsize=64)
def _bounds(name: str) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
    """The first and the last day that an exchange's calendar knows."""
    kind = type(_exchange(name, pd.Timestamp("2024-01-02"), pd.Timestamp("2024-12-31")))
    first, last = (None if day is None else day.tz_localize("UTC") for day in (kind.bound_min(), kind.bound_max()))
    return first, last


def _exchange(name: str, start: pd.Timestamp, end: pd.Timestamp) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own use of pandas names that pandas 3 deprecates
        import exchange_calendars

        try:
            return exchange_calendars.get_calendar(name, start=start, end=end)
        except Exception as error:  # whatever a calendar's rules meet in a pandas that they were not written for
            raise ConfigError(
                f"A calendar that exchange_calendars can build is required. Received: {name}, from {start:%Y-%m-%d} to "
                f"{end:%Y-%m-%d}: {type(error).__name__}. Name a later start, another exchange, or the frequency B."
            ) from error
