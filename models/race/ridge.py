"""Least squares with a penalty, as a forecaster of its own beside the network and the baselines.

It reads what a network reads, each column that is not differenced less its last value (Zeng, Chen, Zhang, Xu, "Are
Transformers Effective for Time Series Forecasting?", 2023, whose NLinear it is but for the penalty), and takes no
epochs. Of several penalties that one is kept whose error on validation is the least (Hoerl, Kennard, "Ridge
Regression", 1970).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.differencing import Floats, undo
from daycast.models.series.portion import Part
from daycast.models.series.scaling import Scaler
from daycast.models.series.windows import Windows
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.words import RIDGE, ForecasterName

WIDEST = 2048
"""Inputs at most: beyond, the equations take seconds and a good part of a gibibyte."""
PENALTIES = tuple(10.0**power for power in range(-3, 5))
"""On the squared coefficients, where squared errors are a mean over windows and inputs are scaled."""
FILE = "ridge.npy"
_CELLS = 2**22
"""Of a block of windows, in memory at once."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RidgeForecaster:
    """Coefficients from a scaled window to every lead.

    Attributes:
        coefficients: ``(width, horizon)``: of the window, of what is known of the horizon, and the intercept last.
        penalty: which was best on validation.
        scaler: of every series it knows: the network's.
        kinds: the difference of each feature.
        kind: that of the target.
    """

    coefficients: Floats
    penalty: float
    scaler: Scaler
    kinds: tuple[str, ...]
    kind: Any

    @property
    def name(self) -> ForecasterName:
        """Its name in the tables."""
        return RIDGE

    @classmethod
    def fit(cls, training: Part, validation: Part, *, spec: Pipeline, scaler: Scaler) -> "RidgeForecaster | None":
        """Solve for every penalty, and keep the best on validation; none where windows or values are too large.

        Args:
            training: the training part.
            validation: what chooses the penalty: its error is the mean over leads of what the levels are off, in units
                of each series' deviation.
            spec: the pipeline.
            scaler: knows every series of both.
        """
        width = training.lookback * training.features + training.horizon * spec.known_width
        if width > WIDEST or not len(training) or not len(validation):
            return None
        blank = cls(
            coefficients=np.zeros((width + 1, training.horizon)),
            penalty=0.0,
            scaler=scaler,
            kinds=tuple(spec.difference_of(column) for column in spec.features),
            kind=spec.difference_of(spec.target),
        )
        solutions = _solve(blank.equations(training), width=width, horizon=training.horizon)
        if not solutions:
            return None
        errors = np.zeros(len(PENALTIES))
        for inputs, outputs in blank.equations(validation):
            for number, solution in enumerate(solutions):
                apart = outputs - inputs @ solution
                whole = apart if blank.kind == "none" else apart.cumsum(axis=1)  # differences add up to levels
                errors[number] += np.abs(whole).sum()
        best = int(errors.argmin())
        return cls(
            coefficients=solutions[best],
            penalty=PENALTIES[best],
            scaler=scaler,
            kinds=blank.kinds,
            kind=blank.kind,
        )

    def predict(self, windows: Windows) -> Floats:
        """Levels of the target, ``(n, horizon)`` float64; NaN for a series that it was not fitted on."""
        levels = np.full((len(windows), windows.horizon), np.nan)
        known = np.isin(np.array(windows.names, dtype=object), list(self.scaler.names))[windows.codes]
        for rows in _blocks(np.flatnonzero(known), windows):
            some = windows.where(rows)
            outputs = self._inputs(some) @ self.coefficients
            rate, middle = self._of_target(some)
            differences = outputs * rate + middle
            if self.kind == "percent":
                differences = np.maximum(differences, -0.99)
            levels[rows] = undo(differences, base=some.base, kind=self.kind)
        return levels

    def equations(self, windows: Part) -> Iterator[tuple[Floats, Floats]]:
        """Both sides, block by block: inputs with a one for the intercept, and scaled targets."""
        for rows in _blocks(np.arange(len(windows)), windows):
            some = windows.where(rows)
            rate, middle = self._of_target(some)
            yield self._inputs(some), (some.targets - middle) / rate

    def _inputs(self, windows: Windows) -> Floats:
        scaled = self.scaler.inputs(windows).astype(np.float64)
        plain = np.array([kind == "none" for kind in self.kinds])
        scaled -= scaled[:, -1:] * plain
        flat = scaled.reshape(len(windows), self.scaler.input_std.shape[1] * windows.lookback)
        told = self.scaler.known(windows)
        known = [] if told is None else [told.reshape(len(windows), -1)]
        return np.concatenate([flat, *known, np.ones((len(flat), 1))], axis=1)

    def _of_target(self, windows: Windows) -> tuple[Floats, Floats]:
        """What targets are divided by, and what is taken off first, each ``(n, 1)``."""
        rows = self.scaler.rows(windows)
        middle = windows.base if self.kind == "none" else self.scaler.target_mean[rows]
        return self.scaler.target_std[rows][:, np.newaxis], middle[:, np.newaxis]

    def save(self, folder: Path) -> dict[str, Any]:
        """Write ``ridge.npy`` into a local folder; gives the rest of the state, as JSON knows it."""
        np.save(folder / FILE, self.coefficients, allow_pickle=False)
        return {"penalty": self.penalty, "kinds": list(self.kinds), "kind": self.kind}

    @classmethod
    def load(cls, folder: Path, state: Mapping[str, Any]) -> "RidgeForecaster | None":
        """Read what :meth:`save` wrote; none of a version that has no ridge.

        Args:
            folder: a local folder with the version's files.
            state: the version's, with what :meth:`save` returned under ``ridge``.
        """
        told = state.get("ridge")
        if told is None:
            return None
        return cls(
            coefficients=np.load(folder / FILE, allow_pickle=False),
            penalty=float(told["penalty"]),
            scaler=Scaler.from_state(state["scaler"]),
            kinds=tuple(told["kinds"]),
            kind=told["kind"],
        )


def _solve(equations: Iterator[tuple[Floats, Floats]], *, width: int, horizon: int) -> list[Floats]:
    """The coefficients for each penalty, the intercept unpenalised, from one decomposition; none beyond all numbers."""
    squares, products = np.zeros((width + 1, width + 1)), np.zeros((width + 1, horizon))
    for inputs, outputs in equations:
        squares += inputs.T @ inputs
        products += inputs.T @ outputs
    if not (np.isfinite(squares).all() and np.isfinite(products).all()):
        return []
    count = squares[-1, -1]
    middle, level = squares[-1, :-1] / count, products[-1] / count
    values, vectors = np.linalg.eigh(squares[:-1, :-1] / count - np.outer(middle, middle))
    turned = vectors.T @ (products[:-1] / count - np.outer(middle, level))
    slopes = [vectors @ (turned / (np.maximum(values, 0.0) + penalty)[:, np.newaxis]) for penalty in PENALTIES]
    return [np.concatenate([slope, (level - middle @ slope)[np.newaxis]]) for slope in slopes]


def _blocks(rows: NDArray[np.intp], windows: Part) -> Iterator[NDArray[np.intp]]:
    size = max(1, _CELLS // (windows.lookback * windows.features))
    return (rows[start : start + size] for start in range(0, len(rows), size))
