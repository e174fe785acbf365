"""A shard's series on their calendar, as they were known at a run's ``as_of``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.words import OBSERVED_AT, SYMBOL, series_id
from daycast.tasks.handover.fed import with_labels

if TYPE_CHECKING:
    import pandas as pd

    from daycast.models.series.alignment import Levels
    from daycast.storage.sql.database import Database


def levels_of(
    rows: pd.DataFrame, *, spec: Pipeline, symbols: Sequence[str], as_of: datetime, database: Callable[[], Database]
) -> Levels:
    """The levels of some symbols.

    Args:
        rows: what was known of them at ``as_of``, of each symbol one row an instant.
        spec: the pipeline.
        symbols: those of which something was.
        as_of: of the run, aware.
        database: opens it, where another pipeline gives columns.
    """
    import pandas as pd

    from daycast.models.series.alignment import align
    from daycast.storage.calendars import Calendar

    calendar = Calendar(spec.calendar)
    levels = align(
        rows.set_index(OBSERVED_AT).reindex(columns=list(spec.columns)),
        names=[series_id(spec.name, symbol) for symbol in symbols],
        codes=pd.Index(symbols).get_indexer(rows[SYMBOL]),
        instants=calendar.instants(rows[OBSERVED_AT].min(), rows[OBSERVED_AT].max()),
        step=calendar.step,
    )
    if not spec.from_labels:
        return levels
    with database() as db:
        return with_labels(levels, spec=spec, as_of=as_of, db=db)
