"""What a shard's windows read of the future, as it was known: at each origin, and at a run's ``as_of``."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from daycast.tasks.handover.job import Job

if TYPE_CHECKING:
    import numpy as np

    from daycast.models.series.ahead import Columns, Vintages
    from daycast.models.series.latest import Latest
    from daycast.models.series.panel import Panel


def with_ahead(job: Job, shard: str, panel: Panel) -> Panel:
    """The panel with what the feed had said of each lead when the value at its origin could be known.

    An origin at which nothing had been said of a column begins no window.

    Args:
        job: the run.
        shard: whose the panel is.
        panel: its series are symbols of the pipeline.
    """
    import numpy as np
    import pandas as pd

    from daycast.models.series.ahead import filled

    if not job.pipeline.known_columns:
        return panel
    origins = pd.DatetimeIndex(panel.instants).tz_localize("UTC")
    closes = job.calendar().available_at(origins).tz_localize(None).to_numpy().astype("M8[us]")
    at = np.minimum(closes + panel.shift[:, np.newaxis], _naive(job))
    codes = np.arange(len(panel))[:, np.newaxis]
    places = np.arange(len(panel.instants))[np.newaxis]
    told = filled(_known(job, panel, vintages_of(job, shard, panel), codes, places, at))
    there = np.asarray(np.isfinite(told).all(axis=(2, 3)))
    return replace(panel, ahead=told, ready=panel.ready & there)


def latest_ahead(job: Job, shard: str, panel: Panel, ready: Latest) -> Latest:
    """The latest windows with what the feed had said of each lead at ``as_of``; NaN where it had said nothing."""
    import numpy as np

    if not job.pipeline.known_columns:
        return ready
    codes = ready.windows.codes.astype(np.intp)
    at = np.full(len(codes), _naive(job))
    told = _known(job, panel, vintages_of(job, shard, panel), codes, panel.last[codes], at)
    return replace(ready, windows=replace(ready.windows, ahead=told))


def hash_of(data_hash: str, *told: Columns | None) -> str:
    """The name of a shard's data: that of its levels, and with it of all that is known ahead, where anything is."""
    some = [each for each in told if each is not None]
    if not some:
        return data_hash
    return hashlib.sha256(b"".join([data_hash.encode(), *(each.tobytes() for each in some)])).hexdigest()[:16]


def vintages_of(job: Job, shard: str, panel: Panel) -> Vintages:
    """Everything that was ever said of the panel's series."""
    from daycast.models.series.ahead import Vintages

    symbols = [name.partition("/")[2] for name in panel.names]
    frame = job.ahead().vintages(shard, symbols=symbols)
    return Vintages.of(frame, symbols=symbols, columns=job.pipeline.known_columns)


def _known(
    job: Job, panel: Panel, vintages: Vintages, codes: np.ndarray, places: np.ndarray, at: np.ndarray
) -> Columns:
    """What was known at some instants of each lead from some places, ``(…, horizon, columns)``."""
    import numpy as np

    valid = _instants(job, panel)[places[..., np.newaxis] + np.arange(1, panel.horizon + 1)]
    valid = valid + panel.shift[codes][..., np.newaxis]
    return vintages.known(codes[..., np.newaxis], valid, at[..., np.newaxis])


def _instants(job: Job, panel: Panel) -> np.ndarray:
    """The panel's instants and a horizon more; NaT where the calendar has ended."""
    import numpy as np
    import pandas as pd

    last = pd.Timestamp(panel.instants[-1], tz="UTC")
    ahead = job.calendar().following(last, panel.horizon).tz_localize(None).to_numpy().astype("M8[us]")
    rest = np.full(panel.horizon - len(ahead), np.datetime64("NaT", "us"))
    return np.concatenate([panel.instants, ahead, rest])


def _naive(job: Job) -> np.datetime64:
    import numpy as np

    return np.datetime64(job.as_of.replace(tzinfo=None), "us")
