"""Put a pipeline's observations on their calendar, and keep the windows over them in the lake."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.errors import AsOfError, DataError
from daycast.storage.terms.text import listed
from daycast.storage.terms.words import OBSERVED_AT
from daycast.tasks.apart.spreading import IN_TURN, Spread
from daycast.tasks.handover.ahead import hash_of, latest_ahead, with_ahead
from daycast.tasks.handover.fed import mute
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.levels import levels_of
from daycast.tasks.handover.results import Prepared

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from daycast.models.series.panel import Index


@task(name="prepare", cache_policy=NO_CACHE)
def prepare(job: Job, *, spread: Spread = IN_TURN) -> Prepared:
    """Difference and window what was known at ``as_of``, shard by shard; no series stops another.

    Args:
        job: the run.
        spread: how the shards are gone over.

    Raises:
        AsOfError: nothing was known of any series at ``as_of``.
    """
    from daycast.storage.lake.compaction import MOST_FILES

    prepared = spread.over(_prepare, list(job.shards()), job)
    some = [each for each in prepared if each.data_hash]
    if not some:
        raise _nothing_known(job)
    job.windows().compact(before=job.now, files=MOST_FILES)
    first, last = min(each.first for each in some), max(each.last for each in some)
    there = {symbol for each in some for symbol in each.symbols}
    return Prepared(
        data_hash=_joined([each.data_hash for each in some]),
        first=first.to_pydatetime(),
        last=last.to_pydatetime(),
        shards={each.shard: each.data_hash for each in some},
        windows=sum(each.windows for each in some),
        written=sum(each.written for each in some),
        absent=tuple(symbol for symbol in job.pipeline.symbols if symbol not in there),
        untrainable=_untrainable(job, some, first=first, last=last),
    )


@dataclass(frozen=True, kw_only=True)
class _Shard:
    """What one shard was prepared to; without a hash where nothing was known of its symbols.

    Attributes:
        spans: the origins and ends of its windows, each pair once.
        first: the first instant of any of its series, aware UTC.
        last: the last one.
        longest: instants of its longest series.
        mute: what is to be said of columns that other pipelines give, and of which they have told nothing.
    """

    shard: str
    data_hash: str = ""
    symbols: tuple[str, ...] = ()
    first: Any = None
    last: Any = None
    windows: int = 0
    written: int = 0
    spans: Index | None = None
    longest: int = 0
    mute: str = ""


def _prepare(shard: str, job: Job) -> _Shard:
    from daycast.models.series.columns import to_rows, to_table
    from daycast.models.series.latest import latest
    from daycast.models.series.panel import Panel
    from daycast.storage.lake.rows import Rows

    spec, store, symbols = job.pipeline, job.windows(), job.shards()[shard]
    known = job.observations().history(shard).known(job.as_of).only(symbols)
    if not len(known):
        return _Shard(shard=shard)
    there = tuple(symbol for symbol in symbols if symbol in set(known.symbols))
    levels = levels_of(known.frame, spec=spec, symbols=there, as_of=job.as_of, database=job.database)
    panel = Panel.of(levels, spec=spec, limit=spec.fill_limit)
    ready = latest(levels, panel=panel, spec=spec)
    if not len(ready.windows):
        return _Shard(shard=shard)
    panel, ready = with_ahead(job, shard, panel), latest_ahead(job, shard, panel, ready)
    data_hash = hash_of(levels.fingerprint(), panel.ahead, ready.windows.ahead)
    written = store.sync(shard, Rows(*to_rows(panel)))
    store.keep_latest(shard, to_table(ready), data_hash=data_hash)
    observed = known.frame[OBSERVED_AT]
    begins, ends = levels.span()
    return _Shard(
        shard=shard,
        data_hash=data_hash,
        symbols=tuple(there[code] for code in ready.windows.codes),
        first=observed.min(),
        last=observed.max(),
        windows=len(panel.index),
        written=written,
        spans=panel.index.spans(),
        longest=int((ends - begins).max()) + 1,
        mute=mute(levels, spec=spec),
    )


def _untrainable(job: Job, some: Sequence[_Shard], *, first: pd.Timestamp, last: pd.Timestamp) -> str:
    """Why no network can be trained on these windows, or nothing."""
    from daycast.models.series.splits import bounds, cut, require_windows

    spec = job.pipeline
    try:
        ends = bounds(job.calendar().instants(first, last), split=spec.split)
        spans = [cut(each.spans, bounds=ends).counts for each in some if each.spans is not None]
        total = {part: sum(counts[part] for counts in spans) for part in spans[0]}
        require_windows(total, bounds=ends, horizon=spec.horizon)
    except DataError as error:
        if all(each.mute for each in some):
            return some[0].mute
        longest = max(each.longest for each in some)
        return (
            f"{error} A window takes lookback {spec.lookback} and horizon {spec.horizon} instants or more; the longest "
            f"series has {longest}."
        )
    return ""


def _nothing_known(job: Job) -> AsOfError:
    store = job.observations()
    known = [at for symbol in job.pipeline.symbols[:5] if (at := store.first_available(symbol)) is not None]
    return AsOfError(
        f"as_of must lie after the first observation of one of {listed(job.pipeline.symbols)}, which was available at "
        f"{min(known, default='no time')}. Received: {job.as_of.isoformat()}. Choose a later instant."
    )


def _joined(hashes: Sequence[str]) -> str:
    """The name of the data of all shards; of one, its own."""
    if len(hashes) == 1:
        return hashes[0]
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]
