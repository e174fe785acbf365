"""Panels and latest windows as columns of arrays, the shape in which they are stored, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daycast.models.series.ahead import filled, lacking
from daycast.models.series.latest import Latest
from daycast.models.series.panel import Panel
from daycast.models.series.windows import Windows
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.words import (
    AHEAD,
    ANCHOR,
    BASE,
    INPUTS,
    LENGTH,
    LEVEL,
    MISSING,
    OBSERVED_AT,
    ORIGIN,
    PAST,
    READY,
    SERIES_ID,
    SLOPE,
    STATE,
    TARGET,
)

Columns = Mapping[str, NDArray[Any]]


def to_rows(panel: Panel) -> tuple[tuple[str, ...], dict[str, NDArray[Any]]]:
    """A panel's rows, from each series' first level to its last: the series ids, and columns with a common first axis.

    Column ``series_id`` says which of the ids each row is of; rows are sorted by it and by ``observed_at``.
    """
    place = np.arange(len(panel.instants))
    inside = (place >= panel.first[:, np.newaxis]) & (place <= panel.last[:, np.newaxis])
    codes, places = np.nonzero(inside)
    ahead = {} if panel.ahead is None else {AHEAD: panel.ahead[inside].reshape(len(codes), -1)}
    return panel.names, {
        **ahead,
        SERIES_ID: codes.astype(np.int32),
        OBSERVED_AT: panel.instants[places] + panel.shift[codes],
        LEVEL: panel.level[inside],
        INPUTS: panel.inputs[inside],
        TARGET: panel.target[inside],
        READY: panel.ready[inside],
    }


def from_rows(rows: Columns, *, latest: Latest, spec: Pipeline, step: pd.Timedelta | None) -> Panel:
    """The panel that gave rows.

    Args:
        rows: what :func:`to_rows` gave, ``series_id`` counting the series of ``latest``.
        latest: the latest windows that were cut from it.
        spec: the pipeline.
        step: of the calendar, as for :func:`~.alignment.align`.
    """
    codes, observed = rows[SERIES_ID], rows[OBSERVED_AT].astype("datetime64[us]", copy=False)
    count = len(latest.windows.names)
    shift = np.zeros(count, dtype="timedelta64[us]")
    if step is not None:
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        shift[codes[starts]] = (observed[starts] - observed.min()) % step.to_timedelta64().astype("timedelta64[us]")
    instants, places = np.unique(observed - shift[codes], return_inverse=True)
    shape = (count, len(instants))
    level, target = (np.full(shape, np.nan) for _ in range(2))
    inputs, ready = np.full((*shape, len(spec.features)), np.nan, dtype=np.float32), np.zeros(shape, dtype=bool)
    level[codes, places], target[codes, places] = rows[LEVEL], rows[TARGET]
    inputs[codes, places] = rows[INPUTS].reshape(len(codes), len(spec.features))
    ready[codes, places] = rows[READY]
    ahead = None
    if spec.known_columns:
        ahead = np.full((*shape, spec.horizon, len(spec.known_columns)), np.nan, dtype=np.float32)
        ahead[codes, places] = rows[AHEAD].reshape(len(codes), spec.horizon, -1)
    return Panel(
        names=latest.windows.names,
        instants=instants,
        shift=shift,
        level=level,
        inputs=inputs,
        anchor=latest.windows.anchor,
        target=target,
        ready=ready,
        lookback=spec.lookback,
        season=spec.season_length,
        horizon=spec.horizon,
        ahead=ahead,
    )


def to_table(latest: Latest) -> dict[str, NDArray[Any]]:
    """The latest windows as arrays with a common first axis."""
    windows = latest.windows
    ahead = {} if windows.ahead is None else {AHEAD: windows.ahead.reshape(len(windows), windows.ahead[0].size)}
    return {
        **ahead,
        SERIES_ID: windows.series.astype(str),
        STATE: latest.state,
        MISSING: latest.missing,
        LENGTH: latest.length,
        ORIGIN: windows.origin,
        INPUTS: windows.inputs.reshape(len(windows), windows.lookback * windows.features),
        ANCHOR: windows.anchor,
        BASE: windows.base,
        SLOPE: windows.slope,
        PAST: windows.past,
    }


def from_table(columns: Columns, *, spec: Pipeline) -> Latest:
    """What :func:`to_table` gave, as windows again, in the same order."""
    count = len(columns[ORIGIN])
    told = columns[AHEAD].reshape(count, spec.horizon, -1) if spec.known_columns else None
    windows = Windows(
        names=tuple(str(name) for name in columns[SERIES_ID]),
        codes=np.arange(count, dtype=np.int32),
        origin=columns[ORIGIN].astype("datetime64[us]", copy=False),
        end=np.full(count, np.datetime64("NaT", "us")),
        inputs=columns[INPUTS].reshape(count, spec.lookback, len(spec.features)),
        anchor=columns[ANCHOR].reshape(count, len(spec.features)),
        targets=np.full((count, spec.horizon), np.nan),
        base=columns[BASE],
        slope=columns[SLOPE],
        past=columns[PAST].reshape(count, spec.season_length),
        ahead=None if told is None else filled(told),
    )
    return Latest(
        windows=windows,
        state=columns[STATE],
        missing=columns[MISSING],
        length=columns[LENGTH],
        unknown=None if told is None else lacking(told),
    )
