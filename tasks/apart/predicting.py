"""Let model versions predict, and keep what they do; no Prefect."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.words import MEAN, PART
from daycast.tasks.apart.candidates import of_version
from daycast.tasks.apart.held_versions import held_version
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.material import able, keys, material
from daycast.tasks.handover.results import Prepared
from daycast.tasks.handover.shard_state import files_of, state_of

if TYPE_CHECKING:
    from daycast.models.networks.forecaster import NetworkForecaster
    from daycast.models.series.windows import Windows


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
            forecaster = load(job, version, shard)
            if forecaster is None:
                continue
            places = np.flatnonzero(missing)[forecaster.serves(windows.where(missing))]
            places = places[np.lexsort((windows.origin[places], windows.codes[places]))]
            mean = forecaster.predict(windows.where(places))
            rows = wanted.at(places)
            store.add(version, shard, Rows(rows.names, {**rows.columns, PART: part[places], MEAN: mean}))


def load(job: Job, version: str, shard: str) -> NetworkForecaster | None:
    """A version's network of a shard, read anew or held; none where it has none.

    Raises:
        ModelFileError: a file is not the one that was saved.
    """

    def read(folder: Path, state: Mapping[str, Any]) -> NetworkForecaster | None:
        from daycast.models.networks.forecaster import NetworkForecaster

        own = state_of(state, shard)
        if own is None:
            return None
        return NetworkForecaster.load(files_of(folder, state, shard), own, spec=of_version(job.pipeline, own))

    network: NetworkForecaster | None = held_version(job, version, read, part=job.part(shard))
    return network
