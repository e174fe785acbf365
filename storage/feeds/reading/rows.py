"""Putting frames of observations together, the same way for every feed."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from daycast.storage.calendars import Calendar
from daycast.storage.feeds.feed import Span, no_rejects, no_rows
from daycast.storage.intake.aside import aside
from daycast.storage.terms.words import AVAILABLE_AT, OBSERVED_AT, SYMBOL


def observations(rows: Mapping[str, pd.DataFrame], *, calendar: str, span: Span) -> pd.DataFrame:
    """The rows of symbols as ``Fetched.frame`` wants them: within the span, sorted, with ``available_at``.

    Args:
        rows: by symbol, ``observed_at`` (aware UTC, no NaT) and value columns; and ``available_at``, where the source
            says it: a value is known then, and not before the calendar has it known. A column that one symbol lacks is
            NaN there.
        calendar: the pipeline's.
        span: rows outside it are left out.
    """
    inside = {symbol: each[span.mask(each[OBSERVED_AT])] for symbol, each in sorted(rows.items())}
    inside = {symbol: each for symbol, each in inside.items() if len(each)}
    if not inside:
        return no_rows()
    whole = pd.concat(inside.values(), ignore_index=True)
    codes = np.repeat(np.arange(len(inside)), [len(each) for each in inside.values()])
    order = np.lexsort((pd.DatetimeIndex(whole[OBSERVED_AT]).asi8, codes))
    whole = whole.take(order).reset_index(drop=True)
    observed = pd.DatetimeIndex(whole[OBSERVED_AT]).as_unit("us")
    known = Calendar(calendar).available_at(observed)
    if AVAILABLE_AT in whole:
        said = pd.DatetimeIndex(whole[AVAILABLE_AT]).as_unit("us")
        known = known.where(~(said > known), said)
    values = whole.drop(columns=[OBSERVED_AT, AVAILABLE_AT], errors="ignore").astype("float64")
    names = pd.Series(np.array(list(inside), dtype=object)[codes], dtype="str")
    return pd.concat([pd.DataFrame({SYMBOL: names, OBSERVED_AT: observed, AVAILABLE_AT: known}), values], axis=1)


def known_last(rows: pd.DataFrame) -> pd.DataFrame:
    """Of the rows of each instant the one known last; all of them where nothing says since when they are known."""
    if AVAILABLE_AT not in rows:
        return rows
    ordered = rows.sort_values([OBSERVED_AT, AVAILABLE_AT], kind="stable", na_position="first")
    return ordered.drop_duplicates(OBSERVED_AT, keep="last")


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
