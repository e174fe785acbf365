"""A shard's windows, read once for all the steps of a process that ask for them; and what versions predict for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from daycast.storage.terms.words import ORIGIN, SERIES_ID, STAMP
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Prepared

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from daycast.models.series.differencing import Floats
    from daycast.models.series.facts import Facts
    from daycast.models.series.material import Material
    from daycast.models.series.windows import Windows
    from daycast.storage.lake.rows import Rows

_HELD: dict[tuple[object, ...], Material] = {}
_MOST_HELD = 2
"""Shards at most whose windows stay in memory for the next step; of a pipeline of more, none would be there in time."""


def material(job: Job, prepared: Prepared, shard: str) -> Material:
    """The windows of one shard."""
    data_hash = prepared.shards[shard]
    spec = job.pipeline
    span = prepared.first, prepared.last
    key = (job.settings.storage, spec.model_dump_json(), shard, data_hash, span)
    if key not in _HELD:
        most = _MOST_HELD if len(prepared.shards) <= _MOST_HELD else 1
        while len(_HELD) >= most:
            _HELD.pop(next(iter(_HELD)))
        _HELD[key] = _read(job, prepared, shard)
    return _HELD[key]


def forget() -> None:
    """Let go of what is held: where no step follows in this process."""
    _HELD.clear()


def materials(job: Job, prepared: Prepared) -> Iterator[Material]:
    """The windows of every shard, one after the other."""
    return (material(job, prepared, shard) for shard in prepared.shards)


def _read(job: Job, prepared: Prepared, shard: str) -> Material:
    from daycast.models.series.columns import from_rows, from_table
    from daycast.models.series.material import Material
    from daycast.models.series.splits import bounds

    store, spec = job.windows(), job.pipeline
    table = store.read_latest(shard, data_hash=prepared.shards[shard])
    latest, told = from_table(table, spec=spec), facts_ahead(job, prepared)
    panel = from_rows(store.read(shard, table), latest=latest, spec=spec, step=job.calendar().step)
    if told is not None:
        panel, latest = replace(panel, facts=told), replace(latest, windows=told.attach(latest.windows))
    return Material(panel=panel, bounds=bounds(job.instants(prepared), split=spec.split), latest=latest)


def facts_ahead(job: Job, prepared: Prepared) -> Facts | None:
    """What the calendar says of the instants of a horizon, from a week before the first to the last one's last lead."""
    from daycast.models.series.facts import facts_of

    spec, calendar = job.pipeline, job.calendar()
    if not spec.known_facts:
        return None
    begin = max(prepared.first - timedelta(days=7), calendar.begins or prepared.first)
    ahead = calendar.following(prepared.last, spec.horizon)
    instants = calendar.instants(begin, ahead[-1] if len(ahead) else prepared.last)
    return facts_of(spec.known_facts, step=calendar.step, instants=instants)


def keys(windows: Windows) -> Rows:
    """What names a prediction: the series, the origin, and a number over all that the network reads."""
    from daycast.models.series.windows import stamps
    from daycast.storage.lake.rows import Rows

    columns = {SERIES_ID: windows.codes, ORIGIN: windows.origin, STAMP: stamps(windows)}
    return Rows(windows.names, columns)


def means(job: Job, version: str, shard: str, windows: Windows) -> Floats:
    """What a version predicts for windows, levels ``(n, horizon)``; NaN where it predicts nothing."""
    return job.predictions().means(version, shard, keys(windows), horizon=job.pipeline.horizon)


def able(material: Material) -> NDArray[np.bool_]:
    """Which of the latest windows a network can read."""
    import numpy as np

    from daycast.models.series.latest import State

    latest = material.latest
    whole = np.asarray(latest.state <= State.CARRIED)
    ahead = latest.windows.ahead
    return whole if ahead is None else whole & np.isfinite(ahead).all(axis=(1, 2))
