"""Scaling, per series, by the mean and deviation of the training part."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.differencing import Floats
from daycast.models.series.panel import Panel
from daycast.models.series.portion import Part, blocks
from daycast.models.series.windows import Mask, Windows
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.text import listed

_SINGLE, _DOUBLE = 1e-6, 1e-12
"""A deviation below this share of the mean is rounding, of float32 and of float64, and not movement."""


_Pair = tuple[Floats, Floats]


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaler:
    """Mean and deviation of each series' differenced inputs and targets.

    Attributes:
        names: the series ids.
        input_mean: ``(series, features)`` float64.
        input_std: ``(series, features)`` float64, positive.
        target_mean: ``(series,)`` float64.
        target_std: ``(series,)`` float64, positive.
        ahead_mean: ``(series, columns)`` float64, of what the feed says ahead; none where it is not asked.
        ahead_std: likewise, positive.
    """

    names: tuple[str, ...]
    input_mean: Floats
    input_std: Floats
    target_mean: Floats
    target_std: Floats
    ahead_mean: Floats | None = None
    ahead_std: Floats | None = None

    @classmethod
    def fit(cls, training: Part, *, target: int | None = None) -> "Scaler":
        """Fit on the training part; a column that does not move has the deviation 1.

        Args:
            training: the training part.
            target: which of the inputs' columns is the one that is forecast. Targets are then scaled as that column
                is, so that a level taken off the inputs can be put back on the outputs as it is.
        """
        present = np.flatnonzero(np.bincount(training.codes, minlength=len(training.names)))
        of_inputs, of_targets, of_ahead = _moments(training, present)
        if target is None:
            target_mean, target_std = of_targets
        else:
            target_mean, target_std = (each[:, [target]] for each in of_inputs)
        return cls(
            names=tuple(training.names[code] for code in present),
            input_mean=of_inputs[0],
            input_std=of_inputs[1],
            target_mean=target_mean[:, 0],
            target_std=target_std[:, 0],
            ahead_mean=of_ahead[0] if of_ahead else None,
            ahead_std=of_ahead[1] if of_ahead else None,
        )

    def extended(self, training: Part, *, target: int | None = None) -> "Scaler":
        """This scaler, with the series that it lacks fitted on ``training``."""
        lacking = ~self.knows(training)
        if not lacking.any():
            return self
        new = Scaler.fit(training.among(lacking), target=target)
        return Scaler(
            names=self.names + new.names,
            **{key: np.concatenate([ours, getattr(new, key)]) for key, ours in self._arrays().items()},
        )

    def knows(self, windows: Part) -> Mask:
        """``(n,)`` which windows are of a series that it has."""
        return np.asarray(np.isin(np.array(windows.names, dtype=object), list(self.names))[windows.codes])

    def panel(self, panel: Panel) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scaled rows of a panel, series after series; of a series that it does not know, NaN.

        Returns:
            Inputs ``(series * instants, features)``, and targets ``(series * instants,)``.
        """
        position = {name: index for index, name in enumerate(self.names)}
        rows = np.array([position.get(name, -1) for name in panel.names], dtype=np.intp)
        mean = np.where(rows[:, np.newaxis] < 0, np.nan, self.input_mean[rows])
        scaled = panel.inputs - (mean - panel.anchor).astype(np.float32)[:, np.newaxis]
        np.divide(scaled, self.input_std.astype(np.float32)[rows][:, np.newaxis], out=scaled)
        middle, std = (each[rows][:, np.newaxis] for each in (self.target_mean, self.target_std))
        targets = np.asarray((panel.target - middle) / std, dtype=np.float32)
        return scaled.reshape(-1, scaled.shape[2]), targets.reshape(-1)

    def inputs(self, windows: Windows) -> NDArray[np.float32]:
        """Scaled inputs, ``(n, lookback, features)``."""
        rows = self.rows(windows)
        apart = (self.input_mean[rows] - windows.anchor).astype(np.float32)[:, np.newaxis]
        std = self.input_std.astype(np.float32)[rows][:, np.newaxis]
        scaled = windows.inputs - apart
        return np.asarray(np.divide(scaled, std, out=scaled))

    def targets(self, windows: Windows) -> NDArray[np.float32]:
        """Scaled targets, ``(n, horizon)``."""
        rows = self.rows(windows)
        mean, std = self.target_mean[rows][:, np.newaxis], self.target_std[rows][:, np.newaxis]
        return np.asarray((windows.targets - mean) / std, dtype=np.float32)

    def known(self, windows: Windows) -> NDArray[np.float32] | None:
        """What is known of the horizon, ``(n, horizon, columns)``: facts as they are, then the feed's, scaled."""
        if windows.ahead is None or self.ahead_mean is None or self.ahead_std is None:
            return windows.known
        rows = self.rows(windows)
        apart = windows.ahead - self.ahead_mean[rows][:, np.newaxis]
        ahead = (apart / self.ahead_std[rows][:, np.newaxis]).astype(np.float32)
        return ahead if windows.known is None else np.concatenate([windows.known, ahead], axis=2)

    def differences(self, scaled: NDArray[Any], *, windows: Windows) -> Floats:
        """Scaled outputs of a network back to differences, ``(n, horizon)`` float64."""
        rows = self.rows(windows)
        mean, std = self.target_mean[rows][:, np.newaxis], self.target_std[rows][:, np.newaxis]
        return np.asarray(scaled.astype(np.float64) * std + mean)

    def state(self) -> dict[str, Any]:
        """Everything, as JSON knows it."""
        return {"names": list(self.names), **{key: array.tolist() for key, array in self._arrays().items()}}

    def _arrays(self) -> dict[str, Floats]:
        held = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "names"}
        return {key: array for key, array in held.items() if array is not None}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Scaler":
        """The scaler that gave this state."""
        arrays = {key: np.array(value, dtype=np.float64) for key, value in state.items() if key != "names"}
        return cls(names=tuple(state["names"]), **arrays)

    def rows(self, windows: Part) -> NDArray[np.intp]:
        """The scaler's row of each window.

        Raises:
            DataError: a series is unknown to it.
        """
        position = {name: index for index, name in enumerate(self.names)}
        present = np.flatnonzero(np.bincount(windows.codes, minlength=len(windows.names)))
        unknown = sorted({windows.names[code] for code in present} - set(position))
        if unknown:
            raise DataError(
                f"Windows of series that the network was trained on are required: {listed(self.names)}. "
                f"Received: {listed(unknown)}. Train again with these series."
            )
        return np.array([position.get(name, -1) for name in windows.names], dtype=np.intp)[windows.codes]


def by_itself(windows: Windows) -> Windows:
    """The same windows, each as a series of its own: a scaler fitted on them scales each by what it reads itself."""
    names = tuple(f"{name}@{row}" for row, name in enumerate(windows.series))
    return replace(windows, names=names, codes=np.arange(len(windows), dtype=np.int32))


def _moments(part: Part, present: NDArray[np.intp]) -> tuple[_Pair, _Pair, _Pair | None]:
    """Mean and deviation of inputs, of targets and of what is said ahead, by series and column, where anything is.

    Windows are read a block at a time, and summed in float64.
    """
    of_inputs = _Moments(part, present, steps=part.lookback, columns=part.features)
    of_targets = _Moments(part, present, steps=part.horizon, columns=1)
    columns = part.where(slice(0, 1)).ahead
    of_ahead = None if columns is None else _Moments(part, present, steps=part.horizon, columns=columns.shape[2])
    for look in ("add", "spread"):
        for block in blocks(part):
            codes = np.searchsorted(present, block.codes)
            getattr(of_inputs, look)(block.inputs, codes, block.anchor)
            getattr(of_targets, look)(block.targets[..., np.newaxis], codes, None)
            if of_ahead is not None:
                getattr(of_ahead, look)(block.ahead, codes, None)
    return of_inputs.finished(), of_targets.finished(), of_ahead.finished() if of_ahead else None


class _Moments:
    """Sums over windows ``(n, steps, columns)`` by series, and sums of squares around their means in a second look.

    An anchor ``(n, columns)`` counts as added to the values.
    """

    def __init__(self, part: Part, present: NDArray[np.intp], *, steps: int, columns: int) -> None:
        self._count = np.bincount(part.codes, minlength=len(part.names))[present][:, np.newaxis] * steps
        self._steps, shape = steps, (len(present), columns)
        self._values, self._anchors, self._squares = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self._rounding = _DOUBLE

    def add(self, values: NDArray[Any], codes: NDArray[np.intp], anchor: Floats | None) -> None:
        """See some windows for the first time."""
        self._rounding = _DOUBLE if values.dtype == np.float64 else _SINGLE
        np.add.at(self._values, codes, values.sum(axis=1, dtype=np.float64))
        if anchor is not None:
            np.add.at(self._anchors, codes, self._steps * anchor)

    def spread(self, values: NDArray[Any], codes: NDArray[np.intp], anchor: Floats | None) -> None:
        """See them again, once all were seen."""
        centre = self._mean[codes] if anchor is None else self._mean[codes] - anchor
        apart = values - centre.astype(values.dtype)[:, np.newaxis]
        np.add.at(self._squares, codes, np.square(apart, out=apart).sum(axis=1, dtype=np.float64))

    def finished(self) -> tuple[Floats, Floats]:
        """Mean and deviation; 1 where there is none but of rounding."""
        std = np.sqrt(self._squares / self._count)
        own = self._values / self._count
        moves = std > np.maximum(self._rounding * np.abs(own), _DOUBLE * np.abs(self._mean))
        return self._mean, np.where(moves, std, 1.0)

    @property
    def _mean(self) -> Floats:
        return self._values / self._count + self._anchors / self._count
