"""Least squares with a penalty (ridge regression) from a window to every lead, as a Keras model of its own.

It stands beside a recurrent network where a pipeline asks for it (``ridge_share``): the two err in different ways, so
that the mean of both is often better than either (Bates and Granger, "The Combination of Forecasts", 1969). So is the
mean of several that read the window otherwise (``ridges``), which is linear itself: of the mean coefficients.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from daycast.models.networks.build import Frame
from daycast.models.networks.levels import Level, Restore
from daycast.models.series.gathering import Gathered
from daycast.storage.terms.network import ModelSpec, Ridge

PENALTY = 0.02
"""On the squared coefficients, where the squared errors are a mean over windows. What it is hardly matters between
0.002 and 0.2 on ETTh1; it keeps the solution apart from noise where windows are few."""
_BLOCK = 4096

Floats = NDArray[np.float64]


def fit_ridge(training: Gathered, *, model: ModelSpec, frame: Frame) -> Any:
    """Solve for the coefficients, which takes no epochs.

    Args:
        training: scaled windows and their targets.
        model: its ``normalization`` is taken off first and put back after; its ``ridges`` are solved, each by itself.
        frame: what is read and given.

    Returns:
        A :class:`keras.Model` from ``(batch, lookback, features)`` to ``(batch, horizon)``.
    """
    equations = _Equations.of(training, model=model, frame=frame)
    solution = np.mean([_SOLVED[each](equations) for each in model.ridges], axis=0)
    network = _network(model, frame=frame)
    network.get_layer("leads").set_weights([solution[:-1], solution[-1]])
    return network


@dataclass(frozen=True, kw_only=True, eq=False)
class _Equations:
    """The normal equations of a whole window, of which those of less are a part or a sum.

    Attributes:
        squares: ``(width + 1, width + 1)``, ``width`` the window's steps times its columns, the intercept last.
        products: ``(width + 1, horizon)``.
        count: windows.
        segment: steps of a segment.
        features: columns.
    """

    squares: Floats
    products: Floats
    count: int
    segment: int
    features: int

    @classmethod
    def of(cls, training: Gathered, *, model: ModelSpec, frame: Frame) -> "_Equations":
        """Gathered a block at a time."""
        level = Level(model.normalization) if model.normalization != "none" else None
        width = frame.lookback * frame.features
        squares, products = np.zeros((width + 1, width + 1)), np.zeros((width + 1, frame.horizon))
        for start in range(0, len(training), _BLOCK):
            inputs, outputs = _sides(*training.block(start, start + _BLOCK), level=level, column=frame.target)
            squares += inputs.T @ inputs
            products += inputs.T @ outputs
        return cls(
            squares=squares, products=products, count=len(training), segment=model.segment, features=frame.features
        )

    def places(self) -> NDArray[np.intp]:
        """Which row has each input, ``(segments, segment, features)``."""
        return np.arange(len(self.squares) - 1).reshape(-1, self.segment, self.features)


def _of_window(equations: _Equations) -> Floats:
    return _solved(equations.squares, equations.products, count=equations.count)


def _of_half(equations: _Equations) -> Floats:
    """The newer half of the steps; coefficients of nothing for the older ones."""
    steps = (len(equations.squares) - 1) // equations.features
    rows = np.arange(steps // 2 * equations.features, len(equations.squares))
    kernel = np.zeros_like(equations.products)
    kernel[rows] = _solved(equations.squares[np.ix_(rows, rows)], equations.products[rows], count=equations.count)
    return kernel


def _by_segment(equations: _Equations) -> Floats:
    """Each place of a segment ahead from the same place of every segment behind, with the same weights at every place.

    Source: Lin et al., "SparseTSF: Modeling Long-term Time Series Forecasting with 1k Parameters", ICML 2024,
    https://arxiv.org/abs/2405.00946; here solved in closed form.
    """
    kernel, horizon, intercept = np.zeros_like(equations.products), equations.products.shape[1], -1
    rows = [np.append(each.ravel(), intercept) for each in equations.places().swapaxes(0, 1)]
    for first in range(0, horizon, equations.segment):
        ahead = range(min(equations.segment, horizon - first))
        squares = sum(equations.squares[np.ix_(rows[place], rows[place])] for place in ahead)
        products = sum(equations.products[rows[place], first + place] for place in ahead)
        solution = _solved(squares, products, count=equations.count * len(ahead))
        for place in ahead:
            kernel[rows[place], first + place] = solution
    return kernel


_SOLVED: Mapping[Ridge, Callable[[_Equations], Floats]] = {
    "window": _of_window,
    "half": _of_half,
    "segment": _by_segment,
}


def _solved(squares: Any, products: Any, *, count: int) -> Floats:
    penalty = np.full(len(squares), PENALTY * count)
    penalty[-1] = 0.0  # the intercept's
    return np.asarray(np.linalg.solve(squares + np.diag(penalty), products))


def _sides(
    window: NDArray[np.float32], targets: NDArray[np.float32], *, level: Level | None, column: int
) -> tuple[Floats, Floats]:
    """Both sides for some windows: what the dense layer reads, with a one for the intercept, and what it shall give."""
    if level is not None:
        centred, middle, deviation = (np.asarray(each) for each in level(window))
        window, targets = centred, (targets - middle[:, :, column]) / deviation[:, :, column]
    flat = window.reshape(len(window), -1).astype(np.float64)
    return np.concatenate([flat, np.ones((len(flat), 1))], axis=1), targets.astype(np.float64)


def _network(model: ModelSpec, *, frame: Frame) -> Any:
    window = keras.Input((frame.lookback, frame.features), name="inputs")
    leads = keras.layers.Dense(frame.horizon, name="leads")
    flatten = keras.layers.Reshape((frame.lookback * frame.features,), name="flat")
    if model.normalization == "none":
        return keras.Model(window, leads(flatten(window)), name="ridge")
    centred, level, deviation = Level(model.normalization, name="level")(window)
    outputs = Restore(frame.target, name="restore")(leads(flatten(centred)), level, deviation)
    return keras.Model(window, outputs, name="ridge")
