"""Let model versions predict the held-out windows and the ones whose future is not known yet."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.words import MEAN, ORIGIN, PART, SERIES_ID
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Prepared

if TYPE_CHECKING:
    import numpy as np

    from daycast.models.networks.forecaster import NetworkForecaster
    from daycast.models.series.material import Material
    from daycast.models.series.windows import Windows

_MOST = 2
_HELD: dict[tuple[str, str], NetworkForecaster] = {}
"""The networks read last, by the hash of their manifest and the spec: days of a backfill that reuse one share it."""


@task(name="predict", cache_policy=NO_CACHE)
def predict(job: Job, prepared: Prepared, *, versions: tuple[str, ...]) -> None:
    """Keep each version's predictions for this state of the data in the lake; those kept already are left.

    To be run where the training ran, so that TensorFlow is loaded once.

    Raises:
        ModelFileError: a version's file is not the one that was saved.
    """
    store = job.predictions()
    missing = [name for name in versions if not store.exists(version=name, data_hash=prepared.data_hash)]
    if not missing:
        return
    material = _material(job, prepared)
    parts = {
        "training": material.training_tail,
        "validation": material.validation,
        "test": material.test,
        "latest": material.latest,
    }
    for version in missing:
        forecaster = _load(job, version)
        columns = [_columns(forecaster, windows, part) for part, windows in parts.items()]
        store.write(_joined(columns), version=version, data_hash=prepared.data_hash)


def _material(job: Job, prepared: Prepared) -> Material:
    from daycast.models.series.material import assemble

    store = job.windows()
    return assemble(
        store.read(prepared.until),
        store.read_latest(data_hash=prepared.data_hash),
        instants=job.instants(prepared),
        spec=job.pipeline,
    )


def _load(job: Job, version: str) -> NetworkForecaster:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow brings a libcurl of its own. Loaded first, it takes the place of the one that the Yahoo feed asks with,
    # and the next pipeline or day that this process fetches for gets no answer.
    importlib.import_module("curl_cffi")
    from daycast.models.networks.backend import load_keras

    load_keras()
    from daycast.models.networks.forecaster import NetworkForecaster
    from daycast.storage.sql.versions import find_version

    registry, name = job.registry(), job.pipeline.name
    with job.database() as database:
        sha256 = find_version(database, name, version).sha256
    key = sha256, job.pipeline.model_dump_json()
    with registry.fetch(name, version, sha256=sha256) as folder:  # verifies the files, also of a network that is held
        if key not in _HELD:
            while len(_HELD) >= _MOST:
                _HELD.pop(next(iter(_HELD)))
            _HELD[key] = NetworkForecaster.load(folder, registry.manifest(name, version).state, spec=job.pipeline)
    return _HELD[key]


def _columns(forecaster: NetworkForecaster, windows: Windows, part: str) -> dict[str, np.ndarray]:
    import numpy as np

    return {
        SERIES_ID: windows.series.astype(str),
        ORIGIN: windows.origin,
        PART: np.full(len(windows), part),
        MEAN: forecaster.predict(windows),
    }


def _joined(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    import numpy as np

    return {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}
