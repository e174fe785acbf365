"""The series and their actual values."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from daycast.storage.sql.database import Database
from daycast.storage.sql.tables import Actual, Series
from daycast.storage.terms.words import AVAILABLE_AT, SERIES_ID

if TYPE_CHECKING:
    import pandas as pd


def upsert_series(db: Database, rows: Sequence[Mapping[str, object]]) -> int:
    """Say what each series is.

    Args:
        db: the database.
        rows: series_id, pipeline, feed, symbol, target, unit, calendar.

    Returns:
        How many rows were inserted or changed.
    """
    return db.upsert(Series, rows)


def write_actuals(db: Database, frame: "pd.DataFrame") -> int:
    """Write actual values of known series; a value that became available later than the one given stays.

    Args:
        db: the database.
        frame: series_id, valid_at, value, available_at (times aware UTC), one row a series and instant.

    Returns:
        How many rows were inserted or changed.

    Raises:
        DataError: the frame breaks the contract of actual values.
        DatabaseError: a series is not known.
    """
    from daycast.storage.intake.frames import check_actuals

    if frame.empty:
        return 0
    check_actuals(frame)
    return db.upsert(Actual, frame, unless_older=AVAILABLE_AT)


def known_until(db: Database, pipeline: str) -> dict[str, datetime]:
    """The newest ``available_at`` among the actual values of each series; a series without values is left out.

    Args:
        db: the database.
        pipeline: of whose series.
    """
    newest = func.max(Actual.available_at).label(AVAILABLE_AT)
    of_pipeline = select(Actual.series_id, newest).join(Series, Series.series_id == Actual.series_id)
    question = of_pipeline.where(Series.pipeline == pipeline).group_by(Actual.series_id)
    return {row[SERIES_ID]: row[AVAILABLE_AT] for row in db.query(question)}


def list_series(db: Database, pipeline: str | None = None) -> list[dict[str, Any]]:
    """What each series is, by its id.

    Args:
        db: the database.
        pipeline: only of this one.
    """
    question = select(*Series.__table__.columns).order_by(Series.series_id)
    return db.query(question if pipeline is None else question.where(Series.pipeline == pipeline))


def newest_values(db: Database) -> dict[str, datetime]:
    """The instant of the newest actual value of each series; a series without values is left out."""
    # By series, so that the newest is looked up in the index and no history is read.
    newest = select(func.max(Actual.valid_at)).where(Actual.series_id == Series.series_id).scalar_subquery()
    rows = db.query(select(Series.series_id, newest.label("newest")))
    return {row[SERIES_ID]: row["newest"] for row in rows if row["newest"] is not None}
