"""Scaling, per series, by the mean and deviation of the training part."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.differencing import Floats
from daycast.models.series.windows import Windows
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.text import listed

_SINGLE, _DOUBLE = 1e-6, 1e-12
"""A deviation below this share of the mean is rounding, of float32 and of float64, and not movement."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaler:
    """Mean and deviation of each series' differenced inputs and targets.

    Attributes:
        names: the series ids.
        input_mean: ``(series, features)`` float64.
        input_std: ``(series, features)`` float64, positive.
        target_mean: ``(series,)`` float64.
        target_std: ``(series,)`` float64, positive.
    """

    names: tuple[str, ...]
    input_mean: Floats
    input_std: Floats
    target_mean: Floats
    target_std: Floats

    @classmethod
    def fit(cls, training: Windows, *, target: int | None = None) -> "Scaler":
        """Fit on the training part; a column that does not move has the deviation 1.

        Args:
            training: the training part.
            target: which of the inputs' columns is the one that is forecast. Targets are then scaled as that column
                is, so that a level taken off the inputs can be put back on the outputs as it is.
        """
        present = np.unique(training.codes)
        codes = np.searchsorted(present, training.codes)
        input_mean, input_std = _moments(training.inputs, codes, len(present), anchor=training.anchor)
        if target is None:
            of_target = _moments(training.targets[..., np.newaxis], codes, len(present))
        else:
            of_target = input_mean[:, [target]], input_std[:, [target]]
        return cls(
            names=tuple(training.names[code] for code in present),
            input_mean=input_mean,
            input_std=input_std,
            target_mean=of_target[0][:, 0],
            target_std=of_target[1][:, 0],
        )

    def extended(self, training: Windows, *, target: int | None = None) -> "Scaler":
        """This scaler, with the series that it lacks fitted on ``training``."""
        lacking = np.isin(training.series, np.array(self.names, dtype=object), invert=True)
        if not lacking.any():
            return self
        new = Scaler.fit(training.where(lacking), target=target)
        return Scaler(
            names=self.names + new.names,
            input_mean=np.concatenate([self.input_mean, new.input_mean]),
            input_std=np.concatenate([self.input_std, new.input_std]),
            target_mean=np.concatenate([self.target_mean, new.target_mean]),
            target_std=np.concatenate([self.target_std, new.target_std]),
        )

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

    def differences(self, scaled: NDArray[Any], *, windows: Windows) -> Floats:
        """Scaled outputs of a network back to differences, ``(n, horizon)`` float64."""
        rows = self.rows(windows)
        mean, std = self.target_mean[rows][:, np.newaxis], self.target_std[rows][:, np.newaxis]
        return np.asarray(scaled.astype(np.float64) * std + mean)

    def state(self) -> dict[str, Any]:
        """Everything, as JSON knows it."""
        return {
            "names": list(self.names),
            "input_mean": self.input_mean.tolist(),
            "input_std": self.input_std.tolist(),
            "target_mean": self.target_mean.tolist(),
            "target_std": self.target_std.tolist(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Scaler":
        """The scaler that gave this state."""
        arrays = {key: np.array(value, dtype=np.float64) for key, value in state.items() if key != "names"}
        return cls(names=tuple(state["names"]), **arrays)

    def rows(self, windows: Windows) -> NDArray[np.intp]:
        """The scaler's row of each window.

        Raises:
            DataError: a series is unknown to it.
        """
        position = {name: index for index, name in enumerate(self.names)}
        unknown = sorted({windows.names[code] for code in np.unique(windows.codes)} - set(position))
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


def _moments(
    values: NDArray[Any], codes: NDArray[np.intp], groups: int, *, anchor: Floats | None = None
) -> tuple[Floats, Floats]:
    """Mean and deviation by group and last axis of ``(n, steps, columns)``, summed in float64.

    An anchor ``(n, columns)`` counts as added to the values.
    """
    steps = values.shape[1]
    count = np.bincount(codes, minlength=groups)[:, np.newaxis] * steps
    own = _sums(values.sum(axis=1, dtype=np.float64), codes, groups) / count
    mean = own if anchor is None else own + _sums(steps * anchor, codes, groups) / count
    centre = mean[codes] if anchor is None else mean[codes] - anchor
    apart = values - centre.astype(values.dtype)[:, np.newaxis]
    variance = _sums(np.square(apart, out=apart).sum(axis=1, dtype=np.float64), codes, groups) / count
    std = np.sqrt(variance)
    rounding = _DOUBLE if values.dtype == np.float64 else _SINGLE
    moves = std > np.maximum(rounding * np.abs(own), _DOUBLE * np.abs(mean))
    return mean, np.where(moves, std, 1.0)


def _sums(rows: Floats, codes: NDArray[np.intp], groups: int) -> Floats:
    total = np.zeros((groups, rows.shape[1]))
    np.add.at(total, codes, rows)
    return total
