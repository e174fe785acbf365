"""Least squares with a penalty (ridge regression) from a window to every lead, as a Keras model of its own.

It stands beside a recurrent network where a pipeline asks for it (``ridge_share``): the two err in different ways, so
that the mean of both is often better than either (Bates and Granger, "The Combination of Forecasts", 1969).
"""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from daycast.models.networks.build import Frame
from daycast.models.networks.levels import Level, Restore
from daycast.models.series.gathering import Gathered
from daycast.storage.terms.network import ModelSpec

PENALTY = 0.02
"""On the squared coefficients, where the squared errors are a mean over windows. What it is hardly matters between
0.002 and 0.2 on ETTh1; it keeps the solution apart from noise where windows are few."""
_BLOCK = 4096

Floats = NDArray[np.float64]


def fit_ridge(training: Gathered, *, model: ModelSpec, frame: Frame) -> Any:
    """Solve for the coefficients, which takes no epochs.

    Args:
        training: scaled windows and their targets.
        model: its ``normalization`` is taken off first and put back after.
        frame: what is read and given.

    Returns:
        A :class:`keras.Model` from ``(batch, lookback, features)`` to ``(batch, horizon)``.
    """
    level = Level(model.normalization) if model.normalization != "none" else None
    width = frame.lookback * frame.features
    squares, products = np.zeros((width + 1, width + 1)), np.zeros((width + 1, frame.horizon))
    for start in range(0, len(training), _BLOCK):
        inputs, outputs = _equations(*training.block(start, start + _BLOCK), level=level, column=frame.target)
        squares += inputs.T @ inputs
        products += inputs.T @ outputs
    penalty = np.full(width + 1, PENALTY * len(training))
    penalty[-1] = 0.0  # the intercept's
    solution = np.linalg.solve(squares + np.diag(penalty), products)
    network = _network(model, frame=frame)
    network.get_layer("leads").set_weights([solution[:-1], solution[-1]])
    return network


def _equations(
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
