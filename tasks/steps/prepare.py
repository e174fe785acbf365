"""Put a pipeline's observations on their calendar, and keep the windows over them in the lake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.errors import AsOfError
from daycast.storage.terms.words import OBSERVED_AT, series_id
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Prepared

if TYPE_CHECKING:
    import pandas as pd


@task(name="prepare", cache_policy=NO_CACHE)
def prepare(job: Job) -> Prepared:
    """Difference and window what was known at ``as_of``.

    Raises:
        AsOfError: nothing was known of a series at ``as_of``.
        DataError: there are too few observations for a window, or the last ones have a gap.
    """
    from daycast.models.series.columns import to_columns, to_table
    from daycast.models.series.windows import concatenate, latest_window, make_windows
    from daycast.storage.lake.compaction import MOST_FILES
    from daycast.storage.lake.observations import fingerprint

    spec, store = job.pipeline, job.windows()
    levels = {symbol: _levels(job, symbol) for symbol in spec.symbols}
    total = written = 0
    latest = []
    for symbol, frame in levels.items():
        name = series_id(spec.name, symbol)
        windows = make_windows(frame, spec=spec, series_id=name)
        latest.append(latest_window(frame, spec=spec, series_id=name))
        written += store.sync(symbol, to_columns(windows))
        total += len(windows)
    store.compact(before=job.now, files=MOST_FILES)
    data_hash = fingerprint(levels)
    store.keep_latest(to_table(concatenate(latest)), data_hash=data_hash)
    return Prepared(
        data_hash=data_hash,
        first=min(frame.index[0] for frame in levels.values()).to_pydatetime(),
        until={symbol: frame.index[-1].to_pydatetime() for symbol, frame in levels.items()},
        windows=total,
        written=written,
        stale=tuple(_stale(job, levels)),
    )


def _levels(job: Job, symbol: str) -> pd.DataFrame:
    """The series as known at ``as_of``, one row an instant of the calendar from its first to its last observation."""
    from daycast.models.series.alignment import align
    from daycast.storage.intake.frames import check_observations

    store, spec = job.observations(), job.pipeline
    observed = store.read(symbol, as_of=job.as_of)
    if observed.empty:
        raise AsOfError(
            f"as_of must lie after the first observation of {symbol}, which was available at "
            f"{store.first_available(symbol)}. Received: {job.as_of.isoformat()}. Choose a later instant."
        )
    check_observations(observed, columns=spec.columns)
    values = observed.set_index(OBSERVED_AT)[list(spec.columns)]
    instants = job.calendar().instants(values.index[0], values.index[-1])
    return align(values, instants=instants, fill_limit=spec.fill_limit).levels


def _stale(job: Job, levels: dict[str, pd.DataFrame]) -> list[str]:
    limit = job.pipeline.stale_after_days
    if limit is None:
        return []
    ages = {symbol: (job.as_of - frame.index[-1]).total_seconds() / 86400 for symbol, frame in levels.items()}
    return [
        f"{symbol}: the newest observation is of {levels[symbol].index[-1]:%Y-%m-%d %H:%M} UTC, {age:.1f} days old "
        f"(stale_after_days = {limit:g})"
        for symbol, age in ages.items()
        if age > limit
    ]
