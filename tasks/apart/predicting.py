"""Let model versions predict, and keep what they do; no Prefect."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

from daycast.storage.terms.words import MEAN, PART
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.material import able, keys, material
from daycast.tasks.handover.results import Prepared

if TYPE_CHECKING:
    from daycast.models.networks.forecaster import NetworkForecaster
    from daycast.models.series.windows import Windows

_MOST = 2
_HELD: dict[tuple[str, str], NetworkForecaster] = {}
"""The networks read last, by the hash of their manifest and the spec: days of a backfill that reuse one share it."""


def predict_and_keep(job: Job, prepared: Prepared, versions: tuple[str, ...]) -> None:
    """Keep each version's predictions, in the process that is called; Prefect need not be known there."""
    for shard in prepared.shards:
        predict_shard(shard, job, prepared, versions)


def predict_shard(shard: str, job: Job, prepared: Prepared, versions: tuple[str, ...]) -> None:
    """Keep each version's predictions of one shard."""
    import numpy as np

    from daycast.models.series.windows import concatenate
    from daycast.storage.lake.rows import Rows

    store, held = job.predictions(), material(job, prepared, shard)
    parts: dict[str, Windows] = {
        "training": held.training_tail,
        "validation": held.validation,
        "test": held.test,
        "elsewhere": held.elsewhere,
        "latest": held.latest.windows.where(able(held)),
    }
    windows = concatenate(list(parts.values()))
    part = np.repeat(list(parts), [len(each) for each in parts.values()])
    wanted = keys(windows)
    for version in versions:
        missing = store.missing(version, shard, wanted)
        if missing.any():
            forecaster = load(job, version)
            places = np.flatnonzero(missing)[forecaster.serves(windows.where(missing))]
            places = places[np.lexsort((windows.origin[places], windows.codes[places]))]
            mean = forecaster.predict(windows.where(places))
            rows = wanted.at(places)
            store.add(version, shard, Rows(rows.names, {**rows.columns, PART: part[places], MEAN: mean}))


def load(job: Job, version: str) -> NetworkForecaster:
    """A version's network, read anew or held.

    Raises:
        ModelFileError: a file is not the one that was saved.
    """
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
