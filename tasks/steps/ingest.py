"""Fetch a pipeline's observations, set aside what cannot be used, and keep the rest in the lake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.errors import DataError, FeedError, FeedRefused
from daycast.storage.terms.text import counted, listed
from daycast.storage.terms.words import ALL_SERIES
from daycast.tasks.apart.spreading import IN_TURN, Spread
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Ingested

if TYPE_CHECKING:
    import pandas as pd

    from daycast.storage.feeds.feed import Feed
    from daycast.storage.intake.oddities import Finding
    from daycast.storage.intake.rebasing import Judgement
    from daycast.storage.lake.history import Added
    from daycast.storage.lake.observations import Observations
    from daycast.storage.lake.sources import Source

_REASONS = 5
"""Reasons at most that are told; the lake holds them all."""


@task(name="ingest", cache_policy=NO_CACHE)
def ingest(job: Job, *, spread: Spread = IN_TURN) -> Ingested:
    """Fetch, check and keep the observations of a pipeline, shard by shard; no symbol stops another.

    Args:
        job: the run.
        spread: how the shards are gone over, where what a feed reads can be read in parts.

    Raises:
        FeedError: a feed failed for every symbol, of none of which the lake holds anything.
        DataError: of no symbol a row could be used, now or earlier.
    """
    from daycast.storage.feeds.catalog import open_feed
    from daycast.storage.lake.compaction import MOST_FILES

    store = job.observations()
    damaged = _put_aside(job, store)
    store.take_over()
    shards = store.place(job.pipeline.symbols).among(job.pipeline.symbols)
    # A feed that answers "not modified" serves only those whose data are here.
    known = store.validators()
    complete = bool(known) and not store.lacking(job.pipeline.symbols)
    sent = known if complete else {}
    apart = not spread.here and job.pipeline.apart
    opened = None if apart else open_feed(job.pipeline, validators=sent)
    noted = _still_held(job, store)
    landed = (spread if apart else IN_TURN).over(_ingest_shard, list(shards), job, noted, sent, opened)
    store.compact(before=job.now, files=MOST_FILES)
    job.ahead().compact(before=job.now, files=MOST_FILES)
    failures = {symbol: error for each in landed for symbol, error in each.failures.items()}
    counts = sum((each.counts for each in landed), Counter[tuple[str, str]]())
    _require_any(job, store, failures, counts.total())
    if not any(each.refused for each in landed):
        store.keep_validators({key: value for each in landed for key, value in each.validators.items()})
    job.stores.sources(job.pipeline.name).write({name: source for each in landed for name, source in each.read.items()})
    return Ingested(
        new=sum(each.added.new for each in landed),
        revised=sum(each.added.revised for each in landed),
        set_aside=counts.total(),
        reasons=_reasons(counts),
        findings=tuple(sorted(finding for each in landed for finding in each.findings)),
        failures={symbol: str(failures[symbol]) for symbol in job.pipeline.symbols if symbol in failures},
        damaged=damaged,
    )


def _put_aside(job: Job, store: Observations) -> tuple[str, ...]:
    """Put files of the lake aside that are not whole, and have all sources read again; where they lie now.

    What was read from is forgotten first: a run that is killed between the two is followed by one that reads too much.
    """
    ahead = job.ahead()
    observed, foretold = store.damaged(), ahead.damaged()
    if not observed and not foretold:
        return ()
    job.stores.sources(job.pipeline.name).write({})
    return (*store.put_aside(observed), *ahead.put_aside(foretold))


@dataclass(frozen=True, kw_only=True)
class _Landed:
    """What a fetch of one shard's symbols came to; of what was set aside, how many rows by symbol and reason."""

    added: Added
    counts: Counter[tuple[str, str]]
    findings: tuple[str, ...]
    failures: Mapping[str, FeedError]
    refused: bool
    validators: Mapping[str, str]
    read: Mapping[str, Source]


def _nothing() -> _Landed:
    from daycast.storage.lake.history import Added

    return _Landed(added=Added(), counts=Counter(), findings=(), failures={}, refused=False, validators={}, read={})


def _still_held(job: Job, store: Observations) -> dict[str, Source]:
    """What the symbols were last read from, of those whose rows the lake holds."""
    noted = job.stores.sources(job.pipeline.name).read()
    lacking = set(store.lacking(list(noted))) if noted else set()
    return {symbol: source for symbol, source in noted.items() if symbol not in lacking}


def _ingest_shard(
    shard: str, job: Job, noted: Mapping[str, Source], validators: Mapping[str, str], opened: Feed | None
) -> _Landed:
    """Fetch the symbols of one shard and keep what is new of them; a source that is what it was is not read again."""
    from daycast.storage.feeds.catalog import open_feed
    from daycast.storage.feeds.feed import Marked

    symbols = job.shards()[shard]
    feed = opened or open_feed(job.pipeline, validators=validators)
    marks = {symbol: feed.mark(symbol) for symbol in symbols} if isinstance(feed, Marked) else {}
    same = {symbol: noted[symbol] for symbol in symbols if symbol in noted and noted[symbol].mark == marks.get(symbol)}
    asked = [symbol for symbol in symbols if symbol not in same]
    landed = _fetch(job, feed, asked, marks=marks) if asked else _nothing()
    return replace(
        landed,
        counts=sum((Counter(source.aside) for source in same.values()), landed.counts),
        findings=(*landed.findings, *(finding for source in same.values() for finding in source.findings)),
        read={**same, **landed.read},
    )


def _fetch(job: Job, feed: Feed, symbols: Sequence[str], *, marks: Mapping[str, str | None]) -> _Landed:
    import pandas as pd

    from daycast.storage.feeds.feed import Span
    from daycast.storage.intake.rules import inspect
    from daycast.storage.terms.words import AVAILABLE_AT, SYMBOL

    store = job.observations()
    fetched = feed.fetch(symbols, Span(start=job.pipeline.start_at, end=job.now))
    inspection = inspect(fetched.frame, spec=job.pipeline)
    final = inspection.good[inspection.good[AVAILABLE_AT] <= pd.Timestamp(job.now)]
    judged = _judge(job, store, final)
    earlier, doubted = _earlier(job, fetched.earlier)
    foreseen, told = _keep_ahead(job, fetched.ahead)
    added = store.add(
        judged.good,
        fetched_at=job.now,
        known_at=job.known_at,
        rebased=judged.rebased,
        earlier=earlier,
    )
    store.accepted(judged.rebased)
    rejected = _joined([fetched.rejected, inspection.set_aside, doubted, judged.set_aside, foreseen])
    store.set_aside(rejected, fetched_at=job.now)
    refused = {symbol: FeedRefused(job.pipeline.feed, symbol, why) for symbol, why in judged.refused.items()}
    failures = {**fetched.failures, **refused}
    counts = Counter(zip(rejected[SYMBOL], rejected["reason"], strict=True))
    seen = (*inspection.findings, *told)
    findings = [(finding.symbol, f"{finding.symbol}: {finding.message}") for finding in seen]
    early = set(inspection.good[SYMBOL][inspection.good[AVAILABLE_AT] > pd.Timestamp(job.now)]) | fetched.later
    early |= {finding.symbol for finding in told}
    settled = [symbol for symbol in symbols if symbol not in {*failures, *early}]
    return _Landed(
        added=added,
        counts=counts,
        findings=(
            *(f"{symbol}: {moved}" for symbol, moved in judged.rebased.items()),
            *(message for _, message in findings),
        ),
        failures=failures,
        refused=bool(refused),
        validators=fetched.validators,
        read=_sources(settled, marks, counts, findings),
    )


def _earlier(job: Job, earlier: pd.DataFrame | None) -> tuple[pd.DataFrame | None, pd.DataFrame]:
    """What can be used of what was known before, and what is set aside of it."""
    from daycast.storage.feeds.feed import no_rejects
    from daycast.storage.intake.rules import inspect_earlier

    if earlier is None or earlier.empty:
        return None, no_rejects()
    return inspect_earlier(earlier, spec=job.pipeline)


def _keep_ahead(job: Job, told: pd.DataFrame | None) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Keep what the feed says of the future; what is set aside of it, and what looked wrong."""
    from daycast.storage.feeds.feed import no_rejects
    from daycast.storage.intake.ahead import foresee, rewritten
    from daycast.storage.terms.words import SYMBOL

    if told is None:
        return no_rejects(), ()
    columns = job.pipeline.known_columns
    foreseen = foresee(told, columns=columns, now=job.now)
    findings = list(foreseen.findings)
    for shard, symbols in job.shards().items():
        own = foreseen.good[foreseen.good[SYMBOL].isin(symbols)].reset_index(drop=True)
        if len(own):
            added = job.ahead().add(shard, own, columns=columns, fetched_at=job.now, known_at=job.known_at)
            findings += rewritten(added)
    return foreseen.set_aside, tuple(findings)


def _sources(
    settled: Sequence[str],
    marks: Mapping[str, str | None],
    counts: Counter[tuple[str, str]],
    findings: Sequence[tuple[str, str]],
) -> dict[str, Source]:
    """What is noted of symbols of which nothing more is in their source; what bears no symbol, with the first."""
    from daycast.storage.lake.sources import Source

    whose = {symbol: symbol for symbol in settled} | dict.fromkeys([ALL_SERIES], next(iter(settled), ""))
    aside: dict[str, dict[tuple[str, str], int]] = {}
    for (symbol, reason), count in counts.items():
        aside.setdefault(whose.get(symbol, ""), {})[symbol, reason] = count
    return {
        symbol: Source(
            mark=mark,
            aside=aside.get(symbol, {}),
            findings=tuple(message for name, message in findings if name == symbol),
        )
        for symbol in settled
        if (mark := marks.get(symbol))
    }


def _judge(job: Job, store: Observations, final: pd.DataFrame) -> Judgement:
    """Hold the rows of those symbols to what was known of which the answer says something else than before."""
    import pandas as pd

    from daycast.storage.intake.rebasing import judge
    from daycast.storage.terms.words import OBSERVED_AT, SYMBOL

    spec = job.pipeline
    shards = store.place(final[SYMBOL].unique().tolist()).among(final[SYMBOL].unique())
    known = {shard: store.history(shard).known() for shard in shards}
    moved = {symbol: rows for rows in known.values() for symbol in rows.moved(final, spec.fetched)}
    doubtful = final[SYMBOL].isin(list(moved))
    judged = judge(
        final[doubtful],
        known={symbol: rows.only([symbol]).frame for symbol, rows in moved.items()},
        spec=spec,
        accepted=store.to_accept(),
    )
    good = pd.concat([final[~doubtful], judged.good]) if len(judged.good) else final[~doubtful]
    return replace(judged, good=good.sort_values([SYMBOL, OBSERVED_AT], kind="stable", ignore_index=True))


def _joined(rejected: Sequence[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    from daycast.storage.feeds.feed import no_rejects

    some = [rows for rows in rejected if not rows.empty]
    return pd.concat(some, ignore_index=True) if some else no_rejects()


def _require_any(job: Job, store: Observations, failures: Mapping[str, FeedError], rejected: int) -> None:
    """Something must be known of one symbol at least."""
    lacking = store.lacking(job.pipeline.symbols)
    if len(lacking) < len(job.pipeline.symbols):
        return
    if failures:
        raise next(iter(failures.values()))
    raise DataError(
        f"At least one usable row of {listed(lacking)} is required. Received: none from the feed "
        f"{job.pipeline.feed!r}; {rejected} rows were set aside. Look at them in the lake under "
        f"set_aside/{job.pipeline.name}."
    )


def _reasons(counts: Counter[tuple[str, str]]) -> tuple[str, ...]:
    """Why rows were set aside, the most frequent first; a reason may quote its row, so that there can be thousands."""
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    shown = [f"{symbol}: {counted(count, 'row')}: {reason}" for (symbol, reason), count in ordered[:_REASONS]]
    rest = sum(count for _, count in ordered[_REASONS:])
    return (*shown, f"{counted(rest, 'row')} for other reasons") if rest else tuple(shown)
