"""daycast's own forecasts for the comparison: who serves of the race, and those who race; no Prefect."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.errors import WorkError
from daycast.tasks.apart.networks import load
from daycast.tasks.peers.answer import Answer, What

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from daycast.models.series.material import Material
    from daycast.models.series.portion import Portion
    from daycast.models.series.windows import Windows
    from daycast.storage.terms.pipeline import Pipeline

SERVED, NETWORK, RIDGE, NAIVE = "daycast", "daycast network", "daycast ridge", "naive"
OURS = (SERVED, NETWORK, RIDGE, "seasonal naive", NAIVE)
_SECONDS = 3600.0
"""Of training, at most."""
_VETO = 3
"""The last of so many parts of what lies between training and test is the race's own test part."""


def forecast(name: str, what: What) -> Answer:
    """What one of :data:`OURS` says.

    Args:
        name: which.
        what: as ``alone.py`` reads it.
    """
    import resource

    import numpy as np

    began = time.monotonic()
    made = {SERVED: _served, NETWORK: _network, RIDGE: _ridge, "seasonal naive": _seasonal, NAIVE: _naive}[name](what)
    mean, note = made if isinstance(made, tuple) else (made, "")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Answer(mean=np.asarray(mean, dtype=np.float64), seconds=time.monotonic() - began, memory=memory, note=note)


def _naive(what: What) -> Any:
    import numpy as np

    last = what["values"][:, what["origins"]].T
    return np.repeat(last[..., np.newaxis], int(what["horizon"]), axis=2)


def _seasonal(what: What) -> Any:
    import numpy as np

    season, horizon = int(what["season"]), int(what["horizon"])
    back = season - 1 - np.arange(horizon) % season
    return what["values"][:, np.asarray(what["origins"])[:, np.newaxis] - back].transpose(1, 0, 2)


def _ridge(what: What) -> Any:
    """The ridge that races beside a pipeline's network, its penalty from the windows that stop the network."""
    from daycast.models.race.ridge import WIDEST, RidgeForecaster
    from daycast.models.series.scaling import Scaler

    held = _hold(what)
    ridge = RidgeForecaster.fit(held.fitted, held.stopping, spec=held.spec, scaler=Scaler.fit(held.fitted, target=0))
    if ridge is None:
        raise WorkError(f"ridge needs windows of up to {WIDEST} steps. Received: {held.spec.lookback}.")
    return held.by_origin(ridge.predict(held.asked))


def _network(what: What) -> Any:
    """A recurrent network as a pipeline's table makes it, stopped on what comes between training and the origins."""
    load()
    from daycast.models.networks.forecaster import NetworkForecaster

    held = _hold(what)
    network = NetworkForecaster.fit(
        held.fitted, held.stopping, spec=held.spec, parent=None, on_epoch=lambda _: None, expired=lambda: False
    )
    return held.by_origin(network.predict(held.asked))


def _served(what: What) -> tuple[Any, str]:
    """Whoever wins daycast's race of two networks, ridge, the mean of both and the baselines, before the test part."""
    load()
    from daycast.models.race.baselines import BASELINES
    from daycast.models.race.contest import SPLITS, enter, hold
    from daycast.models.scores.scales import naive_scales
    from daycast.models.series.portion import Portion
    from daycast.tasks.apart.candidates import Grounds, train_networks
    from daycast.tasks.apart.versions import Budget
    from daycast.tasks.handover.told import with_ridge

    held = _hold(what)
    material = held.material
    parts = [Portion.of(material.panel, each) for each in (material.training_index, material.validation_index)]
    until = material.bounds.training_end.tz_localize(None).to_datetime64()
    grounds = Grounds(parts=parts, scales=naive_scales(material.panel, until=until), parent=None)
    best = train_networks(held.spec, grounds, epochs=None, budget=Budget(_SECONDS), told=lambda *_: None)[0]
    network = best.forecaster
    assert network is not None  # noqa: S101 — the first is one that was trained
    raced: dict[Any, dict[Any, Any]] = {}
    for split in SPLITS:
        windows = getattr(material, split)
        for name, levels in with_ridge(network.predict(windows), best.ridge, windows).items():
            raced.setdefault(name, {})[split] = levels
    entered = enter(material, networks={"v": raced}, known=material.panel.names, spec=held.spec)
    if entered is None:
        raise WorkError("A race needs 20 windows between training and test. Received: fewer. Give more history.")
    served = hold([entered], challenger="v", champion=None, spec=held.spec).verdict.served
    said = with_ridge(network.predict(held.asked), best.ridge, held.asked)
    said |= {each.name: each.predict(held.asked) for each in BASELINES}
    return held.by_origin(said[served]), f"{served}, of {best.name}" if served in raced else served


@dataclass(frozen=True, kw_only=True, eq=False)
class _Held:
    """What daycast's own forecasters read.

    Attributes:
        spec: the pipeline that stands for the set.
        material: its windows before the test part, in the parts of the race.
        fitted: windows of the training part.
        stopping: windows of what comes between it and the origins.
        asked: those of the origins, all series of one after the other.
    """

    spec: Pipeline
    material: Material
    fitted: Portion
    stopping: Portion
    asked: Windows

    def by_origin(self, levels: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(origins, series, horizon)``."""
        return levels.reshape(-1, len(self.spec.symbols), self.spec.horizon)


def _hold(what: What) -> _Held:
    import numpy as np
    import pandas as pd

    from daycast.models.series.alignment import align
    from daycast.models.series.latest import latest
    from daycast.models.series.material import Material
    from daycast.models.series.panel import Panel
    from daycast.models.series.portion import Portion
    from daycast.models.series.splits import bounds

    values, training, stop = what["values"], int(what["training"]), int(what["stop"])
    series, steps = values.shape
    spec = _spec(what)
    instants = pd.date_range("2000-01-01", periods=steps, freq="1h", tz="UTC", unit="us")
    frame = pd.DataFrame({"y": values.ravel()}, index=pd.DatetimeIndex(np.tile(instants, series)))
    names, codes = [f"{spec.name}/{symbol}" for symbol in spec.symbols], np.repeat(np.arange(series), steps)
    levels = align(frame, names=names, codes=codes, instants=instants, step=None)
    panel = Panel.of(levels, spec=spec, limit=0)
    index = panel.index
    fitted, stopping = (
        Portion.of(panel, index.where((index.places >= begin) & (index.places + spec.horizon < end)))
        for begin, end in ((0, training), (training, stop))
    )
    asked = panel.latest(
        np.tile(np.arange(series), len(what["origins"])), np.repeat(np.asarray(what["origins"]), series)
    )
    material = Material(
        panel=panel, bounds=bounds(instants[:stop], split=spec.split), latest=latest(levels, panel=panel, spec=spec)
    )
    return _Held(spec=spec, material=material, fitted=fitted, stopping=stopping, asked=asked)


def _spec(what: What) -> Pipeline:
    """A GRU and, where a window is whole seasons, what ships for the days of ETTh1: a network that reads by seasons."""
    from daycast.storage.terms.pipeline import Pipeline

    lookback, season = int(what["lookback"]), int(what["season"])
    training, between = int(what["training"]), int(what["stop"]) - int(what["training"])
    by_steps = {"cell": "gru", "units": [64], "normalization": "last", "epochs": 15, "patience": 3}
    by_seasons = {
        "cell": "segment_gru", "units": [64], "segment": season, "normalization": "last", "ridge_share": 0.5,
        "dropout": 0.5, "loss": "mse", "decay": "step",
    }  # fmt: skip
    whole = season > 1 and lookback % season == 0
    return Pipeline.model_validate({
        "name": "sample_peers", "feed": "sample", "symbols": [str(each) for each in range(len(what["values"]))],
        "target": "y", "features": ["y"], "calendar": "1h", "lookback": lookback, "horizon": int(what["horizon"]),
        "season": season, "model": by_steps, "candidates": [by_seasons] if whole else [],
        "split": {"training": training, "validation": between - between // _VETO, "test": between // _VETO},
    })  # fmt: skip
