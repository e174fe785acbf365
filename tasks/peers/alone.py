"""One peer's forecasts, in the peers' own environment: ``python alone.py WHAT.npz PEER FORECASTS.npz``.

Nothing of daycast is imported here, and what a peer needs is imported when it is asked.

``WHAT.npz`` holds ``values`` (series, steps), ``origins`` (places of the last value known), and ``horizon``,
``season``, ``lookback`` and ``training`` (steps that may be fitted on); and of a network, where it is to be as large as
another one, ``units``, ``batch`` (windows an update) and ``updates``. ``FORECASTS.npz`` gets ``mean`` (origins, series,
horizon), ``seconds``, ``night`` (seconds that the forecasts of one origin take) and ``memory`` in MiB.
"""

import importlib
import resource
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

_HISTORY = 1000
"""Values at most that a model of one series is fitted on at each origin."""
_LAGS = 48
_WINDOWS = 20_000
"""Windows at most that the regressions are fitted on, drawn evenly."""
_STEPS = 300
"""Steps of training of the networks."""


def _statistical(name: str, what: Any) -> Any:
    """A model of each series, fitted anew at each origin."""
    model = getattr(importlib.import_module("statsforecast.models"), name)(season_length=int(what["season"]))
    values, horizon = what["values"], int(what["horizon"])
    began = time.monotonic()
    mean = [
        [model.forecast(y=series[max(0, at + 1 - _HISTORY) : at + 1], h=horizon)["mean"] for series in values]
        for at in what["origins"]
    ]
    return mean, time.monotonic() - began


def _direct(what: Any) -> Any:
    """LightGBM, a model a lead, on lags less the last value."""
    regressor = importlib.import_module("lightgbm").LGBMRegressor
    values, horizon, lookback = what["values"], int(what["horizon"]), min(int(what["lookback"]), _LAGS)
    ends = range(lookback - 1, int(what["training"]) - horizon)
    step = max(1, len(ends) * len(values) // _WINDOWS)
    known = [(series, at) for series in values for at in ends[::step]]
    windows = np.array([series[at + 1 - lookback : at + 1] - series[at] for series, at in known])
    models = [
        regressor(n_estimators=200, learning_rate=0.05, verbose=-1).fit(
            windows, [series[at + lead] - series[at] for series, at in known]
        )
        for lead in range(1, horizon + 1)
    ]
    began = time.monotonic()
    asked = np.array([series[at + 1 - lookback : at + 1] - series[at] for at in what["origins"] for series in values])
    last = np.array([series[at] for at in what["origins"] for series in values])
    told = np.stack([model.predict(asked) for model in models], axis=1) + last[:, None]
    return told.reshape(len(what["origins"]), len(values), horizon), time.monotonic() - began


def _frame(values: Any, begin: int, end: int) -> Any:
    pandas = importlib.import_module("pandas")
    steps = np.arange(begin, end)
    return pandas.concat(
        pandas.DataFrame({"unique_id": number, "ds": steps, "y": series[begin:end]})
        for number, series in enumerate(values)
    )


def _recursive(what: Any) -> Any:
    """mlforecast: LightGBM one step ahead, fed with its own forecasts."""
    package, transforms = importlib.import_module("mlforecast"), importlib.import_module("mlforecast.target_transforms")
    regressor = importlib.import_module("lightgbm").LGBMRegressor(n_estimators=200, learning_rate=0.05, verbose=-1)
    lags = sorted({*range(1, 13), int(what["season"]), 2 * int(what["season"])})
    model = package.MLForecast(
        models={"told": regressor}, freq=1, lags=lags, target_transforms=[transforms.Differences([1])]
    )
    model.fit(_frame(what["values"], 0, int(what["training"])))
    return _asked(model.predict, what, column="told", keyword="new_df", past=max(lags) + 2)


def _network(name: str, what: Any) -> Any:
    """neuralforecast: one network over all series."""
    package, models = importlib.import_module("neuralforecast"), importlib.import_module("neuralforecast.models")
    horizon = int(what["horizon"])
    quiet = {
        "enable_progress_bar": False,
        "logger": False,
        "enable_checkpointing": False,
        "enable_model_summary": False,
    }
    size = {"max_steps": _STEPS}
    if "units" in what:
        size = {
            "max_steps": int(what["updates"]), "windows_batch_size": int(what["batch"]), "encoder_n_layers": 1,
            "encoder_hidden_size": int(what["units"]), "decoder_layers": 1, "decoder_hidden_size": int(what["units"]),
        }  # fmt: skip
    network = getattr(models, name)(
        h=horizon, input_size=int(what["lookback"]), scaler_type="standard", random_seed=7, **size, **quiet
    )
    fitted = package.NeuralForecast(models=[network], freq=1)
    fitted.fit(_frame(what["values"], 0, int(what["training"])))
    return _asked(fitted.predict, what, column=name, keyword="df", past=int(what["lookback"]) + horizon)


def _asked(predict: Any, what: Any, *, column: str, keyword: str, past: int) -> Any:
    """What a fitted model says at each origin, of so many values before it, and the seconds that it took."""
    horizon, series = int(what["horizon"]), len(what["values"])
    more = {"h": horizon} if keyword == "new_df" else {}
    told, began = [], time.monotonic()
    for at in what["origins"]:
        known = _frame(what["values"], max(0, at + 1 - past), at + 1)
        rows = predict(**more, **{keyword: known}).sort_values(["unique_id", "ds"])
        told.append(rows[column].to_numpy().reshape(series, horizon))
    return told, time.monotonic() - began


PEERS: dict[str, Callable[[Any], Any]] = {
    "AutoETS": lambda what: _statistical("AutoETS", what),
    "Theta": lambda what: _statistical("Theta", what),
    "LightGBM direct": _direct,
    "mlforecast": _recursive,
    "NHITS": lambda what: _network("NHITS", what),
    "LSTM": lambda what: _network("LSTM", what),
}


def main(source: str, peer: str, target: str) -> None:
    """Forecast, and keep it."""
    warnings.filterwarnings("ignore")
    what = np.load(source)
    began = time.monotonic()
    mean, asked = PEERS[peer](what)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds, night = time.monotonic() - began, asked / len(what["origins"])
    np.savez(target, mean=np.asarray(mean, dtype=np.float64), seconds=seconds, night=night, memory=memory)


if __name__ == "__main__":
    main(*sys.argv[1:])
