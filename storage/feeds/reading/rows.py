"""Putting frames of observations together, the same way for every feed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pandas as pd

from daycast.storage.calendars import Calendar
from daycast.storage.feeds.feed import Span, no_rejects, no_rows
from daycast.storage.intake.aside import aside
from daycast.storage.terms.words import AVAILABLE_AT, OBSERVED_AT, SYMBOL

_INSTANT = [SYMBOL, OBSERVED_AT]
_VINTAGE = [*_INSTANT, AVAILABLE_AT]


def observations(rows: Mapping[str, pd.DataFrame], *, calendar: str, span: Span) -> pd.DataFrame:
    """The rows of symbols as ``Fetched.frame`` wants them: within the span, sorted, with ``available_at``.

    Args:
        rows: by symbol, ``observed_at`` (aware UTC, no NaT) and value columns; and ``available_at``, where the source
            says it: a value is known then, and not before the calendar has it known. A column that one symbol lacks is
            NaN there.
        calendar: the pipeline's.
        span: rows outside it are left out.

    Returns:
        Sorted by symbol and ``observed_at``; where the source says since when rows are known, also by that, and of
        those that become known at once the one that is said last.
    """
    inside = {symbol: each[span.mask(each[OBSERVED_AT])] for symbol, each in sorted(rows.items())}
    inside = {symbol: each for symbol, each in inside.items() if len(each)}
    if not inside:
        return no_rows()
    whole = pd.concat(inside.values(), ignore_index=True)
    codes = np.repeat(np.arange(len(inside)), [len(each) for each in inside.values()])
    told = AVAILABLE_AT in whole
    since = (pd.DatetimeIndex(whole[AVAILABLE_AT]).as_unit("us").asi8,) if told else ()  # NaT is the least there is
    order = np.lexsort((*since, pd.DatetimeIndex(whole[OBSERVED_AT]).as_unit("us").asi8, codes))
    whole = whole.take(order).reset_index(drop=True)
    observed = pd.DatetimeIndex(whole[OBSERVED_AT]).as_unit("us")
    known = Calendar(calendar).available_at(observed)
    if told:
        said = pd.DatetimeIndex(whole[AVAILABLE_AT]).as_unit("us")
        known = known.where(~(said > known), said)
    values = whole.drop(columns=[OBSERVED_AT, AVAILABLE_AT], errors="ignore").astype("float64")
    names = pd.Series(np.array(list(inside), dtype=object)[codes], dtype="str")
    frame = pd.concat([pd.DataFrame({SYMBOL: names, OBSERVED_AT: observed, AVAILABLE_AT: known}), values], axis=1)
    return frame.drop_duplicates(_VINTAGE, keep="last", ignore_index=True) if told else frame


class Vintages(NamedTuple):
    """What a source says of each instant, apart by when it said it; each as :func:`observations` gives it.

    Attributes:
        newest: of each symbol and instant the row that is known last.
        earlier: those that were known before it; none where the source does not say since when.
        later: the symbols of rows that become known after now, which are in neither.
    """

    newest: pd.DataFrame
    earlier: pd.DataFrame | None = None
    later: frozenset[str] = frozenset()


def by_vintage(frame: pd.DataFrame, *, told: bool, until: datetime) -> Vintages:
    """Part what :func:`observations` gave.

    Args:
        frame: what it gave.
        told: whether the source says since when each row is known; otherwise all stays together.
        until: now, aware.
    """
    if not told:
        return Vintages(frame)
    late = frame[AVAILABLE_AT] > pd.Timestamp(until)
    known = frame[~late]
    replaced = known.duplicated(_INSTANT, keep="last")
    newest, earlier = (known[each].reset_index(drop=True) for each in (~replaced, replaced))
    return Vintages(newest, earlier, frozenset(frame[SYMBOL][late]))


def rejections(
    symbol: str, rejects: Sequence[tuple[pd.Timestamp, str, str]], *, whose: Sequence[str] = ()
) -> pd.DataFrame:
    """``(observed_at, raw, reason)`` of one symbol as ``Fetched.rejected`` wants them.

    Args:
        symbol: whose they are.
        rejects: what was set aside.
        whose: of each of them, where that is known better.
    """
    times, raw, reasons = zip(*rejects, strict=True) if rejects else ((), (), ())
    return aside(list(whose) or [symbol] * len(rejects), observed_at=times, raw=raw, reasons=reasons)


def join_rejects(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Frames of rejects as one."""
    parts = [frame for frame in frames if len(frame)]
    return pd.concat(parts, ignore_index=True) if parts else no_rejects()
