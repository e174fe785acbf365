"""What the calendar says of an instant before it comes: the facts that a pipeline may name in ``known``."""

import difflib
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from daycast.storage.terms.country import require_country

HOLIDAY = "holiday"
WIDTHS = {"hour": 2, "weekday": 2, "month": 2, "session_of_week": 2, "days_to_month_end": 1, HOLIDAY: 1}
"""Columns of each: sine and cosine where it is a circle."""
_ZONED = {"hour", "weekday", HOLIDAY}


@dataclass(frozen=True)
class Fact:
    """A fact by name.

    Attributes:
        name: one of :data:`WIDTHS`.
        place: the time zone in which it is told; empty for UTC.
        country: whose holidays; empty of other facts.
    """

    name: str
    place: str = ""
    country: str = ""

    @classmethod
    @cache
    def parse(cls, text: str) -> "Fact":
        """Read a fact as the pipeline file names it: ``weekday``, ``hour:Europe/Berlin``, ``holiday:DE:Europe/Berlin``.

        Raises:
            ValueError: there is no such fact, country or time zone.

        >>> Fact.parse("hour:Europe/Berlin")
        Fact(name='hour', place='Europe/Berlin', country='')
        """
        name, _, place = text.partition(":")
        if name not in WIDTHS:
            near = difflib.get_close_matches(name, WIDTHS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"known names facts of the calendar: {', '.join(WIDTHS)}. Received: {text!r}.{hint}")
        country = ""
        if name == HOLIDAY:
            country, _, place = place.partition(":")
            require_country(country)
        if place and name not in _ZONED:
            raise ValueError(f"of the facts only {', '.join(sorted(_ZONED))} take a time zone. Received: {text!r}")
        if place and place not in available_timezones():
            raise ValueError(f"{name} takes a time zone such as Europe/Berlin. Received: {text!r}")
        return cls(name, place, country)

    @property
    def width(self) -> int:
        """How many columns it is."""
        return WIDTHS[self.name]

    @property
    def zone(self) -> ZoneInfo | None:
        """The time zone; none for UTC."""
        return ZoneInfo(self.place) if self.place else None
