"""Times that keep to no grid: telling so, and putting what was observed onto the calendar's instants."""

from typing import Literal

import numpy as np
import pandas as pd

from daycast.storage.calendars import Calendar
from daycast.storage.terms.words import AVAILABLE_AT, OBSERVED_AT

_FEWEST = 10
"""With fewer rows nothing is said of their grid."""
_SECOND = pd.Timedelta(seconds=1)


def off_grid(observed: "pd.Series[pd.Timestamp]", *, calendar: str) -> str | None:
    """What to say of times most of which stand at no common place of a frequency; none where they keep to it."""
    step = Calendar(calendar).step
    if step is None or Calendar(calendar).daily or len(observed) < _FEWEST:
        return None
    places = observed.astype("int64") % (step // pd.Timedelta(microseconds=1))
    most = int(places.value_counts().iloc[0])
    if 2 * most >= len(observed):
        return None
    said = f"times that keep to no grid of {calendar}: {most:,} of {len(observed):,} rows stand at one place of it"
    return f'{said}; resample = "mean" or "last" puts them on it{_other(observed, step)}'


def _other(observed: "pd.Series[pd.Timestamp]", step: pd.Timedelta) -> str:
    """The frequency that the times do keep to, as another way out."""
    apart = observed.sort_values().diff().dropna()
    usual = apart.mode().iloc[0]
    if usual == step or usual < _SECOND or 2 * int((apart == usual).sum()) < len(apart):
        return ""
    seconds = int(usual / _SECOND)
    name = next(
        f"{seconds // size}{unit}" for unit, size in (("h", 3600), ("min", 60), ("s", 1)) if seconds % size == 0
    )
    return f', and calendar = "{name}" takes them as they are'


def resampled(rows: pd.DataFrame, *, how: Literal["mean", "last"], calendar: str) -> pd.DataFrame:
    """One row an instant of the calendar, of what was observed from it until the next one, known when that comes.

    A day is what bears its date, known when the calendar has it known and its last row was observed at the earliest; a
    period that is named by its last day is what was observed up to the end of it.

    Args:
        rows: ``observed_at``, ascending or not, and value columns.
        how: the mean of each column, or its last value.
        calendar: the pipeline's.
    """
    ordered = rows.sort_values(OBSERVED_AT, kind="stable")
    observed = pd.DatetimeIndex(ordered[OBSERVED_AT])
    labels, known = _labels(observed, Calendar(calendar))
    groups = ordered.drop(columns=OBSERVED_AT).groupby(np.asarray(labels), sort=True)
    values = groups.mean() if how == "mean" else groups.last()
    index = pd.DatetimeIndex(values.index).tz_localize("UTC").as_unit("us")
    until = pd.Series(known, index=np.asarray(labels)).groupby(level=0).max()
    return values.reset_index(drop=True).assign(
        **{OBSERVED_AT: index, AVAILABLE_AT: pd.DatetimeIndex(until).as_unit("us")}
    )


def _labels(observed: pd.DatetimeIndex, calendar: Calendar) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
    """The instant of the calendar to which each row belongs, naive, and when that instant's value is known, aware."""
    if calendar.step is not None and not calendar.daily:
        labels = observed.floor(calendar.step)
        return labels.tz_localize(None), labels + calendar.step
    days = observed.normalize()
    if calendar.frequency is None or calendar.step is not None or calendar.frequency.unit == "B":
        return days.tz_localize(None), (days + pd.Timedelta(days=1))
    units = calendar.units(days.min() - pd.Timedelta(days=800), days.max() + pd.Timedelta(days=800))
    side = "left" if calendar.frequency.ends else "right"
    places = units.searchsorted(days, side=side) - (0 if calendar.frequency.ends else 1)
    labels = units[places]
    return labels.tz_localize(None), calendar.available_at(labels)
