"""A frequency as a calendar: how far apart instants are, in the words that pandas has for it."""

import re
from dataclasses import dataclass
from typing import Self

_DAY, _MONTH = "SUN|MON|TUE|WED|THU|FRI|SAT", "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
_NAME = re.compile(
    rf"(?P<count>[1-9][0-9]{{0,3}})?(?P<unit>s|min|h|D|B|W(?:-(?:{_DAY}))?|SM[SE](?:-(?:[2-9]|1[0-9]|2[0-7]))?|"
    rf"B?MS|B?ME|B?[QY][SE](?:-(?:{_MONTH}))?|WOM-[1-4](?:{_DAY})|LWOM-(?:{_DAY}))"
)
_SECONDS = {"s": 1, "min": 60, "h": 3600, "D": 86400}
_A_YEAR = (("W", 52), ("SM", 24), ("WOM", 12), ("LWOM", 12), ("BM", 12), ("M", 12), ("BQ", 4), ("Q", 4))
"""Steps of a year, by what a unit begins with; a year itself is one."""
_BEGINS = re.compile(r"(?:SM|B?M|B?Q|B?Y)S(?:-.*)?")


@dataclass(frozen=True, kw_only=True)
class Frequency:
    """Instants at one distance from each other.

    Attributes:
        count: every how many units.
        unit: of pandas: ``s``, ``min``, ``h``, ``D``, ``B``, ``W-FRI``, ``MS``, ``QE-MAR``, …
    """

    count: int
    unit: str

    @classmethod
    def parse(cls, name: str) -> Self | None:
        """The frequency of this name; none where it is none.

        >>> Frequency.parse("15min"), Frequency.parse("W-FRI")
        (Frequency(count=15, unit='min'), Frequency(count=1, unit='W-FRI'))
        >>> Frequency.parse("XNYS") is None
        True
        """
        found = _NAME.fullmatch(name)
        return cls(count=int(found["count"] or 1), unit=found["unit"]) if found else None

    @property
    def seconds(self) -> int | None:
        """From one instant to the next; none where that depends on the calendar: weekdays, weeks of a day, months."""
        return self.count * _SECONDS[self.unit] if self.unit in _SECONDS else None

    @property
    def daily(self) -> bool:
        """Whether the instants are named by their date alone: days, weeks, months."""
        return self.unit not in {"s", "min", "h"}

    @property
    def begins(self) -> bool:
        """Whether an instant is the first day of the month, quarter or year that its value is of.

        >>> Frequency.parse("MS").begins, Frequency.parse("ME").begins
        (True, False)
        """
        return _BEGINS.fullmatch(self.unit) is not None

    @property
    def ends(self) -> bool:
        """Whether an instant is the last day of the week, month, quarter or year that its value is of."""
        return self.daily and self.unit not in {"D", "B"} and not self.begins

    @property
    def season(self) -> int:
        """Steps of a season: a minute of seconds, a day of minutes and hours, a week of days, a year of the rest.

        >>> [Frequency.parse(name).season for name in ("15min", "1D", "B", "W-FRI", "MS", "3ME", "YE", "7D")]
        [96, 7, 5, 52, 12, 4, 1, 52]
        """
        if self.unit in {"s", "min", "h"}:
            whole = 60 if self.unit == "s" else 86400
            return max(1, whole // (self.count * _SECONDS[self.unit]))
        if self.unit in {"D", "B"}:
            week = 7 if self.unit == "D" else 5
            return week if self.count % week else max(1, 52 * week // self.count)
        steps = next((steps for start, steps in _A_YEAR if self.unit.startswith(start)), 1)
        return max(1, steps // self.count)
