"""Times as they are written: ISO 8601, or in a format that the pipeline file declares."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

UNIX = {"unix": "s", "unix_ms": "ms", "unix_us": "us", "unix_ns": "ns"}
"""Names of formats that count from 1970-01-01 00:00 UTC, with their units."""

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_PLAIN = re.compile(rf"(?:{_DAY}(?:[T ](?:[01][0-9]|2[0-3]):[0-9]{{2}}(?::[0-9]{{2}})?)?\n)*")
"""A whole column of dates, or of times without a zone: what most files have."""
_FRACTION = r"(?:[.,][0-9]{1,9})?"
_ISO = re.compile(
    rf"(?P<wall>{_DAY}|{_DAY}[T ][0-9]{{2}}(?::[0-9]{{2}}(?::[0-9]{{2}}{_FRACTION})?)?|"
    rf"[0-9]{{8}}T[0-9]{{2}}(?:[0-9]{{2}}(?:[0-9]{{2}}{_FRACTION})?)?)"
    r"(?P<zone> ?(?:Z|UTC|GMT|"
    r"(?P<sign>[+-])(?P<hours>[0-9]{2})(?::?(?P<minutes>[0-9]{2})(?::?(?P<seconds>[0-9]{2}))?)?))?",
    re.IGNORECASE,
)
_MIDNIGHT = re.compile(r"([T ])24(:?00(?::?00(?:[.,]0+)?)?)?$", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """Times as the clocks on the wall showed them.

    Attributes:
        wall: naive, microseconds; NaT where a text is no time.
        offset: seconds by which the wall was ahead of UTC; NaN where none is written.
        ended: which are written as 24:00 of the day before.
        read: which texts have the form of a time, whether there is such a time or not.
    """

    wall: pd.DatetimeIndex
    offset: np.ndarray
    ended: np.ndarray
    read: np.ndarray

    @classmethod
    def of(cls, typed: pd.DatetimeIndex) -> "Clocks":
        """Times that are typed already."""
        wall = typed if typed.tz is None else typed.tz_localize(None)
        offset = np.full(len(typed), np.nan)
        if typed.tz is not None:
            offset = np.asarray((wall - typed.tz_convert("UTC").tz_localize(None)).total_seconds(), dtype=float)
        there = np.asarray(typed.notna())
        return cls(wall=wall.as_unit("us"), offset=offset, ended=np.zeros(len(typed), dtype=bool), read=there)


def read_iso(texts: Sequence[str]) -> Clocks:
    """Read ISO 8601 dates and times, with or without a zone: calendar dates alone, as pandas does."""
    none = np.zeros(len(texts), dtype=bool)
    if _PLAIN.fullmatch("\n".join([*texts, ""])):
        return Clocks(wall=_parsed(texts), offset=np.full(len(texts), np.nan), ended=none, read=~none)
    found = [_ISO.fullmatch(text) for text in texts]
    walls = [match["wall"].replace(",", ".").upper() if match else None for match in found]
    ended = np.array([wall is not None and _MIDNIGHT.search(wall) is not None for wall in walls], dtype=bool)
    walls = [
        _MIDNIGHT.sub(r"\g<1>00\g<2>", wall) if late and wall else wall for wall, late in zip(walls, ended, strict=True)
    ]
    wall = _parsed(walls) + pd.to_timedelta(ended.astype(int), unit="D")
    offset = np.array([_seconds(match) if match and match["zone"] else np.nan for match in found], dtype=float)
    read = np.array([match is not None for match in found], dtype=bool)
    return Clocks(wall=wall.as_unit("us"), offset=offset, ended=ended, read=read)


def read_format(texts: Sequence[str], *, form: str) -> Clocks:
    """Read times in a declared format: one of :data:`UNIX`, or of ``strptime``."""
    none = np.zeros(len(texts), dtype=bool)
    offset = np.full(len(texts), np.nan)
    if form in UNIX:
        numbers = [float(text) if _NUMBER.fullmatch(text) else np.nan for text in texts]
        wall = pd.to_datetime(pd.Series(numbers), unit=UNIX[form], errors="coerce")
        return Clocks(wall=pd.DatetimeIndex(wall).as_unit("us"), offset=offset * 0, ended=none, read=~np.isnan(numbers))
    if "%z" not in form:
        wall = pd.DatetimeIndex(pd.to_datetime(pd.Series(texts, dtype="object"), format=form, errors="coerce"))
        return Clocks(wall=wall.as_unit("us"), offset=offset, ended=none, read=np.asarray(wall.notna()))
    times = [_strptime(text, form) for text in texts]
    wall = pd.DatetimeIndex([None if time is None else time.replace(tzinfo=None) for time in times])
    offset = np.array([np.nan if time is None else time.utcoffset().total_seconds() for time in times])  # type: ignore[union-attr]
    return Clocks(wall=wall.as_unit("us"), offset=offset, ended=none, read=np.asarray(wall.notna()))


def _parsed(walls: Sequence[str | None]) -> pd.DatetimeIndex:
    parsed = pd.to_datetime(pd.Series(list(walls), dtype="object"), format="ISO8601", errors="coerce")
    return pd.DatetimeIndex(parsed).as_unit("us")


def _seconds(match: re.Match[str]) -> float:
    if match["sign"] is None:
        return 0.0
    hours, minutes, seconds = (int(match[part] or 0) for part in ("hours", "minutes", "seconds"))
    ahead = 3600 * hours + 60 * minutes + seconds
    return float(-ahead if match["sign"] == "-" else ahead)


def _strptime(text: str, form: str) -> datetime | None:
    try:
        time = datetime.strptime(text, form)  # noqa: DTZ007 — the format has a zone
    except ValueError:
        return None
    return time if time.tzinfo is not None else None
