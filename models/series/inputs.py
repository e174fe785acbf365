"""What a network reads: scaled windows, and the places that learned cycles look up."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.scaling import Scaler
from daycast.models.series.windows import Windows

Inputs = tuple[NDArray[Any], ...]
"""Scaled windows ``(n, lookback, features)`` float32, and for learned cycles places ``(n, 2)`` int32."""

_MINUTES = {"min": 1, "h": 60, "D": 24 * 60}


def network_inputs(windows: Windows, *, scaler: Scaler, calendar: str | None) -> Inputs:
    """Windows as a network reads them.

    Args:
        windows: of series that the scaler knows.
        scaler: of the network.
        calendar: of its learned cycles; none where it has none.

    Raises:
        DataError: a series is unknown to the scaler.
    """
    scaled = scaler.inputs(windows)
    if calendar is None:
        return (scaled,)
    steps = steps_since_epoch(windows.origin, calendar=calendar)
    return scaled, np.stack([scaler.rows(windows), steps], axis=1).astype(np.int32)


def as_read(inputs: Sequence[Any]) -> Any:
    """Inputs in the structure that Keras expects: a tuple, or the one array itself."""
    return inputs[0] if len(inputs) == 1 else tuple(inputs)


def steps_since_epoch(instants: NDArray[np.datetime64], *, calendar: str) -> NDArray[np.int64]:
    """Steps of a frequency from 1970-01-01 00:00 UTC to each instant; of ``B`` the weekdays between.

    >>> steps_since_epoch(np.array(["1970-01-02T01:00"], dtype="datetime64[us]"), calendar="1h")
    array([25])
    >>> steps_since_epoch(np.array(["1970-01-05"], dtype="datetime64[us]"), calendar="B")
    array([2])
    """
    if calendar == "B":
        return np.asarray(np.busday_count("1970-01-01", instants.astype("datetime64[D]")), dtype=np.int64)
    count, unit = re.fullmatch(r"([0-9]+)(min|h|D)", calendar).groups()  # type: ignore[union-attr]
    return np.asarray(instants.astype("datetime64[m]").astype(np.int64) // (int(count) * _MINUTES[unit]))
