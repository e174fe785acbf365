"""What a network reads: scaled windows, and the places that learned cycles look up."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daycast.models.series.scaling import Scaler
from daycast.models.series.windows import Windows
from daycast.storage.terms.frequency import Frequency

Inputs = tuple[NDArray[Any], ...]
"""Scaled windows ``(n, lookback, features)`` float32, for learned cycles places ``(n, 2)`` int32, and where anything is
known of the horizon ``(n, horizon, columns)`` float32."""


def network_inputs(windows: Windows, *, scaler: Scaler, calendar: str | None) -> Inputs:
    """Windows as a network reads them.

    Args:
        windows: of series that the scaler knows.
        scaler: of the network.
        calendar: of its learned cycles; none where it has none.

    Raises:
        DataError: a series is unknown to the scaler.
    """
    scaled, told = scaler.inputs(windows), scaler.known(windows)
    known = () if told is None else (told,)
    if calendar is None:
        return scaled, *known
    steps = steps_since_epoch(windows.origin, calendar=calendar)
    return scaled, np.stack([scaler.rows(windows), steps], axis=1).astype(np.int32), *known


def as_read(inputs: Sequence[Any]) -> Any:
    """Inputs in the structure that Keras expects: a tuple, or the one array itself."""
    return inputs[0] if len(inputs) == 1 else tuple(inputs)


def steps_since_epoch(instants: NDArray[np.datetime64], *, calendar: str) -> NDArray[np.int64]:
    """Steps of a frequency from 1970-01-01 00:00 UTC to each instant; of days, weeks or months those between.

    >>> steps_since_epoch(np.array(["1970-01-02T01:00"], dtype="datetime64[us]"), calendar="1h")
    array([25])
    >>> steps_since_epoch(np.array(["1970-01-05"], dtype="datetime64[us]"), calendar="B")
    array([2])
    >>> steps_since_epoch(np.array(["1971-02-01"], dtype="datetime64[us]"), calendar="MS")
    array([13])
    """
    frequency = Frequency.parse(calendar)
    assert frequency is not None  # noqa: S101 — the pipeline file refuses cycles of an exchange's sessions
    if frequency.seconds:
        return np.asarray(instants.astype("datetime64[s]").astype(np.int64) // frequency.seconds)
    grid = pd.date_range("1970-01-01", max([*instants, np.datetime64("1970-01-01")]), freq=frequency.unit)
    return np.asarray((grid.searchsorted(instants, side="right") - 1) // frequency.count, dtype=np.int64)
