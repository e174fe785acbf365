"""daycast's own forecasts for the comparison: the baselines, ridge, and a network of a plain table; no Prefect."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PENALTY = 0.02
NETWORK, RIDGE = "daycast network", "daycast ridge"
OURS = (NETWORK, RIDGE, "seasonal naive", "naive")


def forecast(name: str, what: dict[str, Any]) -> tuple[NDArray[np.float64], float, float]:
    """Means ``(origins, series, horizon)`` of one of :data:`OURS`, seconds, and peak memory in MiB.

    Args:
        name: which.
        what: as ``alone.py`` reads it.
    """
    import resource

    import numpy as np

    began = time.monotonic()
    made = {NETWORK: _network, RIDGE: _ridge, "seasonal naive": _seasonal, "naive": _naive}[name](what)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return np.asarray(made, dtype=np.float64), time.monotonic() - began, memory


def _naive(what: dict[str, Any]) -> Any:
    import numpy as np

    last = what["values"][:, what["origins"]].T
    return np.repeat(last[..., np.newaxis], int(what["horizon"]), axis=2)


def _seasonal(what: dict[str, Any]) -> Any:
    import numpy as np

    season, horizon = int(what["season"]), int(what["horizon"])
    back = season - 1 - np.arange(horizon) % season
    return what["values"][:, np.asarray(what["origins"])[:, np.newaxis] - back].transpose(1, 0, 2)


def _ridge(what: dict[str, Any]) -> Any:
    """Least squares on the window less its last value, one of all series, each in its own measure."""
    import numpy as np
    from numpy.lib.stride_tricks import sliding_window_view

    lookback, horizon, training = (int(what[key]) for key in ("lookback", "horizon", "training"))
    values = what["values"]
    scale = np.abs(np.diff(values[:, :training], axis=1)).mean(axis=1)
    known = sliding_window_view(values[:, :training], lookback + horizon, axis=1)
    known = ((known - known[..., lookback - 1 : lookback]) / scale[:, np.newaxis, np.newaxis]).reshape(
        -1, lookback + horizon
    )
    squares = known[:, : lookback - 1].T @ known[:, : lookback - 1] / len(known)
    penalty = _PENALTY * np.trace(squares) / len(squares) * np.eye(len(squares))
    weights = np.linalg.solve(squares + penalty, known[:, : lookback - 1].T @ known[:, lookback:] / len(known))
    places = np.asarray(what["origins"])[:, np.newaxis] - np.arange(lookback - 1, -1, -1)
    asked = values[:, places].transpose(1, 0, 2)
    return asked[..., -1:] + (asked[..., :-1] - asked[..., -1:]) @ weights


def _network(what: dict[str, Any]) -> Any:
    """A recurrent network as a pipeline's table makes it, stopped on what comes between training and the origins."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from daycast.models.networks.backend import load_keras

    load_keras()
    import numpy as np
    import pandas as pd

    from daycast.models.networks.forecaster import NetworkForecaster
    from daycast.models.series.alignment import align
    from daycast.models.series.panel import Panel
    from daycast.models.series.portion import Portion
    from daycast.storage.terms.pipeline import Pipeline

    values, training = what["values"], int(what["training"])
    series, steps = values.shape
    names = [f"sample_peers/{number}" for number in range(series)]
    spec = Pipeline.model_validate({
        "name": "sample_peers", "feed": "sample", "symbols": [name.split("/")[1] for name in names], "target": "y",
        "features": ["y"], "calendar": "1h", "lookback": int(what["lookback"]), "horizon": int(what["horizon"]),
        "model": {"cell": "gru", "units": [64], "normalization": "last", "epochs": 15, "patience": 3},
    })  # fmt: skip
    instants = pd.date_range("2000-01-01", periods=steps, freq="1h", tz="UTC", unit="us")
    frame = pd.DataFrame({"y": values.ravel()}, index=pd.DatetimeIndex(np.tile(instants, series)))
    codes = np.repeat(np.arange(series), steps)
    panel = Panel.of(align(frame, names=names, codes=codes, instants=instants, step=None), spec=spec, limit=0)
    index = panel.index
    fitted, stopping = (
        Portion.of(panel, index.where((index.places >= begin) & (index.places + spec.horizon < end)))
        for begin, end in ((0, training), (training, int(what["stop"])))
    )
    network = NetworkForecaster.fit(
        fitted, stopping, spec=spec, parent=None, on_epoch=lambda _: None, expired=lambda: False
    )
    asked = panel.latest(
        np.tile(np.arange(series), len(what["origins"])), np.repeat(np.asarray(what["origins"]), series)
    )
    return network.predict(asked).reshape(len(what["origins"]), series, spec.horizon)
