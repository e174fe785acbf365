"""Judging rows that come from outside: which can be used, which cannot, and what looks odd."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from daycast.storage.calendars import Calendar
from daycast.storage.intake.aside import aside, in_words
from daycast.storage.intake.oddities import Finding, oddities
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.text import listed
from daycast.storage.terms.words import AVAILABLE_AT, OBSERVED_AT, SYMBOL

PRICES = ("open", "high", "low", "close", "adj_close")
"""Columns that are prices wherever the calendar is an exchange's."""

_ROUNDING = 1e-3
"""By how much a close may lie beyond its bar's low or high: columns are rounded and adjusted each by itself."""
_MOST, _FEWEST = 0.5, 10
"""The share of torn bars, among so many at least, from which on it is no row that is wrong."""
_LARGEST = 1e30
"""Beyond it squares overflow in what networks compute with."""
_MAY_BE_ANY = frozenset({"none", "absolute"})


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What a frame from a feed is worth.

    Attributes:
        good: the rows that can be used, sorted by symbol and observed_at, one for each; columns as they came.
        set_aside: ``symbol``, ``observed_at``, ``raw`` (the row's values as text) and ``reason`` of the others.
        findings: what was seen, and was left as it is.
    """

    good: pd.DataFrame
    set_aside: pd.DataFrame
    findings: tuple[Finding, ...]


def inspect(frame: pd.DataFrame, *, spec: Pipeline) -> Inspection:
    """Judge the rows of a feed; the frame is left alone.

    Set aside are rows with a missing, infinite or unreadably large value in a column that the pipeline needs, with a
    level that is not positive where ratios are taken, with a price of 0, with a close beyond its bar's low and high, at
    an instant that the calendar does not have, and rows for one instant that contradict each other: all of them, since
    nothing says which is right, and a wrong guess would be a silent change. Rows that say the same twice become one.
    Nothing is repaired.

    Args:
        frame: as ``Fetched.frame``.
        spec: the pipeline.

    Raises:
        DataError: a column that the pipeline needs is not there.
    """
    _expect_columns(frame, spec)
    ordered = frame.sort_values([SYMBOL, OBSERVED_AT], kind="stable", ignore_index=True)
    reasons = _reasons(ordered, spec)
    kept = ordered[reasons.isna()]
    repeated = kept.duplicated([SYMBOL, OBSERVED_AT, *spec.fetched])
    single = kept[~repeated]
    clash = single.duplicated([SYMBOL, OBSERVED_AT], keep=False)
    contradicting = pd.Series(single.index.isin(single.index[clash]), index=single.index)
    reasons[single.index[contradicting]] = "another row of the same instant says otherwise"
    good = single[~contradicting].reset_index(drop=True)
    findings = (*_order(frame), *_repeats(kept, repeated), *_bases(good, spec), *oddities(good, spec=spec))
    return Inspection(good=good, set_aside=_set_aside(ordered, reasons), findings=findings)


def inspect_earlier(frame: pd.DataFrame, *, spec: Pipeline) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Judge what was known of instants before their newest rows; the frame is left alone.

    Set aside is what :func:`inspect` would, but for a row that lacks a value: a later one has made it whole.

    Args:
        frame: as ``Fetched.earlier``.
        spec: the pipeline.

    Returns:
        The rows that can be used, and those set aside, as of an :class:`Inspection`.
    """
    whole = frame[frame.reindex(columns=list(spec.fetched)).notna().all(axis=1)].reset_index(drop=True)
    reasons = _reasons(whole, spec)
    return whole[reasons.isna()].reset_index(drop=True), _set_aside(whole, reasons)


def _reasons(frame: pd.DataFrame, spec: Pipeline) -> "pd.Series[str]":
    """By which rule each row cannot be used, the plainest first; missing where it can."""
    reasons = pd.Series(None, index=frame.index, dtype="object")
    for wrong, reason in _rules(frame, spec):
        reasons[wrong & reasons.isna()] = reason
    return reasons


def _expect_columns(frame: pd.DataFrame, spec: Pipeline) -> None:
    missing = [name for name in spec.fetched if name not in frame.columns]
    if missing and len(frame):
        there = [name for name in frame.columns if name not in {SYMBOL, OBSERVED_AT, AVAILABLE_AT}]
        raise DataError(
            f"[{spec.name}]: target and features must be columns of the feed {spec.feed!r}. Received: no "
            f"{listed(missing)}; the columns there are: {listed(there) or 'none'}. Correct target or features."
        )


def _rules(frame: pd.DataFrame, spec: Pipeline) -> Iterator[tuple[pd.Series, str]]:
    """Rows that break a rule, and its name, the plainest first."""
    if not len(frame):
        return
    for name in spec.fetched:
        yield frame[name].isna(), f"{name} is missing"
        yield ~np.isfinite(frame[name]), f"{name} is not finite"
        yield frame[name].abs() > _LARGEST, f"{name} is beyond 1e30, as what stands for no value often is"
    yield from _below_zero(frame, spec)
    torn = _torn(frame, spec)
    yield torn & ~_mostly(torn, frame), "close does not lie between low and high"
    yield from _beyond(frame, Calendar(spec.calendar))
    yield ~on_calendar(frame, spec.calendar), f"there is no such instant in the calendar {spec.calendar}"


def _torn(frame: pd.DataFrame, spec: Pipeline) -> "pd.Series[bool]":
    """Bars of an exchange whose close lies beyond their low and high."""
    if not Calendar(spec.calendar).sessions or not {"high", "low", "close"} <= set(frame.columns):
        return pd.Series(data=False, index=frame.index)
    close, high, low = frame["close"], frame["high"], frame["low"]
    return (close > high + _ROUNDING * high.abs()) | (close < low - _ROUNDING * low.abs())


def _mostly(torn: "pd.Series[bool]", frame: pd.DataFrame) -> "pd.Series[bool]":
    """Rows of symbols most of whose bars are torn: their columns have different bases, and prove nothing."""
    bars = torn.groupby(frame[SYMBOL])
    return (bars.transform("mean") > _MOST) & (bars.transform("size") >= _FEWEST)


def _bases(good: pd.DataFrame, spec: Pipeline) -> Iterator[Finding]:
    torn = _torn(good, spec)
    for symbol, count in good[SYMBOL][torn & _mostly(torn, good)].value_counts().sort_index().items():
        said = "it has another basis than they, such as an adjusted one"
        message = f"{count} rows have a close beyond their low and high: {said}"
        yield Finding(symbol=str(symbol), kind="basis", count=int(count), message=message)


def _below_zero(frame: pd.DataFrame, spec: Pipeline) -> Iterator[tuple[pd.Series, str]]:
    """Levels that cannot be: none below zero where ratios are taken, and no price of 0, which stands for none."""
    ratio = next((kind for kind in map(spec.difference_of, spec.fetched) if kind not in _MAY_BE_ANY), None)
    for name in positive_columns(frame, spec):
        if ratio:
            kind = spec.difference_of(name) if name in spec.fetched else ratio
            yield frame[name] <= 0, f'{name} is not positive (difference = "{kind}")'
        else:
            yield frame[name] == 0, f"{name} is not positive (0 stands for no price)"


def positive_columns(frame: pd.DataFrame, spec: Pipeline) -> list[str]:
    """The columns that are prices, and what is differenced by ratio."""
    prices = PRICES if Calendar(spec.calendar).sessions else ()
    ratios = [name for name in spec.fetched if spec.difference_of(name) not in _MAY_BE_ANY]
    return [name for name in dict.fromkeys([*prices, *ratios]) if name in frame.columns]


def on_calendar(frame: pd.DataFrame, calendar: str) -> pd.Series:
    """Which rows stand at an instant of the calendar.

    A frequency says how far apart instants are, not where they begin: they are counted from the place at which most
    rows of the symbol stand, so that one crooked row does not make all the others wrong.
    """
    observed, days = frame[OBSERVED_AT], Calendar(calendar)
    if days.frequency is None:
        return observed.isin(days.instants(observed.min(), observed.max()))
    if days.step is not None:
        places = observed.astype("int64") % (days.step // pd.Timedelta(microseconds=1))
    else:
        found = pd.Series(days.places(pd.DatetimeIndex(observed)), index=frame.index)
        places = (found % days.frequency.count).where(found >= 0)
    usual = places.groupby(frame[SYMBOL]).transform(_mode)
    return places == usual


def _mode(places: "pd.Series[float]") -> float:
    """The place at which most stand; NaN, which no place is, where none is known."""
    modes = places.mode()
    return float(modes.iloc[0]) if len(modes) else np.nan


def _beyond(frame: pd.DataFrame, calendar: Calendar) -> Iterator[tuple[pd.Series, str]]:
    """Rows before the first day that the calendar knows, and after its last."""
    observed = frame[OBSERVED_AT]
    if calendar.begins is not None:
        yield observed < calendar.begins, f"the calendar {calendar.name} begins at {calendar.begins:%Y-%m-%d}"
    if calendar.ends is not None:
        yield observed > calendar.ends, f"the calendar {calendar.name} ends at {calendar.ends:%Y-%m-%d}"


def _set_aside(frame: pd.DataFrame, reasons: pd.Series) -> pd.DataFrame:
    wrong = frame[reasons.notna()]
    raw = in_words(wrong.drop(columns=[SYMBOL, AVAILABLE_AT]))
    return aside(wrong[SYMBOL], observed_at=wrong[OBSERVED_AT], raw=raw, reasons=reasons[wrong.index])


def _order(frame: pd.DataFrame) -> Iterator[Finding]:
    backwards = frame.groupby(SYMBOL, sort=True)[OBSERVED_AT].diff() < pd.Timedelta(0)
    for symbol, count in frame[SYMBOL][backwards].value_counts().sort_index().items():
        message = f"{count} rows came before an earlier one, and were sorted"
        yield Finding(symbol=str(symbol), kind="out_of_order", count=int(count), message=message)


def _repeats(kept: pd.DataFrame, repeated: pd.Series) -> Iterator[Finding]:
    for symbol, count in kept[SYMBOL][repeated].value_counts().sort_index().items():
        message = f"{count} rows came more than once with the same values in the columns in use; the first counts"
        yield Finding(symbol=str(symbol), kind="duplicate", count=int(count), message=message)
