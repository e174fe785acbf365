"""What a shard's windows read of the future, as it was known: at each origin, and at a run's ``as_of``."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from daycast.tasks.handover.job import Job

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from daycast.models.series.ahead import Columns, Vintages
    from daycast.models.series.latest import Latest
    from daycast.models.series.panel import Panel
    from daycast.storage.calendars import Calendar


def with_ahead(job: Job, shard: str, panel: Panel) -> Panel:
    """The panel with what the feed had said of each lead when the value at its origin was first known.

    An origin at which nothing had been said of a column begins no window.

    Args:
        job: the run.
        shard: whose the panel is.
        panel: its series are symbols of the pipeline.
    """
    if not job.pipeline.known_columns:
        return panel
    rows = job.observations().history(shard).frame
    return told_panel(panel, vintages_of(job, shard, panel), rows=rows, calendar=job.calendar(), as_of=job.as_of)


def told_panel(panel: Panel, vintages: Vintages, *, rows: pd.DataFrame, calendar: Calendar, as_of: datetime) -> Panel:
    """The panel with what had been said of each lead when the value at its origin was first known.

    Args:
        panel: its series are symbols of a pipeline.
        vintages: what was ever said of them.
        rows: everything that was ever observed of them.
        calendar: the pipeline's.
        as_of: of the run, aware: nothing counts that was said later.
    """
    import numpy as np

    from daycast.models.series.ahead import filled

    at = np.minimum(_known_since(panel, rows, calendar), _moment(as_of))
    codes = np.arange(len(panel))[:, np.newaxis]
    places = np.arange(len(panel.instants))[np.newaxis]
    told = filled(_known(panel, vintages, calendar, codes, places, at))
    there = np.asarray(np.isfinite(told).all(axis=(2, 3)))
    return replace(panel, ahead=told, ready=panel.ready & there)


def _known_since(panel: Panel, rows: pd.DataFrame, calendar: Calendar) -> np.ndarray:
    """``(series, instants)`` when a run could begin from each: its value is known, and not yet the next one's.

    Not before the calendar has it known; later where its row says so, to the moment at which the calendar has the next.
    """
    import numpy as np
    import pandas as pd

    from daycast.models.series.alignment import naive
    from daycast.storage.terms.words import AVAILABLE_AT, OBSERVED_AT, SYMBOL

    origins = pd.DatetimeIndex(panel.instants).tz_localize("UTC")
    closes = naive(calendar.available_at(origins)) + panel.shift[:, np.newaxis]
    told = rows.groupby([SYMBOL, OBSERVED_AT], observed=True)[AVAILABLE_AT].min().reset_index()
    codes = pd.Index([name.partition("/")[2] for name in panel.names]).get_indexer(told[SYMBOL])
    told, codes = told[codes >= 0], codes[codes >= 0]
    observed, available = (naive(told[name]) for name in (OBSERVED_AT, AVAILABLE_AT))
    places = pd.Index(panel.instants).get_indexer(observed - panel.shift[codes])
    there = places >= 0
    since = closes.copy()
    since[codes[there], places[there]] = np.maximum(since[codes[there], places[there]], available[there])
    since[:, :-1] = np.minimum(since[:, :-1], closes[:, 1:])
    return np.asarray(since)


def latest_ahead(job: Job, shard: str, panel: Panel, ready: Latest) -> Latest:
    """The latest windows with what the feed had said of each lead at ``as_of``; NaN where it had said nothing."""
    if not job.pipeline.known_columns:
        return ready
    codes, vintages = ready.windows.codes, vintages_of(job, shard, panel)
    told = told_of_latest(panel, vintages, codes=codes, calendar=job.calendar(), as_of=job.as_of)
    return replace(ready, windows=replace(ready.windows, ahead=told))


def told_of_latest(
    panel: Panel, vintages: Vintages, *, codes: np.ndarray, calendar: Calendar, as_of: datetime
) -> Columns:
    """What had been said at ``as_of`` of each lead from some series' last values, ``(n, horizon, columns)``."""
    import numpy as np

    which = codes.astype(np.intp)
    return _known(panel, vintages, calendar, which, panel.last[which], np.full(len(which), _moment(as_of)))


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
    panel: Panel, vintages: Vintages, calendar: Calendar, codes: np.ndarray, places: np.ndarray, at: np.ndarray
) -> Columns:
    """What was known at some instants of each lead from some places, ``(…, horizon, columns)``."""
    import numpy as np

    valid = _instants(panel, calendar)[places[..., np.newaxis] + np.arange(1, panel.horizon + 1)]
    valid = valid + panel.shift[codes][..., np.newaxis]
    return vintages.known(codes[..., np.newaxis], valid, at[..., np.newaxis])


def _instants(panel: Panel, calendar: Calendar) -> np.ndarray:
    """The panel's instants and a horizon more; NaT where the calendar has ended."""
    import numpy as np
    import pandas as pd

    from daycast.models.series.alignment import naive

    last = pd.Timestamp(panel.instants[-1], tz="UTC")
    ahead = naive(calendar.following(last, panel.horizon))
    rest = np.full(panel.horizon - len(ahead), np.datetime64("NaT", "us"))
    return np.concatenate([panel.instants, ahead, rest])


def _moment(as_of: datetime) -> np.datetime64:
    import numpy as np

    return np.datetime64(as_of.replace(tzinfo=None), "us")
