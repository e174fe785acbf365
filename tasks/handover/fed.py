"""The columns of a pipeline that another one gives: what it told of documents, night by night."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from daycast.storage.terms.errors import DataError
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.text import listed

if TYPE_CHECKING:
    import pandas as pd

    from daycast.models.series.alignment import Instants, Levels
    from daycast.models.series.differencing import Floats
    from daycast.storage.sql.database import Database


def with_labels(levels: Levels, *, spec: Pipeline, as_of: datetime, db: Database) -> Levels:
    """Levels with the columns of ``from_labels``, where anything else of the series was observed.

    Args:
        levels: with all columns of the pipeline.
        spec: the pipeline.
        as_of: nothing that was told later is read, aware.
        db: where it was told.

    Raises:
        DataError: the other pipeline knows no such label.
    """
    import numpy as np

    values, observed = levels.values.copy(), levels.observed
    for column, source in spec.from_labels.items():
        nights = _nights(source, spec=spec, as_of=as_of, db=db)
        for shift in np.unique(levels.shift):
            rows = levels.shift == shift
            told = _by_instant(levels.instants + shift, nights, calendar=spec.calendar)
            values[rows, :, levels.columns.index(column)] = np.where(observed[rows], told, np.nan)
    return replace(levels, values=values)


def mute(levels: Levels, *, spec: Pipeline) -> str:
    """What to say of columns of ``from_labels`` that have no value at all, which leave no window; nothing otherwise."""
    import numpy as np

    found = {
        column: source
        for column, source in spec.from_labels.items()
        if not np.isfinite(levels.values[:, :, levels.columns.index(column)]).any()
    }
    if not found:
        return ""
    told = listed([f"{column} = {source!r}" for column, source in found.items()])
    first = next(iter(found.values())).partition(":")[0]
    return (
        f"A value of each column of from_labels is required. Received: none for {told}: nothing had been told of it. "
        f"Mend {first} and run it, or have it tell of past days: daycast backfill {first} --from … --to …"
    )


def _nights(source: str, *, spec: Pipeline, as_of: datetime, db: Database) -> pd.DataFrame:
    from daycast.storage.sql.labels import label_means, labels_known

    pipeline, _, label = source.partition(":")
    known = labels_known(db, pipeline, until=as_of)
    if known and label not in known:
        raise DataError(
            f"[{spec.name}]: from_labels names a label of {pipeline}: {listed(known)}. Received: {label!r}. Correct it."
        )
    return label_means(db, pipeline, label, labels=len(known), until=as_of)


def _by_instant(instants: Instants, nights: pd.DataFrame, *, calendar: str) -> Floats:
    import pandas as pd

    from daycast.models.series.alignment import naive
    from daycast.models.series.nights import means_by_instant
    from daycast.storage.calendars import Calendar
    from daycast.storage.terms.words import AS_OF

    available = Calendar(calendar).available_at(pd.DatetimeIndex(instants).tz_localize("UTC"))
    return means_by_instant(
        naive(available),
        told_at=naive(nights[AS_OF]),
        means=nights["mean"].to_numpy(dtype=float),
        counts=nights["count"].to_numpy(dtype="int64"),
    )
