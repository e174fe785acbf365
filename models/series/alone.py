"""The windows of one series by itself, cut as those of a shard are; what is missing raises."""

import numpy as np
import pandas as pd

from daycast.models.series.alignment import align
from daycast.models.series.panel import Panel, usable
from daycast.models.series.windows import Windows
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.pipeline import Pipeline


def rows_before(spec: Pipeline) -> int:
    """Instants that a window reaches back from its origin, the origin's own included.

    One more than the lookback where a column is differenced, and at least a season for the seasonal naive forecast.
    """
    differenced = any(spec.difference_of(column) != "none" for column in spec.features)
    return max(spec.lookback + differenced, spec.season_length)


def make_windows(levels: pd.DataFrame, *, spec: Pipeline, series_id: str) -> Windows:
    """Every window of a series whose inputs and targets are complete.

    A gap of inputs is carried over for ``spec.fill_limit`` instants; a target that was not observed leaves out each
    window that has it.

    Args:
        levels: one row an instant of the calendar without a gap, index aware UTC; the columns of ``spec.columns``;
            NaN where nothing was observed. Left as it is.
        spec: the pipeline.
        series_id: the series' name.

    Raises:
        DataError: there are too few rows for one window, or no window is complete.
    """
    _require_frame(levels, spec=spec, series_id=series_id)
    panel = _panel(levels, spec=spec, series_id=series_id)
    required = rows_before(spec) + spec.horizon
    if len(levels) < required:
        raise DataError(
            f"{series_id}: one window needs {required} instants (lookback {spec.lookback}, season "
            f"{spec.season_length}, horizon {spec.horizon}). Received: {len(levels)}. "
            "Fetch more history, or make lookback or horizon smaller."
        )
    if not len(panel.index):
        gaps = int(levels[list(spec.columns)].isna().to_numpy().sum())
        raise DataError(
            f"{series_id}: {required} instants in a row without a gap longer than {spec.fill_limit} are required for "
            f"one window. Received: {len(levels)} instants with {gaps} values missing. "
            "Mend the feed, or raise fill_limit."
        )
    return panel.windows(panel.index)


def latest_window(levels: pd.DataFrame, *, spec: Pipeline, series_id: str) -> Windows:
    """The one window whose origin is the last instant; its targets are NaN and its end NaT.

    Args:
        levels: as for :func:`make_windows`.
        spec: the pipeline.
        series_id: the series' name.

    Raises:
        DataError: its inputs are not complete.
    """
    _require_frame(levels, spec=spec, series_id=series_id)
    before = rows_before(spec)
    if len(levels) < before:
        raise DataError(
            f"{series_id}: a forecast needs {before} instants up to its origin. Received: {len(levels)}. "
            "Fetch more history, or make lookback smaller."
        )
    panel = _panel(levels, spec=spec, series_id=series_id)
    if not panel.ready[0, -1]:
        recent = levels.loc[:, list(spec.columns)].iloc[-before:]
        missing = {str(column): int(count) for column, count in recent.isna().sum().items() if count}
        raise DataError(
            f"{series_id}: the {before} instants up to {levels.index[-1]} must be complete, but for gaps of at most "
            f"{spec.fill_limit}. Received: values missing: {missing or 'just before them'}. "
            "Run again when the feed has them, or raise fill_limit."
        )
    return panel.latest(np.array([0]), np.array([len(levels) - 1]))


def _panel(levels: pd.DataFrame, *, spec: Pipeline, series_id: str) -> Panel:
    wanted = levels[list(spec.columns)].astype("float64")
    aligned = align(
        wanted, names=[series_id], codes=np.zeros(len(wanted), dtype=np.intp), instants=wanted.index, step=None
    )
    bad = np.argwhere(np.isnan(usable(aligned, spec)) & ~np.isnan(aligned.values))
    if len(bad):
        column = aligned.columns[bad[0][2]]
        raise DataError(
            f"{series_id}, column {column}: differences of kind {spec.difference_of(column)!r} need positive levels. "
            f"Received: {aligned.values[tuple(bad[0])]:g} in row {bad[0][1]} ({len(bad)} such in all). "
            "Set them aside, or choose the kind 'absolute' or 'none'."
        )
    return Panel.of(aligned, spec=spec, limit=spec.fill_limit)


def _require_frame(levels: pd.DataFrame, *, spec: Pipeline, series_id: str) -> None:
    missing = [column for column in spec.columns if column not in levels.columns]
    if missing:
        raise DataError(
            f"{series_id}: the columns {list(spec.columns)} are required. Received: {list(levels.columns)}, without "
            f"{missing}. Name columns that the feed has."
        )
    index = levels.index
    if not (isinstance(index, pd.DatetimeIndex) and index.tz is not None and index.is_monotonic_increasing):
        raise DataError(f"{series_id}: an index of aware instants in ascending order is required. Received: {index!r}.")
    if not index.is_unique:
        twice = index[index.duplicated()][0]
        raise DataError(f"{series_id}: each instant may stand once. Received: {twice} more than once.")
