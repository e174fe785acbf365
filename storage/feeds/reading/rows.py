"""Putting frames of observations together, the same way for every feed."""

from collections.abc import Iterable, Sequence

import pandas as pd

from daycast.storage.calendars import Calendar
from daycast.storage.feeds.feed import Span, no_rejects, no_rows
from daycast.storage.intake.aside import aside
from daycast.storage.terms.words import AVAILABLE_AT, OBSERVED_AT, SYMBOL


def observations(symbol: str, rows: pd.DataFrame, *, calendar: str, span: Span) -> pd.DataFrame:
    """The rows of one symbol as ``Fetched.frame`` wants them: within the span, sorted, with ``available_at``.

    Args:
        symbol: whose rows they are.
        rows: ``observed_at`` (aware UTC, no NaT) and value columns; and ``available_at``, where the source says it: a
            value is known then, and not before the calendar has it known.
        calendar: the pipeline's.
        span: rows outside it are left out.
    """
    inside = rows[span.mask(rows[OBSERVED_AT])].sort_values(OBSERVED_AT, kind="stable", ignore_index=True)
    observed = pd.DatetimeIndex(inside[OBSERVED_AT]).as_unit("us")
    known = Calendar(calendar).available_at(observed)
    if AVAILABLE_AT in inside:
        said = pd.DatetimeIndex(inside[AVAILABLE_AT]).as_unit("us")
        known = known.where(~(said > known), said)
    values = inside.drop(columns=[OBSERVED_AT, AVAILABLE_AT], errors="ignore").astype("float64")
    names = pd.Series([symbol] * len(inside), dtype="str")
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


def join_rows(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Frames of observations as one, sorted by symbol and observed_at; a column that one lacks is NaN there."""
    parts = [frame for frame in frames if len(frame)]
    if not parts:
        return no_rows()
    return pd.concat(parts, ignore_index=True).sort_values([SYMBOL, OBSERVED_AT], kind="stable", ignore_index=True)


def join_rejects(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Frames of rejects as one."""
    parts = [frame for frame in frames if len(frame)]
    return pd.concat(parts, ignore_index=True) if parts else no_rejects()
