"""When a pipeline runs: a cron in a time zone, held to times that every day has once."""

from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import model_validator

from daycast.storage.terms.frozen import Frozen


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
        """Hold a cron to times that every day of its zone has, once."""
        from cronsim import CronSim, CronSimError

        here = zone(self.timezone)
        try:
            fields = CronSim(self.cron, datetime(2026, 1, 1, tzinfo=here))
        except CronSimError as error:
            raise ValueError(
                f"a cron has five fields, such as '30 18 * * 1-5'. Received: {self.cron!r} ({error})"
            ) from None
        times = {(hour, minute) for hour in fields.hours for minute in fields.minutes}
        if any((0, 30) <= moment < (3, 30) for moment in times) and _changes_clocks(here):
            raise ValueError(
                "a cron must not fire between 00:30 and 03:30 local time, where the clocks change: such a run would be "
                f"missing on one night of the year and doubled on another. Received: {self.cron!r} in {self.timezone}. "
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


def _changes_clocks(place: ZoneInfo) -> bool:
    offsets = {datetime(2026, month, 1, tzinfo=place).utcoffset() for month in range(1, 13)}
    return len(offsets) > 1
