"""What the calendar says of an instant before it comes: the facts that a pipeline may name in ``known``."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from daycast.storage.terms.country import require_country
from daycast.storage.terms.frequency import Frequency

HOLIDAY = "holiday"
WIDTHS = {"hour": 2, "weekday": 2, "month": 2, "session_of_week": 2, "days_to_month_end": 1, HOLIDAY: 1}
"""Columns of each: sine and cosine where it is a circle."""
_ZONED = {"hour", "weekday", HOLIDAY}


def is_fact(name: str) -> bool:
    """Whether a name in ``known`` is that of a fact, and not of a column.

    >>> is_fact("hour:Europe/Berlin"), is_fact("temperature")
    (True, False)
    """
    return name.partition(":")[0] in WIDTHS


def means_fact(name: str) -> bool:
    """Whether whoever wrote a name meant a fact: it is one, or it has what a fact has behind a colon, and is near one.

    >>> means_fact("holidy:DE"), means_fact("holidays"), means_fact("price:EUR")
    (True, False, False)
    """
    head, colon, _ = name.partition(":")
    return is_fact(name) or bool(colon and difflib.get_close_matches(head, WIDTHS, n=1))


def nearest_fact(name: str) -> str | None:
    """The fact whose name is most like one that is none; none where there is no such.

    >>> nearest_fact("Weekday"), nearest_fact("warmth")
    ('weekday', None)
    """
    near = difflib.get_close_matches(name.lower(), WIDTHS, n=1, cutoff=0.8)
    return near[0] if near else None


def width_of(names: Iterable[str]) -> int:
    """How many columns facts are together."""
    return sum(Fact.parse(name).width for name in names)


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
        name, colon, place = text.partition(":")
        if name not in WIDTHS:
            near = difflib.get_close_matches(name, WIDTHS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(
                f"known names facts of the calendar: {', '.join(WIDTHS)}; or, on the feeds files and sql, columns "
                f"whose future is given, with available_at. Received: {text!r}.{hint}"
            )
        country = ""
        if name == HOLIDAY:
            country, colon, place = place.partition(":")
            require_country(country)
        if place and name not in _ZONED:
            raise ValueError(f"of the facts only {', '.join(sorted(_ZONED))} take a time zone. Received: {text!r}")
        if colon and place not in available_timezones():
            raise ValueError(f"{name} takes a time zone such as Europe/Berlin. Received: {text!r}")
        return cls(name, "" if place == "UTC" else place, country)

    def require_suits(self, calendar: str) -> None:
        """Raise ValueError where a fact says nothing of the instants of a calendar."""
        frequency = Frequency.parse(calendar)
        if self.place and (frequency is None or frequency.daily):
            raise ValueError(
                f"{self.name} in known takes a time zone where steps are below a day; a day or a session is a date "
                f"wherever it is told. Received: {self.place!r} with the calendar {calendar!r}. Leave the zone out."
            )
        if self.name == "hour" and (frequency is None or frequency.daily):
            raise ValueError(f"hour in known needs a calendar of steps below a day. Received: {calendar!r}")
        if self.name == HOLIDAY and frequency is not None and frequency.daily and frequency.unit not in {"D", "B"}:
            raise ValueError(f"holiday in known needs days, sessions or shorter steps. Received: {calendar!r}")
        if self.name == "session_of_week" and frequency is not None and not frequency.daily:
            raise ValueError(f"session_of_week in known needs days or sessions. Received: {calendar!r}")

    @property
    def width(self) -> int:
        """How many columns it is."""
        return WIDTHS[self.name]

    @property
    def zone(self) -> ZoneInfo | None:
        """The time zone; none for UTC."""
        return ZoneInfo(self.place) if self.place else None
