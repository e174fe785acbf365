"""Instants from times as they are written, with nothing guessed: what is sure is read, what is not is refused."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from daycast.storage.feeds.reading.iso import Clocks, read_format, read_iso
from daycast.storage.terms.text import quote

_EARLIEST, _LATEST = pd.Timestamp("1800-01-01", tz="UTC"), pd.Timestamp("2262-01-01", tz="UTC")


_REPEATED = 4
"""Texts that stand in a column more often than this are read once each: a panel has every day a thousand times."""


class UnsureTimesError(ValueError):
    """Times that could be read in two ways, so that none of them is sure."""


@dataclass(frozen=True, kw_only=True)
class Times:
    """Instants read from a column.

    Attributes:
        observed_at: ``datetime64[us, UTC]``, NaT where a text is no instant.
        reasons: by position, why it is none.
    """

    observed_at: pd.DatetimeIndex
    reasons: dict[int, str]


def parse_times(texts: Sequence[str], *, timezone: str | None, days: bool, form: str | None = None) -> Times:
    """Read a column of times.

    Args:
        texts: dates or times, with or without a zone.
        timezone: the zone of times that bear none; see :func:`instants_of` for days.
        days: the instants are days.
        form: of the texts; ISO 8601 where there is none.

    Raises:
        UnsureTimesError: some bear a zone and others do not, or their days are not sure.
    """
    distinct = list(dict.fromkeys(texts))
    if len(distinct) < len(texts) // _REPEATED:
        return _repeated(parse_times(distinct, timezone=timezone, days=days, form=form), texts, distinct)
    clocks = read_iso(texts) if form is None else read_format(texts, form=form)
    instants = instants_of(clocks, timezone=timezone, days=days)
    reasons = {}
    for place in np.flatnonzero(instants.isna()).tolist():
        text = texts[place]
        if not text.strip():
            reasons[place] = "the time is missing"
        elif not clocks.read[place]:
            form_of = "ISO 8601 (2020-01-31, 2020-01-31 13:00:00, …)" if form is None else f"as {form!r} has it"
            reasons[place] = f"the time is not {form_of}: {quote(text)}"
        elif days and clocks.ended[place]:
            reasons[place] = f"24:00 is the end of one day and the beginning of another: {quote(text)}"
        else:
            reasons[place] = f"there is no such time in {timezone or 'UTC'}, or it is there twice: {quote(text)}"
    return Times(observed_at=instants, reasons=reasons)


def _repeated(times: Times, texts: Sequence[str], distinct: Sequence[str]) -> Times:
    """What was read of distinct texts, for each place at which they stand."""
    place = {text: number for number, text in enumerate(distinct)}
    codes = np.array([place[text] for text in texts])
    wrong = np.flatnonzero(np.isin(codes, list(times.reasons)))
    reasons = {int(at): times.reasons[int(codes[at])] for at in wrong}
    return Times(observed_at=times.observed_at[codes], reasons=reasons)


def to_instants(raw: pd.DatetimeIndex, *, timezone: str | None, days: bool) -> pd.DatetimeIndex:
    """Naive or aware times that are typed already as aware UTC instants; see :func:`instants_of`."""
    return instants_of(Clocks.of(raw), timezone=timezone, days=days)


def instants_of(clocks: Clocks, *, timezone: str | None, days: bool) -> pd.DatetimeIndex:
    """Times as they are written as aware UTC instants, NaT where there is none.

    What no clock of the zone shows, or shows twice, is none. A day is the date as it is written, in its own offset, and
    stands at 00:00 UTC: vendors write the bar of a day as the midnight that it began with, where the exchange is. Of
    instants in UTC that are no midnight the day is the one of ``timezone``; without it, it would be a guess.

    Raises:
        UnsureTimesError: some bear a zone and others do not, or their days would be a guess.
    """
    known = np.asarray(clocks.wall.notna()) & clocks.read
    zoned = known & ~np.isnan(clocks.offset)
    if 0 < zoned.sum() < known.sum():
        without = int(known.sum() - zoned.sum())
        # A date alone bears no zone either: beside times that do, it could be of the day before.
        raise UnsureTimesError(
            f"times with a zone ({zoned.sum()}) and without one ({without}) in one column; give them all a zone, "
            "or none"
        )
    utc = clocks.wall - pd.to_timedelta(np.nan_to_num(clocks.offset), unit="s")
    if days:
        wall = _days(clocks, utc, timezone=timezone) if zoned.any() else clocks.wall
        instants = wall.normalize().where(~clocks.ended).tz_localize("UTC")
    elif zoned.any():
        instants = utc.tz_localize("UTC")
    else:
        local = clocks.wall.tz_localize(timezone or "UTC", ambiguous="NaT", nonexistent="NaT")
        instants = local.tz_convert("UTC")
    instants = instants.as_unit("us")
    return instants.where((instants >= _EARLIEST) & (instants <= _LATEST))


def _days(clocks: Clocks, utc: pd.DatetimeIndex, *, timezone: str | None) -> pd.DatetimeIndex:
    wall = clocks.wall
    known = wall.notna()
    if (wall == wall.normalize())[known].all():
        return wall
    if timezone is not None:
        return utc.tz_localize("UTC").tz_convert(timezone).tz_localize(None)
    if (clocks.offset[known] != 0).any():
        return wall
    example = wall[known][np.argmax(wall[known] != wall[known].normalize())]
    raise UnsureTimesError(
        f"days that are written as instants in UTC ({example}, …): which day it was where the exchange is would be a "
        'guess. Set timezone = "Europe/Paris", or where it is'
    )
