"""Hold what came lately against what the network was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.errors import DataError
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.material import material, means
from daycast.tasks.handover.results import Prepared

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from daycast.models.scores.drift import Drift
    from daycast.models.series.material import Material

_SERIES = 64
"""Series at most whose columns are looked at: drawn evenly from the first shard."""
_JUDGED = 10
"""Of them, those whose errors are."""


@task(name="drift", cache_policy=NO_CACHE)
def drift(job: Job, prepared: Prepared, *, version: str | None) -> int:
    """Write how far recent values of each column, and recent errors, lie from those of the version's training part.

    Args:
        job: the run.
        prepared: its windows.
        version: the one that serves, or would if a baseline did not; none where there is none.

    Returns:
        Rows that stand of the run.
    """
    from daycast.storage.sql.drift import write_drift
    from daycast.storage.sql.versions import find_version

    with job.database() as database:
        rows = []
        if version is not None:
            trained = find_version(database, job.pipeline.name, version).as_of
            rows = [{**row, "version": version} for row in _rows(job, prepared, version, trained=trained)]
        write_drift(database, job.pipeline.name, rows, as_of=job.as_of)
    return len(rows)


def _rows(job: Job, prepared: Prepared, version: str, *, trained: datetime) -> list[dict[str, Any]]:
    """A row a column that can be told of, and one for the errors; times are aware UTC."""
    shard = next(iter(prepared.shards))
    held = material(job, prepared, shard)
    chosen = _evenly(len(held.panel), _SERIES)
    spans = _spans(job, prepared, held, trained=trained)
    columns = _columns(job, held, chosen, training=spans[0], recent=spans[1]) if spans else []
    return [
        {
            "feature": each.name,
            "since": since,
            "psi": each.psi,
            "distance": each.distance,
            "p_value": each.p_value,
            "n": each.n,
            "training_n": each.training_n,
        }
        for each, since in (*columns, *_errors(job, version, shard, held, chosen))
    ]


def _evenly(count: int, most: int) -> np.ndarray:
    """Places of some of so many series."""
    import numpy as np

    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.intp))


def _spans(job: Job, prepared: Prepared, held: Material, *, trained: datetime) -> tuple[int, int] | None:
    """How many of the panel's instants are of the training part, and how many of the last are recent.

    None where there are too few, or where the training part reaches into what is recent.
    """
    import numpy as np

    from daycast.models.scores.drift import recent_steps
    from daycast.models.series.splits import bounds

    instants = job.instants(prepared)
    try:
        end = bounds(instants[instants <= trained], split=job.pipeline.split).training_end
    except DataError:
        return None
    training = int(np.searchsorted(held.panel.instants, end.tz_localize(None).to_datetime64(), side="right"))
    recent = recent_steps(training, season=job.pipeline.season_length)
    return (training, recent) if recent and training + recent <= len(held.panel.instants) else None


def _columns(
    job: Job, held: Material, chosen: np.ndarray, *, training: int, recent: int
) -> list[tuple[Drift, datetime]]:
    """Each column as the network reads it, differenced where it is, and since when it is looked at."""
    from daycast.models.scores.drift import drift as compare

    spec, panel = job.pipeline, held.panel
    values: dict[str, NDArray[Any]] = {name: panel.inputs[chosen, :, at] for at, name in enumerate(spec.features)}
    if spec.target not in values:
        values[spec.target] = panel.target[chosen]
    since = _aware(panel.instants[-recent])
    found = (compare(name, of[:, :training], of[:, -recent:], columns=len(values) + 1) for name, of in values.items())
    return [(each, since) for each in found if each is not None]


def _errors(job: Job, version: str, shard: str, held: Material, chosen: np.ndarray) -> list[tuple[Drift, datetime]]:
    """The network's errors of its newest realised windows, the last of them against those before."""
    import numpy as np

    from daycast.models.scores.drift import ERROR, recent_steps
    from daycast.models.scores.drift import drift as compare
    from daycast.models.scores.residuals import Residuals

    judged = chosen[_evenly(len(chosen), _JUDGED)]
    windows = held.realised.where(np.isin(held.realised.codes, judged))
    mean = means(job, version, shard, windows)
    there = np.asarray(np.isfinite(mean).all(axis=1))
    if not there.any():
        return []
    windows, kind = windows.where(there), job.pipeline.difference_of(job.pipeline.target)
    errors = Residuals.of(windows, mean[there], kind=kind).by_time()
    recent = recent_steps(int(errors.shape[1] * 10 / 11), season=job.pipeline.season_length)
    if not recent:
        return []
    columns = len(job.pipeline.columns) + 1
    found = compare(ERROR, errors[:, :-recent], errors[:, -recent:], columns=columns, one_sided=True)
    since = np.unique(windows.origin)[-recent:][0]
    return [] if found is None else [(found, _aware(since))]


def _aware(instant: np.datetime64) -> datetime:
    import pandas as pd

    found: datetime = pd.Timestamp(instant, tz="UTC").to_pydatetime()
    return found
