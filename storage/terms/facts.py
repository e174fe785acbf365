"""What the calendar says of an instant before it comes: the facts that a pipeline may name in ``known``."""

import difflib
from dataclasses import dataclass
from zoneinfo import ZoneInfo, available_timezones

WIDTHS = {"hour": 2, "weekday": 2, "month": 2, "session_of_week": 2, "days_to_month_end": 1}
"""Columns of each: sine and cosine where it is a circle."""
_ZONED = {"hour", "weekday"}


@dataclass(frozen=True)
class Fact:
    """A fact by name.

    Attributes:
        name: one of :data:`WIDTHS`.
        place: the time zone in which it is told; empty for UTC.
    """

    name: str
    place: str = ""

    @classmethod
    def parse(cls, text: str) -> "Fact":
        """Read a fact as the pipeline file names it: ``weekday``, ``hour:Europe/Berlin``.

        Raises:
            ValueError: there is no such fact, or no such time zone.

        >>> Fact.parse("hour:Europe/Berlin")
        Fact(name='hour', place='Europe/Berlin')
        """
        name, _, place = text.partition(":")
        if name not in WIDTHS:
            near = difflib.get_close_matches(name, WIDTHS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"known names facts of the calendar: {', '.join(WIDTHS)}. Received: {text!r}.{hint}")
        if place and name not in _ZONED:
            raise ValueError(f"of the facts only {' and '.join(sorted(_ZONED))} take a time zone. Received: {text!r}")
        if place and place not in available_timezones():
            raise ValueError(f"{name} takes a time zone such as Europe/Berlin. Received: {text!r}")
        return cls(name, place)

    @property
    def width(self) -> int:
        """How many columns it is."""
        return WIDTHS[self.name]

    @property
    def zone(self) -> ZoneInfo | None:
        """The time zone; none for UTC."""
        return ZoneInfo(self.place) if self.place else None
