"""Train and score one entry of the ETTh1 benchmark, and keep its score and its forecasts; no database, no Prefect."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.pipeline import Pipeline
from daycast.tasks.apart.networks import load
from daycast.tasks.handover.benchmark_entry import Entry

if TYPE_CHECKING:
    import pandas as pd

    from daycast.models.networks.forecaster import NetworkForecaster
    from daycast.models.scores.protocol import Cube, Scale
    from daycast.models.series.windows import Windows

_LIBRARIES = ("keras", "tensorflow", "numpy", "pandas")
_ALL = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Result:
    """The entries of one protocol and horizon.

    Attributes:
        name: protocol and horizon.
        part: the part that the scores are of.
        seeds: by seed, its scores.
        average: the scores of the mean of the seeds' forecasts.
        seconds: training, all seeds together.
        peak_memory_mib: of the largest process.
    """

    name: str
    part: str
    seeds: Mapping[int, Mapping[str, float]]
    average: Mapping[str, float]
    seconds: float
    peak_memory_mib: int


def entries(spec: Pipeline, *, seeds: int, out: str, test: bool) -> list[Entry]:
    """One entry a seed, counted from the seed of the specification."""
    first = spec.model.seed
    return [Entry(spec=spec, seed=seed, out=out, test=test) for seed in range(first, first + seeds)]


def run_entry(entry: Entry) -> dict[str, Any]:
    """Train, score and keep one entry; to be run in a process of its own, as its memory is measured.

    Returns:
        What :meth:`daycast.tasks.handover.benchmark_entry.Entry.kept` will give.

    Raises:
        FeedError: ETTh1 cannot be read.
        DataError: it is not the public one, or a loss is not a number.
    """
    load(entry.spec.model)
    from daycast.models.scores.protocol import Scale, check_data

    levels = read_levels(entry.spec)
    check_data(levels)
    spec = entry.seeded
    began = time.monotonic()
    parts = _parts(levels, spec=spec)
    forecaster = _fit(parts, spec=spec, began=began)
    trained = time.monotonic()
    scale = Scale.of(levels[list(spec.symbols)])
    scores = {part: _score(entry, forecaster, part, windows=parts[part], scale=scale) for part in entry.parts}
    record = {
        "scores": scores,
        "epochs": [[epoch.loss, epoch.validation_loss] for epoch in forecaster.history],
        "parameters": int(forecaster.network.count_params()),
        "training_seconds": round(trained - began, 1),
        "scoring_seconds": round(time.monotonic() - trained, 1),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "machine": _machine(),
    }
    return entry.keep(record)


def read_levels(spec: Pipeline) -> pd.DataFrame:
    """ETTh1 through its feed: one row an hour, the seven columns under their names.

    Raises:
        FeedError: it cannot be read.
        DataError: hours are missing in it.
    """
    import pandas as pd

    from daycast.storage.feeds.catalog import open_feed
    from daycast.storage.feeds.ett import COLUMNS
    from daycast.storage.feeds.feed import Span
    from daycast.storage.terms.errors import DataError

    fetched = open_feed(spec).fetch(["OT"], Span(start=None, end=_ALL))
    for error in fetched.failures.values():
        raise error
    levels = fetched.frame.set_index("observed_at")[list(COLUMNS)]
    hours = pd.date_range(levels.index[0], levels.index[-1], freq="1h", unit="us")
    if not levels.index.equals(hours) or levels.isna().to_numpy().any():
        raise DataError(
            f"ETTh1 without a gap is required, {len(hours)} hours. Received: {len(levels)} rows, "
            f"{len(fetched.rejected)} more set aside. Fetch the file again."
        )
    return levels


def summarize(done: Sequence[Entry], *, out: str) -> Result:
    """Put the seeds of one protocol and horizon together, and keep the result as ``<name>.json``.

    Args:
        done: the entries of one specification, all kept.
        out: the folder.

    Raises:
        FeedError: ETTh1 cannot be read.
    """
    import numpy as np

    from daycast.models.scores.protocol import Scale, errors
    from daycast.tasks.handover.benchmark_entry import keep_result

    spec, part = done[0].spec, done[0].parts[-1]
    levels = read_levels(spec)
    windows = _parts(levels, spec=spec)[part]
    scale = Scale.of(levels[list(spec.symbols)])
    records = {entry.seed: entry.kept() or {} for entry in done}
    average = np.mean([entry.forecasts(part) for entry in done], axis=0)
    result = Result(
        name=spec.name,
        part=part,
        seeds={seed: record["scores"][part] for seed, record in records.items()},
        average=_in_units(errors(average, _actual(windows, spec=spec, scale=scale)), scale=scale),
        seconds=sum(record["training_seconds"] for record in records.values()),
        peak_memory_mib=max(record["peak_memory_mib"] for record in records.values()),
    )
    keep_result(out, asdict(result))
    return result


def _parts(levels: pd.DataFrame, *, spec: Pipeline) -> Mapping[str, Windows]:
    from daycast.models.series.alone import make_windows
    from daycast.models.series.splits import bounds, cut, require_windows
    from daycast.models.series.windows import concatenate

    windows = concatenate(
        [
            make_windows(levels.assign(value=levels[symbol]), spec=spec, series_id=f"{spec.name}/{symbol}")
            for symbol in spec.symbols
        ]
    )
    ends = bounds(levels.index, split=spec.split)
    parts = cut(windows, bounds=ends)
    require_windows(parts.counts, bounds=ends, horizon=spec.horizon)
    return {part: windows.where(getattr(parts, part)) for part in ("training", "validation", "test")}


def _fit(parts: Mapping[str, Windows], *, spec: Pipeline, began: float) -> NetworkForecaster:
    from daycast.models.networks.forecaster import NetworkForecaster

    return NetworkForecaster.fit(
        parts["training"],
        parts["validation"],
        spec=spec,
        parent=None,
        on_epoch=lambda _: None,
        expired=lambda: time.monotonic() - began > spec.training.time_budget_seconds,
    )


def _score(
    entry: Entry, forecaster: NetworkForecaster, part: str, *, windows: Windows, scale: Scale
) -> dict[str, float | str]:
    """Keep the forecasts of a part, and give their errors and the SHA-256 of the file that holds them."""
    from daycast.models.scores.protocol import errors

    predicted = scale.cube(forecaster.predict(windows), windows=windows)
    actual = _actual(windows, spec=entry.spec, scale=scale)
    digest = entry.keep_forecasts(part, predicted)
    return {**_in_units(errors(predicted, actual), scale=scale), "windows": len(predicted), "sha256": digest}


def _actual(windows: Windows, *, spec: Pipeline, scale: Scale) -> Cube:
    return scale.cube(windows.levels(spec.difference_of(spec.target)), windows=windows)


def _in_units(scores: dict[str, float], *, scale: Scale) -> dict[str, float]:
    """With ``rmse_unit`` and ``mae_unit`` in the column's own unit where there is one column."""
    if len(scale.std) > 1:
        return scores
    std = float(scale.std[0])
    return {**scores, "rmse_unit": std * scores["mse"] ** 0.5, "mae_unit": std * scores["mae"]}


def _machine() -> dict[str, Any]:
    from daycast.models.networks.backend import accelerators

    return {
        "python": platform.python_version(),
        "libraries": {name: importlib.metadata.version(name) for name in _LIBRARIES},
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "accelerators": accelerators(),
    }
