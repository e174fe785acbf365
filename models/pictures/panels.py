"""What is drawn of a run, taken from its frames, and the same in words for readers who do not see the picture."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from daycast.models.pictures.plots import Fan, Times, Trace, Weeks
from daycast.storage.terms.live import LiveAccuracy
from daycast.storage.terms.words import LEVELS, MEAN, ORIGIN, SERIES_ID, VALID_AT

_RECENT = 4
"""Recent values shown, in horizons, and no fewer than :data:`_LEAST` and no more than :data:`_MOST`."""
_LEAST, _MOST = 60, 400
_POINTS = 240


def fan(ahead: pd.DataFrame, *, levels: "pd.Series[float]", unit: str) -> Fan:
    """A series' forecast beside its recent values.

    Args:
        ahead: its rows of ``forecasts`` from one origin, one a lead.
        levels: the target as it was known, by instant, aware UTC; the one at the origin among them.
        unit: of the target.
    """
    count = min(_MOST, max(_LEAST, _RECENT * len(ahead)))
    past = levels[levels.index <= ahead[ORIGIN].iloc[0]].tail(count)
    bounds = {level: (ahead[f"lower_{level}"], ahead[f"upper_{level}"]) for level in LEVELS}
    return Fan(
        title=f"{ahead[SERIES_ID].iloc[0]}: {ahead['forecaster'].iloc[0]}",
        unit=unit,
        past_times=_without_zone(past.index),
        past=past.to_numpy(dtype=float),
        times=_without_zone(ahead[VALID_AT]),
        mean=ahead[MEAN].to_numpy(dtype=float),
        bands={
            level: (lower.to_numpy(dtype=float), upper.to_numpy(dtype=float))
            for level, (lower, upper) in bounds.items()
        },
    )


def trace(
    one_ahead: pd.DataFrame, *, levels: "pd.Series[float]", instants: pd.DatetimeIndex, title: str, unit: str
) -> Trace:
    """The last of what was predicted one step ahead, beside what came.

    Args:
        one_ahead: ``origin`` (aware UTC, ascending) and ``mean``.
        levels: the target as it was known, by instant, aware UTC.
        instants: the calendar, from the first of the levels to the last.
        title: the series and the part.
        unit: of the target.
    """
    rows = one_ahead.tail(_POINTS)
    following = instants.searchsorted(pd.DatetimeIndex(rows[ORIGIN]), side="right")
    rows, times = rows[following < len(instants)], instants[following[following < len(instants)]]
    actual = levels.reindex(times).to_numpy(dtype=float)
    came = np.isfinite(actual)
    return Trace(
        title=title,
        unit=unit,
        times=_without_zone(times[came]),
        actual=actual[came],
        predicted=rows[MEAN].to_numpy(dtype=float)[came],
    )


def fan_in_words(shown: Fan) -> str:
    """What the picture says of the last instant."""
    lower, upper = (bound[-1] for bound in shown.bands[LEVELS[0]])
    when = np.datetime_as_string(shown.times[-1], unit="m").replace("T", " ")
    return (
        f"Forecast of {shown.title}: {_quantity(shown.mean[-1], shown.unit)} at {when} UTC, "
        f"{LEVELS[0]} % between {lower:.5g} and {upper:.5g}."
    )


def trace_in_words(shown: Trace) -> str:
    """How far apart the two lines are."""
    error = float(np.mean(np.abs(shown.actual - shown.predicted)))
    return f"{shown.title}: predicted one step ahead, off by {_quantity(error, shown.unit)} on average."


def losses_in_words(losses: Sequence[float], validation: Sequence[float], *, title: str) -> str:
    """Where the two curves end."""
    return (
        f"{title} by epoch: after {len(losses)} epochs {losses[-1]:.4g} on the training part, "
        f"at best {min(validation):.4g} on the validation part."
    )


def _quantity(value: float, unit: str) -> str:
    return f"{value:.5g} {unit}".rstrip()


def _without_zone(times: Any) -> Times:
    """UTC without saying so, as the pictures take it."""
    naive: Times = pd.DatetimeIndex(times).tz_localize(None).to_numpy().astype("datetime64[us]")
    return naive


def weeks(history: Sequence[tuple[datetime, LiveAccuracy]], *, title: str) -> Weeks:
    """Live accuracy by week, from when each was told (aware UTC) and what it was."""
    return Weeks(
        title=title,
        times=_without_zone(pd.DatetimeIndex([at for at, _ in history])),
        skill=np.array([live.skill for _, live in history], dtype=float),
        coverage_80=np.array([live.coverage_80 for _, live in history], dtype=float),
    )


def weeks_in_words(shown: Weeks) -> str:
    """The first and the last week."""
    first, last = (_week_in_words(shown, place) for place in (0, -1))
    return f"{shown.title}: {len(shown.times)} weeks, from {first} to {last}"


def _week_in_words(shown: Weeks, place: int) -> str:
    day = np.datetime_as_string(shown.times[place], unit="D")
    skill, coverage = shown.skill[place], shown.coverage_80[place]
    told = "no skill" if np.isnan(skill) else f"skill {skill:+.3f}"  # where naive made no error there is none to tell
    inside = "no interval" if np.isnan(coverage) else f"{coverage:.0%} in the 80 % interval"
    return f"{told} and {inside} on {day}"
