"""When a pipeline runs: a cron in a time zone, held to times that every day has once."""

import functools
from datetime import UTC, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import model_validator

from daycast.storage.terms.frozen import Frozen

_FIRST_YEAR, _LAST_YEAR = 2025, 2041
"""The years whose changes of clocks a cron is held to: earlier ones are over, later ones are like them."""


class Schedule(Frozen):
    """When a pipeline runs.

    Attributes:
        cron: five fields, in the time zone given.
        timezone: an IANA name.
    """

    cron: str
    timezone: str = "UTC"

    @model_validator(mode="after")
    def _fires_once_a_day(self) -> Self:
        """Hold a cron to times that every day on which it fires has, once, in its zone."""
        from cronsim import CronSim, CronSimError

        try:
            CronSim(self.cron, datetime(_FIRST_YEAR, 1, 1, tzinfo=zone(self.timezone)))
        except CronSimError as error:
            raise ValueError(
                f"a cron has five fields, such as '30 18 * * 1-5'. Received: {self.cron!r} ({error})"
            ) from None
        for start, end in clock_changes(self.timezone):
            if _fires_within(self.cron, start, end):
                raise ValueError(
                    f"a cron must not fire from {start:%H:%M} to {end:%H:%M} on a night like {start:%Y-%m-%d}, when "
                    f"the clocks of {self.timezone} change: such a run would be missing or doubled. "
                    f"Received: {self.cron!r}. "
                    'Choose another hour, or timezone = "UTC"'
                )
        return self


def zone(name: str) -> ZoneInfo:
    """The time zone of this name.

    Raises:
        ValueError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"a time zone is an IANA name, such as UTC or America/New_York. Received: {name[:80]!r}"
        ) from None


@functools.lru_cache(maxsize=256)
def clock_changes(name: str) -> tuple[tuple[datetime, datetime], ...]:
    """The local times that a zone does not have, or has twice, in the years to come.

    Returns:
        First and end (not included) of each, as the clocks on the wall show them.

    >>> [f"{first:%m-%d %H:%M}/{end:%H:%M}" for first, end in clock_changes("Africa/Cairo")[2:4]]
    ['04-24 00:00/01:00', '10-29 23:00/00:00']
    """
    place, found = zone(name), []
    noon = datetime(_FIRST_YEAR, 1, 1, 12, tzinfo=UTC)
    before = _offset(noon, place)
    while noon.year < _LAST_YEAR:
        noon += timedelta(days=1)
        after = _offset(noon, place)
        if after != before:
            moment = _moment(noon - timedelta(days=1), noon, place).replace(tzinfo=None)
            found.append((moment + min(before, after), moment + max(before, after)))
        before = after
    return tuple(found)


def _offset(instant: datetime, place: ZoneInfo) -> timedelta:
    offset = instant.astimezone(place).utcoffset()
    assert offset is not None  # noqa: S101 — an aware time has one
    return offset


def _moment(before: datetime, after: datetime, place: ZoneInfo) -> datetime:
    """When, to the minute, the clocks change between two instants."""
    old = _offset(before, place)
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) // 2
        middle = middle.replace(second=0, microsecond=0)
        before, after = (middle, after) if _offset(middle, place) == old else (before, middle)
    return after


def _fires_within(cron: str, start: datetime, end: datetime) -> bool:
    """Whether a clock that never changes would fire from start on, before the end."""
    from cronsim import CronSim

    first = next(CronSim(cron, start - timedelta(minutes=1)), None)
    return first is not None and first < end
