"""Fetch a pipeline's observations, set aside what cannot be used, and keep the rest in the lake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.errors import DataError, FeedError, FeedRefused
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Ingested

if TYPE_CHECKING:
    import pandas as pd

    from daycast.storage.intake.frames import Inspection
    from daycast.storage.lake.observations import Observations


ON_TIME = timedelta(minutes=30)
"""How long after ``as_of`` a run may begin and still be the run of that instant, not a repetition of it."""

_REASONS = 20
"""Reasons at most that are told; the lake holds them all."""


@task(name="ingest", cache_policy=NO_CACHE)
def ingest(job: Job) -> Ingested:
    """Fetch, check and keep the observations of a pipeline.

    Raises:
        FeedError: a feed failed for a symbol of which the lake holds nothing.
        DataError: of a symbol no row could be used, now or earlier.
    """
    import pandas as pd

    from daycast.storage.feeds.catalog import open_feed
    from daycast.storage.feeds.feed import Span
    from daycast.storage.intake.frames import inspect
    from daycast.storage.intake.rebasing import judge
    from daycast.storage.lake.compaction import MOST_FILES
    from daycast.storage.terms.words import AVAILABLE_AT

    store = job.observations()
    # A feed that answers "not modified" serves only those whose data are here.
    complete = not any(store.read(symbol).empty for symbol in job.pipeline.symbols)
    feed = open_feed(job.pipeline, validators=store.validators() if complete else {})
    fetched = feed.fetch(job.pipeline.symbols, Span(start=job.pipeline.start_at, end=job.now))
    inspection = inspect(fetched.frame, spec=job.pipeline)
    final = inspection.good[inspection.good[AVAILABLE_AT] <= pd.Timestamp(job.now)]
    known = {symbol: store.read(symbol) for symbol in job.pipeline.symbols}
    judged = judge(final, known=known, spec=job.pipeline)
    added = store.add(
        judged.good,
        fetched_at=job.now,
        adjustment=fetched.adjustment,
        known_at=_known_at(job),
        rebased=judged.rebased,
    )
    rejected = pd.concat([fetched.rejected, inspection.set_aside, judged.set_aside], ignore_index=True)
    store.set_aside(rejected, fetched_at=job.now)
    store.compact(before=job.now, files=MOST_FILES)
    refused = {symbol: FeedRefused(job.pipeline.feed, symbol, why) for symbol, why in judged.refused.items()}
    stale = _stale(job, store, {**fetched.failures, **refused}, inspection)
    if not refused:
        store.keep_validators(fetched.validators)
    return Ingested(
        new=added.new,
        revised=added.revised,
        set_aside=len(rejected),
        reasons=_reasons(rejected),
        findings=(
            *(f"{symbol}: {moved}" for symbol, moved in judged.rebased.items()),
            *(f"{finding.symbol}: {finding.message}" for finding in inspection.findings),
        ),
        stale=stale,
    )


def _known_at(job: Job) -> datetime:
    """From when on revisions count as known.

    A run that is on time sees what its own fetch says, or it would put a new bar beside a history that the same
    answer has moved. One that is done for an earlier instant must not.
    """
    return job.as_of if job.now - job.as_of <= ON_TIME else job.now


def _stale(job: Job, store: Observations, failures: Mapping[str, FeedError], inspection: Inspection) -> tuple[str, ...]:
    """Which symbols must do with earlier data; it is an error where there are none."""
    for symbol in job.pipeline.symbols:
        if store.read(symbol).empty:
            if symbol in failures:
                raise failures[symbol]
            aside = int((inspection.set_aside["symbol"] == symbol).sum())
            raise DataError(
                f"At least one usable row of {symbol} is required. Received: none from the feed "
                f"{job.pipeline.feed!r}; {aside} rows were set aside. Look at them in the lake under "
                f"set_aside/{job.pipeline.name}."
            )
    return tuple(str(failures[symbol]) for symbol in job.pipeline.symbols if symbol in failures)


def _reasons(rejected: pd.DataFrame) -> tuple[str, ...]:
    """Why rows were set aside, the most frequent first; a reason may quote its row, so that there can be thousands."""
    counts = rejected.groupby(["symbol", "reason"], sort=True).size().sort_values(ascending=False, kind="stable")
    shown = [f"{symbol}: {count} rows: {reason}" for (symbol, reason), count in counts.head(_REASONS).items()]
    rest = int(counts.iloc[_REASONS:].sum())
    return (*shown, f"{rest} rows for other reasons") if rest else tuple(shown)
