"""daycast's own forecasts for the comparison: the baselines, ridge, and a network of a plain table; no Prefect."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.errors import WorkError
from daycast.tasks.apart.networks import load

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from daycast.models.series.portion import Portion
    from daycast.models.series.windows import Windows
    from daycast.storage.terms.pipeline import Pipeline

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
    """The ridge that races beside a pipeline's network, its penalty from the windows that stop the network."""
    from daycast.models.race.ridge import WIDEST, RidgeForecaster
    from daycast.models.series.scaling import Scaler

    held = _hold(what)
    ridge = RidgeForecaster.fit(held.fitted, held.stopping, spec=held.spec, scaler=Scaler.fit(held.fitted, target=0))
    if ridge is None:
        raise WorkError(f"ridge needs windows of up to {WIDEST} steps. Received: {held.spec.lookback}.")
    return held.by_origin(ridge.predict(held.asked))


def _network(what: dict[str, Any]) -> Any:
    """A recurrent network as a pipeline's table makes it, stopped on what comes between training and the origins."""
    load()
    from daycast.models.networks.forecaster import NetworkForecaster

    held = _hold(what)
    network = NetworkForecaster.fit(
        held.fitted, held.stopping, spec=held.spec, parent=None, on_epoch=lambda _: None, expired=lambda: False
    )
    return held.by_origin(network.predict(held.asked))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Held:
    """What daycast's own forecasters read.

    Attributes:
        spec: the pipeline that stands for the set.
        fitted: windows of the training part.
        stopping: windows of what comes between it and the origins.
        asked: those of the origins, all series of one after the other.
    """

    spec: Pipeline
    fitted: Portion
    stopping: Portion
    asked: Windows

    def by_origin(self, levels: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(origins, series, horizon)``."""
        return levels.reshape(-1, len(self.spec.symbols), self.spec.horizon)


def _hold(what: dict[str, Any]) -> _Held:
    import numpy as np
    import pandas as pd

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
    asked = panel.latest(
        np.tile(np.arange(series), len(what["origins"])), np.repeat(np.asarray(what["origins"]), series)
    )
    return _Held(spec=spec, fitted=fitted, stopping=stopping, asked=asked)
