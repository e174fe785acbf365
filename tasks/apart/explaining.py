"""Say what moved the forecasts of the series that a report shows; no Prefect."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from daycast.storage.terms.words import REPORTED, ForecasterName, series_id
from daycast.tasks.apart.predicting import load
from daycast.tasks.handover.explained import Explained
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.material import able, material
from daycast.tasks.handover.results import Prepared
from daycast.tasks.handover.staleness import stale
from daycast.tasks.handover.told import ridge_of, with_ridge

if TYPE_CHECKING:
    from daycast.models.networks.forecaster import NetworkForecaster
    from daycast.models.race.ridge import RidgeForecaster
    from daycast.models.series.differencing import Floats
    from daycast.models.series.windows import Windows


def explain_shards(job: Job, prepared: Prepared, versions: tuple[str, ...]) -> list[Explained]:
    """What moved each version's forecasts of the report's series, in the process that is called."""
    return [each for shard in shards_of(job, prepared) for each in explain_shard(shard, job, prepared, versions)]


def shards_of(job: Job, prepared: Prepared) -> list[str]:
    """The shards in which the report's series are: a few, whatever the number of series."""
    places = job.observations().shards().places
    return [shard for shard in dict.fromkeys(places[symbol] for symbol in _reported(job)) if shard in prepared.shards]


def explain_shard(shard: str, job: Job, prepared: Prepared, versions: tuple[str, ...]) -> list[Explained]:
    """What moved the forecasts of each version's network, of its ridge and of their blend, of one shard's series.

    Series that a version was not trained on are left out: it scales them by each window itself, and so reads another
    window where something is taken out of it. So are those that are stale: what is served of them is another mean than
    that of the leads of the horizon.
    """
    import numpy as np
    import pandas as pd

    from daycast.models.scores.explaining import explain
    from daycast.models.scores.foretold import foretold

    held = material(job, prepared, shard)
    latest = held.latest
    fresh = able(held) & ~stale(job.pipeline, pd.DatetimeIndex(latest.windows.origin, tz="UTC"), as_of=job.as_of)
    wanted = {series_id(job.pipeline.name, symbol) for symbol in _reported(job)}
    told = []
    for version in versions:
        forecaster, ridge = load(job, version, shard), ridge_of(job, version, shard)
        if forecaster is None:
            continue
        known = list(wanted & set(forecaster.scaler.names))
        chosen = fresh & np.isin(latest.windows.series.astype(str), known)
        windows = latest.windows.where(chosen)
        origins = pd.DatetimeIndex(windows.origin, tz="UTC").to_pydatetime()
        tells = partial(_told, forecaster, ridge)
        ahead = foretold(
            windows,
            facts=held.panel.facts,
            instants=held.panel.instants,
            columns=job.pipeline.known_columns,
            scaler=forecaster.scaler,
        )
        told += [
            Explained(
                version=version,
                forecaster=who,
                series_id=name,
                origin=origin,
                effects=tuple((each.feature, each.step, each.step_to, each.effect) for each in of),
            )
            for who, effects in explain(tells, windows, features=job.pipeline.features, foretold=ahead).items()
            for name, origin, of in zip(windows.series, origins, effects, strict=True)
        ]
    return told


def _told(network: NetworkForecaster, ridge: RidgeForecaster | None, windows: Windows) -> dict[ForecasterName, Floats]:
    return with_ridge(network.predict(windows), ridge, windows)


def _reported(job: Job) -> Iterable[str]:
    """The first symbols by name."""
    return sorted(job.pipeline.symbols)[:REPORTED]
