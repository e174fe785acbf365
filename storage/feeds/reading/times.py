"""Reading instants from text, with nothing guessed: ISO 8601 or refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from daycast.storage.calendars import Calendar
from daycast.storage.feeds.reading.answers import quote

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
_ISO = re.compile(rf"{_DATE}(?:[T ]{_CLOCK}(?P<zone> ?(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}}))?)?")
_EARLIEST, _LATEST = pd.Timestamp("1800-01-01", tz="UTC"), pd.Timestamp("2262-01-01", tz="UTC")


class MixedZonesError(ValueError):
    """Some times bear a zone and others do not, so that none of them is sure."""


@dataclass(frozen=True, kw_only=True)
class Times:
    """Instants read from a column.

    Attributes:
        observed_at: ``datetime64[us, UTC]``, NaT where a text is no instant.
        reasons: by position, why it is none.
    """

    observed_at: pd.DatetimeIndex
    reasons: dict[int, str]


def daily(calendar: str) -> bool:
    """Whether the instants of a calendar are days, named by their date.

    >>> daily("XNYS"), daily("1D"), daily("W-FRI"), daily("1h")
    (True, True, True, False)
    """
    return Calendar(calendar).daily


def parse_times(texts: Sequence[str], *, timezone: str, days: bool) -> Times:
    """Read a column of times.

    Args:
        texts: ISO 8601 dates or times, with or without a zone.
        timezone: the zone of times that bear none.
        days: the instants are days: a time stands for its date in ``timezone``, at 00:00 UTC.

    Raises:
        MixedZonesError: some bear a zone and others do not.
    """
    matches = [_ISO.fullmatch(text) for text in texts]
    zones = [bool(match["zone"]) for match in matches if match]
    zoned = sum(zones)
    # A date alone bears no zone either: beside times that do, it could be of the day before.
    if 0 < zoned < len(zones):
        raise MixedZonesError(f"times with a zone ({zoned}) and without one ({len(zones) - zoned}) in one column")
    clean = [match[0] if match else None for match in matches]
    raw = pd.DatetimeIndex(
        pd.to_datetime(pd.Series(clean, dtype="object"), format="ISO8601", errors="coerce", utc=zoned > 0)
    )
    instants = to_instants(raw, timezone=timezone, days=days)
    return Times(observed_at=instants, reasons=_reasons(texts, matches, instants, timezone=timezone))


def to_instants(raw: pd.DatetimeIndex, *, timezone: str, days: bool) -> pd.DatetimeIndex:
    """Naive or aware times as aware UTC instants; what no clock of the zone shows, or shows twice, becomes NaT."""
    if days:
        local = raw if raw.tz is None else raw.tz_convert(timezone).tz_localize(None)
        instants = local.normalize().tz_localize("UTC")
    elif raw.tz is None:
        instants = raw.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT").tz_convert("UTC")
    else:
        instants = raw.tz_convert("UTC")
    instants = instants.as_unit("us")
    return instants.where((instants >= _EARLIEST) & (instants <= _LATEST))


def _reasons(
    texts: Sequence[str], matches: Sequence[Any], instants: pd.DatetimeIndex, *, timezone: str
) -> dict[int, str]:
    reasons = {}
    for position in np.flatnonzero(instants.isna()).tolist():
        text = texts[position]
        if not text.strip():
            reason = "the time is missing"
        elif matches[position] is None:
            reason = f"the time is not ISO 8601 (2020-01-31, 2020-01-31 13:00:00, …): {quote(text)}"
        else:
            reason = f"there is no such time in {timezone}, or it is there twice: {quote(text)}"
        reasons[position] = reason
    return reasons
