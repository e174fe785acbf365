"""Windows over a series: what a forecaster reads, and what came after."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from daycast.models.series.alignment import carry
from daycast.models.series.differencing import Floats, difference, undo
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.pipeline import DifferenceKind, Pipeline

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Windows:
    """``n`` windows of one or many series, ordered by series and origin.

    Times are UTC without saying so, as NumPy has no zones.

    Attributes:
        names: the series ids that ``codes`` point at.
        codes: ``(n,)`` int32, the series of each window.
        origin: ``(n,)`` datetime64[us].
        end: ``(n,)`` datetime64[us], ``valid_at`` of the last target; NaT where the future is not known yet.
        inputs: ``(n, lookback, features)`` float32, differenced and less their anchor, not scaled.
        anchor: ``(n, features)`` float64, what was taken off the inputs: the series' first level of a column that is
            not differenced, whose steps float32 would lose beside it; 0 otherwise.
        targets: ``(n, horizon)`` float64, differenced, not scaled; NaN where the future is not known yet.
        base: ``(n,)`` float64, the target's level at the origin.
        slope: ``(n,)`` float64, the target's mean change per step from its first level to the origin.
        past: ``(n, season)`` float64, the target's last levels, the one at the origin last.
    """

    names: tuple[str, ...]
    codes: NDArray[np.int32]
    origin: NDArray[np.datetime64]
    end: NDArray[np.datetime64]
    inputs: NDArray[np.float32]
    anchor: Floats
    targets: Floats
    base: Floats
    slope: Floats
    past: Floats

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def series(self) -> NDArray[np.object_]:
        """``(n,)`` the series id of each window."""
        return np.array(self.names, dtype=object)[self.codes]

    @property
    def lookback(self) -> int:
        """Steps in."""
        return int(self.inputs.shape[1])

    @property
    def features(self) -> int:
        """Columns that a network reads."""
        return int(self.inputs.shape[2])

    @property
    def horizon(self) -> int:
        """Steps out."""
        return int(self.targets.shape[1])

    def levels(self, kind: DifferenceKind) -> Floats:
        """The levels that came after each origin, ``(n, horizon)``, undone from ``targets`` of this kind."""
        return undo(self.targets, base=self.base, kind=kind)

    def where(self, mask: Mask | NDArray[np.intp] | slice) -> "Windows":
        """The windows chosen by a mask, by positions or by a slice, with the same names."""
        rows = {field.name: getattr(self, field.name)[mask] for field in fields(self) if field.name != "names"}
        return replace(self, **rows)


def concatenate(parts: Sequence[Windows]) -> Windows:
    """Join windows of different series, or of one series in time order.

    Raises:
        DataError: there are none to join.
    """
    if not parts:
        raise DataError("Windows of at least one series are required. Received: none. See why each series was refused.")
    if len(parts) == 1:
        return parts[0]
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    position = {name: index for index, name in enumerate(names)}
    codes = [np.array([position[name] for name in part.names], dtype=np.int32)[part.codes] for part in parts]
    rest = [field.name for field in fields(Windows) if field.name not in {"names", "codes"}]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in rest}
    return Windows(names=names, codes=np.concatenate(codes), **columns)


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
    rows = _Rows.of(levels, spec=spec, series_id=series_id)
    before = rows_before(spec)
    required = before + spec.horizon
    if len(rows) < required:
        raise DataError(
            f"{series_id}: one window needs {required} instants (lookback {spec.lookback}, season "
            f"{spec.season_length}, horizon {spec.horizon}). Received: {len(rows)}. "
            "Fetch more history, or make lookback or horizon smaller."
        )
    origins = np.arange(before - 1, len(rows) - spec.horizon)
    targets = sliding_window_view(rows.target, spec.horizon)[origins + 1]
    complete = rows.complete(origins) & np.isfinite(targets).all(axis=1)
    if not complete.any():
        raise DataError(
            f"{series_id}: {required} instants in a row without a gap longer than {spec.fill_limit} are required for "
            f"one window. Received: {len(rows)} instants with {rows.gaps} values missing. "
            "Mend the feed, or raise fill_limit."
        )
    origins = origins[complete]
    return rows.windows(origins, targets=targets[complete], end=rows.instants[origins + spec.horizon])


def latest_window(levels: pd.DataFrame, *, spec: Pipeline, series_id: str) -> Windows:
    """The one window whose origin is the last instant; its targets are NaN and its end NaT.

    Args:
        levels: as for :func:`make_windows`.
        spec: the pipeline.
        series_id: the series' name.

    Raises:
        DataError: its inputs are not complete.
    """
    rows = _Rows.of(levels, spec=spec, series_id=series_id)
    before = rows_before(spec)
    if len(rows) < before:
        raise DataError(
            f"{series_id}: a forecast needs {before} instants up to its origin. Received: {len(rows)}. "
            "Fetch more history, or make lookback smaller."
        )
    origin = np.array([len(rows) - 1])
    if not rows.complete(origin)[0]:
        recent = levels.loc[:, list(spec.columns)].iloc[-before:]
        missing = {str(column): int(count) for column, count in recent.isna().sum().items() if count}
        raise DataError(
            f"{series_id}: the {before} instants up to {levels.index[-1]} must be complete, but for gaps of at most "
            f"{spec.fill_limit}. Received: values missing: {missing or 'just before them'}. "
            "Run again when the feed has them, or raise fill_limit."
        )
    unknown = np.full((1, spec.horizon), np.nan)
    return rows.windows(origin, targets=unknown, end=np.array(["NaT"], dtype="datetime64[us]"))


@dataclass(frozen=True, eq=False)
class _Rows:
    """A series, row by row, ready to be cut into windows."""

    series_id: str
    lookback: int
    season: int
    instants: NDArray[np.datetime64]
    inputs: NDArray[np.float32]
    """(rows, features), differenced and less the anchor"""
    anchor: Floats
    """(features,)"""
    target: Floats
    """(rows,) differenced, NaN where the target was not observed"""
    level: Floats
    """(rows,) the target's level, short gaps carried over"""
    gaps: int

    @classmethod
    def of(cls, levels: pd.DataFrame, *, spec: Pipeline, series_id: str) -> "_Rows":
        _require_frame(levels, spec=spec, series_id=series_id)
        wanted = levels[list(spec.columns)].astype("float64")
        kinds = [spec.difference_of(column) for column in spec.features]
        filled = carry(wanted, limit=spec.fill_limit)
        inputs = [_difference(filled[column], spec=spec, series_id=series_id) for column in spec.features]
        anchor = np.array([_anchor(column, kind) for column, kind in zip(inputs, kinds, strict=True)])
        target = _difference(filled[spec.target], spec=spec, series_id=series_id)
        target[wanted[spec.target].isna().to_numpy()] = np.nan
        return cls(
            series_id=series_id,
            lookback=spec.lookback,
            season=spec.season_length,
            instants=levels.index.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]"),
            inputs=(np.stack(inputs, axis=1) - anchor).astype(np.float32),
            anchor=anchor,
            target=target,
            level=filled[spec.target].to_numpy(dtype=np.float64, copy=True),
            gaps=int(wanted.isna().to_numpy().sum()),
        )

    def __len__(self) -> int:
        return len(self.instants)

    def complete(self, origins: NDArray[np.intp]) -> Mask:
        """Whether each origin has all of its inputs and past levels."""
        read = sliding_window_view(np.isfinite(self.inputs).all(axis=1), self.lookback)[origins - self.lookback + 1]
        known = sliding_window_view(np.isfinite(self.level), self.season)[origins - self.season + 1]
        return np.asarray(read.all(axis=1) & known.all(axis=1))

    def windows(self, origins: NDArray[np.intp], *, targets: Floats, end: NDArray[np.datetime64]) -> Windows:
        width = self.inputs.shape[1]
        flat = sliding_window_view(self.inputs.reshape(-1), self.lookback * width)[::width]  # one memory block a window
        return Windows(
            names=(self.series_id,),
            codes=np.zeros(len(origins), dtype=np.int32),
            origin=self.instants[origins],
            end=end,
            inputs=flat[origins - self.lookback + 1].reshape(-1, self.lookback, width),
            anchor=np.repeat(self.anchor[np.newaxis], len(origins), axis=0),
            targets=np.ascontiguousarray(targets),
            base=self.level[origins],
            slope=self._slope(origins),
            past=sliding_window_view(self.level, self.season)[origins - self.season + 1],
        )

    def _slope(self, origins: NDArray[np.intp]) -> Floats:
        first = int(np.argmax(np.isfinite(self.level)))
        steps = np.maximum(origins - first, 1)  # at the first level itself the change is 0, whatever it is divided by
        return np.asarray((self.level[origins] - self.level[first]) / steps)


def _anchor(column: Floats, kind: DifferenceKind) -> float:
    """The first level of what is not differenced: each window of a series has the same, as neighbours share rows."""
    known = column[np.isfinite(column)]
    return float(known[0]) if kind == "none" and len(known) else 0.0


def _difference(column: "pd.Series[float]", *, spec: Pipeline, series_id: str) -> Floats:
    name = str(column.name)
    try:
        return difference(column.to_numpy(), kind=spec.difference_of(name))
    except DataError as error:
        raise DataError(f"{series_id}, column {name}: {error}") from None


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
