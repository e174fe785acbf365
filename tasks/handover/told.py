"""What the forecasters of a version say of windows: its network, what was fitted beside it, and the mean of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daycast.storage.terms.words import BLEND, NETWORK, RIDGE, ForecasterName
from daycast.tasks.handover.material import means
from daycast.tasks.handover.shard_state import files_of, state_of

if TYPE_CHECKING:
    from daycast.models.race.ridge import RidgeForecaster
    from daycast.models.series.differencing import Floats
    from daycast.models.series.windows import Windows
    from daycast.tasks.handover.job import Job

_HELD: dict[tuple[str, str], RidgeForecaster | None] = {}
_MOST_HELD = 4
"""At most so many, by the hash of their version's manifest, stay in memory for the next shard or step."""


def told(job: Job, version: str, shard: str, windows: Windows) -> dict[ForecasterName, Floats]:
    """Levels ``(n, horizon)`` by forecaster; NaN where one says nothing.

    A version that was stored before there was a ridge has the network alone.

    Raises:
        ModelFileError: a file of the version is not the one that was saved.
    """
    return with_ridge(means(job, version, shard, windows), ridge_of(job, version, shard), windows)


def with_ridge(network: Floats, ridge: RidgeForecaster | None, windows: Windows) -> dict[ForecasterName, Floats]:
    """What the network says, and where there is a ridge beside it, what that and the mean of both say."""
    if ridge is None:
        return {NETWORK: network}
    beside = ridge.predict(windows)
    return {NETWORK: network, RIDGE: beside, BLEND: (network + beside) / 2}


def ridge_of(job: Job, version: str, shard: str) -> RidgeForecaster | None:
    """What was fitted beside a version's network of a shard; none in one that was stored before there was any.

    Raises:
        ModelFileError: its file is not the one that was saved.
    """
    from daycast.models.race.ridge import RidgeForecaster
    from daycast.storage.sql.versions import find_version

    registry, name = job.registry(), job.pipeline.name
    with job.database() as database:
        sha256 = find_version(database, name, version).sha256
    key = sha256, job.part(shard)
    if key not in _HELD:
        while len(_HELD) >= _MOST_HELD:
            _HELD.pop(next(iter(_HELD)))
        state = registry.manifest(name, version, sha256=sha256).state
        own = state_of(state, shard)
        if own is None or "ridge" not in own:
            _HELD[key] = None
        else:
            with registry.fetch(name, version, sha256=sha256) as folder:
                _HELD[key] = RidgeForecaster.load(files_of(folder, state, shard), own)
    return _HELD[key]
