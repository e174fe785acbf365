"""When a series counts as stale: one rule, for the run that serves it and for whoever asks how the pipelines stand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from daycast.storage.terms.frequency import Frequency
from daycast.storage.terms.pipeline import Pipeline

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

STALE_STEPS = 3
"""Instants of the calendar that may lack before a series counts as stale, where the pipeline says nothing else."""

_DAY = timedelta(days=1)


def stale(spec: Pipeline, observed_at: pd.DatetimeIndex, *, as_of: datetime) -> NDArray[np.bool_]:
    """Which series' newest observation is older than the calendar, or the pipeline, allows.

    Args:
        spec: the pipeline.
        observed_at: ``(n,)`` of the newest observation of each, aware.
        as_of: aware.
    """
    import numpy as np

    from daycast.storage.calendars import Calendar

    if spec.stale_after_days is None:
        return np.asarray(np.greater(Calendar(spec.calendar).behind(observed_at, as_of=as_of), STALE_STEPS))
    return np.asarray(np.greater((as_of - observed_at) / _DAY, spec.stale_after_days))


def stale_symbols(spec: Pipeline, newest: Mapping[str, datetime], *, as_of: datetime) -> list[str]:
    """The symbols that are :func:`stale`, in their order; where none can be, no calendar is loaded.

    Args:
        spec: the pipeline.
        newest: the instant of the newest observation of each symbol, aware.
        as_of: aware.
    """
    if not newest or as_of - min(newest.values()) <= _at_least(spec):
        return []
    import pandas as pd

    old = stale(spec, pd.DatetimeIndex(list(newest.values())), as_of=as_of)
    return [symbol for symbol, is_old in zip(newest, old, strict=True) if is_old]


def _at_least(spec: Pipeline) -> timedelta:
    """An age up to which no series can be stale: sessions, weeks and months are a day apart or more."""
    if spec.stale_after_days is not None:
        return timedelta(days=spec.stale_after_days)
    frequency = Frequency.parse(spec.calendar)
    step = frequency.seconds if frequency and frequency.seconds else _DAY.total_seconds()
    return STALE_STEPS * timedelta(seconds=step)
