"""Windows as columns of arrays, the shape in which they are stored, and back."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.windows import Windows, concatenate
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.words import ANCHOR, BASE, END, INPUTS, ORIGIN, PAST, SERIES_ID, SLOPE, TARGETS

Columns = Mapping[str, NDArray[np.generic]]


def to_columns(windows: Windows) -> dict[str, NDArray[np.generic]]:
    """The windows of one series as arrays with a common first axis; nothing is copied."""
    return {
        ORIGIN: windows.origin,
        END: windows.end,
        INPUTS: windows.inputs.reshape(len(windows), -1),
        ANCHOR: windows.anchor,
        TARGETS: windows.targets,
        BASE: windows.base,
        SLOPE: windows.slope,
        PAST: windows.past,
    }


def from_columns(series: Mapping[str, Columns], *, spec: Pipeline) -> Windows:
    """The windows of many series.

    Args:
        series: by series id, what :func:`to_columns` gave.
        spec: the pipeline.

    Raises:
        DataError: a series has no windows.
    """
    return concatenate([_windows(name, columns, spec=spec) for name, columns in series.items()])


def to_table(windows: Windows) -> dict[str, NDArray[np.generic]]:
    """The windows of many series as arrays, the series id among them."""
    return {SERIES_ID: windows.series.astype(str), **to_columns(windows)}


def from_table(columns: Columns, *, spec: Pipeline) -> Windows:
    """What :func:`to_table` gave, as windows again, in the same order."""
    series = np.asarray(columns[SERIES_ID])
    names = dict.fromkeys(series.tolist())
    rest = {name: array for name, array in columns.items() if name != SERIES_ID}
    return from_columns(
        {name: {column: array[series == name] for column, array in rest.items()} for name in names}, spec=spec
    )


def _windows(name: str, columns: Columns, *, spec: Pipeline) -> Windows:
    if not columns:
        raise DataError(f"Prepared windows of {name} are required. Received: none in the lake. Run the pipeline again.")
    count = len(columns[ORIGIN])
    return Windows(
        names=(name,),
        codes=np.zeros(count, dtype=np.int32),
        origin=columns[ORIGIN].astype("datetime64[us]", copy=False),
        end=columns[END].astype("datetime64[us]", copy=False),
        inputs=columns[INPUTS].reshape(count, spec.lookback, len(spec.features)),  # type: ignore[arg-type]
        anchor=columns[ANCHOR].reshape(count, len(spec.features)),  # type: ignore[arg-type]
        targets=columns[TARGETS].reshape(count, spec.horizon),  # type: ignore[arg-type]
        base=columns[BASE],  # type: ignore[arg-type]
        slope=columns[SLOPE],  # type: ignore[arg-type]
        past=columns[PAST].reshape(count, spec.season_length),  # type: ignore[arg-type]
    )
