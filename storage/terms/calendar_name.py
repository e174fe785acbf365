"""Which calendars there are: those of ``exchange_calendars`` that can be built, and the frequencies of pandas."""

import difflib
import functools
import warnings

from daycast.storage.terms.frequency import Frequency

_TRIED = ("2024-01-02", "2024-12-31")
"""A year that every calendar knows."""
_MEANT = {
    "secondly": "1s",
    "minutely": "1min",
    "t": "1min",
    "hourly": "1h",
    "H": "1h",
    "daily": "1D, B",
    "d": "1D, B",
    "weekly": "W-FRI, W-SUN",
    "monthly": "MS, ME",
    "m": "MS, ME",
    "bm": "BMS, BME",
    "quarterly": "QS, QE",
    "q": "QS, QE",
    "bq": "BQS, BQE",
    "yearly": "YS, YE",
    "annual": "YS, YE",
    "y": "YS, YE",
    "a": "YS, YE",
}
"""What people write for a frequency, and earlier pandas did."""


def check_calendar(name: str) -> str:
    """The name, where there is such a calendar.

    Raises:
        ValueError: there is none, or the calendar's library cannot build it.
    """
    if Frequency.parse(name):
        return name
    from exchange_calendars import get_calendar_names

    names = get_calendar_names(include_aliases=True)
    if name not in names:
        meant = _MEANT.get(name if name == "H" else name.lower())
        near = meant or ", ".join(difflib.get_close_matches(name, names, n=3))
        hint = f" Near it: {near}." if near else ""
        raise ValueError(
            "a calendar is an exchange's code (XNYS, XLON, 24/7, …) or a frequency of pandas (15min, 1h, 1D, B, W-FRI, "
            f"MS, QE, …). Received: {name[:80]!r}.{hint}"
        )
    if wrong := _why_not(name):
        raise ValueError(
            f"a calendar that exchange_calendars can build is required. Received: {name!r}, of which it says: {wrong}. "
            "Use another exchange with the same days, or the frequency B"
        )
    return name


@functools.lru_cache(maxsize=256)
def _why_not(name: str) -> str | None:
    """Why a calendar cannot be built; none where it can."""
    import exchange_calendars

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own use of pandas names that pandas 3 deprecates
        try:
            exchange_calendars.get_calendar(name, start=_TRIED[0], end=_TRIED[1])
        except Exception as error:  # whatever a calendar's rules meet in a pandas that they were not written for
            said = " ".join(str(error).split())
            return f"{type(error).__name__}: {said[:60]}{'…' if len(said) > 60 else ''}"
    return None
