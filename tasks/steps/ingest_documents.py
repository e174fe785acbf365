"""Fetch a pipeline's documents, set aside what cannot be used, and keep the rest in the lake."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.errors import DataError, FeedError
from daycast.storage.terms.text import counted
from daycast.storage.terms.words import DOCUMENT_ID, PUBLISHED_AT, REASON, TEXT
from daycast.tasks.handover.documents_job import DocumentsJob, TextJob
from daycast.tasks.handover.results import Ingested

if TYPE_CHECKING:
    import pandas as pd

    from daycast.storage.feeds.reading.documents import Documents

_REASONS = 5
"""Reasons at most that are told; the lake holds them all."""


@task(name="ingest-documents", cache_policy=NO_CACHE)
def ingest_documents(job: DocumentsJob) -> Ingested:
    """Fetch, check and keep the documents of a pipeline; where the feed fails, those that came earlier serve.

    No text is told of, here or in any log: it may be secret.

    Raises:
        FeedError: the feed failed, and the lake holds nothing.
        DataError: of the documents none could be used, now or earlier.
    """
    from daycast.storage.feeds.catalog import open_documents

    store, spec = job.documents(), job.pipeline
    damaged = tuple(store.put_damaged_aside())
    try:
        read = open_documents(spec).read(job.as_of)
    except FeedError as error:
        if store.empty():
            raise
        return Ingested(failures={spec.name: str(error)}, damaged=damaged)
    good = _with_what_is_gone(job, read) if isinstance(job, TextJob) and read.of_files else read.good
    added = store.add(good, fetched_at=job.now, known_at=job.known_at, of_files=read.of_files, again=bool(damaged))
    store.set_aside(read.set_aside, fetched_at=job.now)
    counts = Counter(read.set_aside[REASON])
    if store.empty():
        aside = f"{len(read.set_aside)} were set aside. Look at them in the lake under set_aside/{spec.name}"
        raise DataError(
            f"At least one usable document is required. Received: none from the feed {spec.feed!r}; "
            f"{aside if len(read.set_aside) else 'it has no row or file'}."
        )
    return Ingested(
        new=added.new,
        revised=added.revised + added.labelled,
        set_aside=len(read.set_aside),
        reasons=tuple(f"{counted(count, 'document')}: {reason}" for reason, count in counts.most_common(_REASONS)),
        findings=_ahead(read.good, now=job.now),
        damaged=damaged,
    )


def _ahead(documents: pd.DataFrame, *, now: datetime) -> tuple[str, ...]:
    """What to say of documents that are dated after today, as by a slip of the pen."""
    dates = documents[PUBLISHED_AT][documents[PUBLISHED_AT] > now]
    if dates.empty:
        return ()
    return (f"{counted(len(dates), 'document')} dated later than now wait till then, the last {dates.max():%Y-%m-%d}",)


def _with_what_is_gone(job: TextJob, read: Documents) -> pd.DataFrame:
    """The documents, and those whose files are there no more, empty: a file that was renamed is not read twice.

    Under its new name it counts from when it was seen, as long as under its old one.
    """
    import pandas as pd

    before, good = job.documents().newest(), read.good
    there = {*good[DOCUMENT_ID], *read.set_aside[DOCUMENT_ID]}
    gone = before[~before[DOCUMENT_ID].isin(there) & (before[TEXT] != "")]
    renamed = ~good[DOCUMENT_ID].isin(before[DOCUMENT_ID]) & good[TEXT].isin(gone[TEXT])
    good = good.assign(**{PUBLISHED_AT: good[PUBLISHED_AT].mask(renamed, pd.Timestamp(job.known_at))})
    return pd.concat([good, gone[good.columns.intersection(gone.columns)].assign(**{TEXT: ""})], ignore_index=True)
