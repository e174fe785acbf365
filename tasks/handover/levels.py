"""A shard's series on their calendar, as they were known at a run's ``as_of``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daycast.storage.terms.words import OBSERVED_AT, SYMBOL, series_id
from daycast.tasks.handover.job import Job

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daycast.models.series.alignment import Levels
    from daycast.storage.lake.history import History


def levels_of(job: Job, known: History, symbols: Sequence[str]) -> Levels:
    """The levels of some symbols.

    Args:
        job: the run.
        known: what was known of them at ``as_of``.
        symbols: those of which something was.
    """
    import pandas as pd

    from daycast.models.series.alignment import align

    spec, calendar = job.pipeline, job.calendar()
    frame = known.frame
    values = frame.set_index(OBSERVED_AT).reindex(columns=list(spec.columns))
    return align(
        values,
        names=[series_id(spec.name, symbol) for symbol in symbols],
        codes=pd.Index(symbols).get_indexer(frame[SYMBOL]),
        instants=calendar.instants(frame[OBSERVED_AT].min(), frame[OBSERVED_AT].max()),
        step=calendar.step,
    )
