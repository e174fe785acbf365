"""The forecasts: written an origin at a time, so that a reader never sees a mixture of two runs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, func, select

from daycast.storage.sql.database import Database
from daycast.storage.sql.tables import Forecast, Series
from daycast.storage.sql.view_columns import LATEST_FORECASTS
from daycast.storage.terms.words import AS_OF, ORIGIN, PIPELINE, SERIES_ID, VALID_AT

_PORTION = 500
"""Names in one question at most: SQLite takes a thousand, and the tree of an expression has its depth."""

if TYPE_CHECKING:
    import pandas as pd


def write_forecasts(db: Database, frame: "pd.DataFrame", *, connection: Connection | None = None) -> int:
    """Write whole origins, each in place of what stands of it.

    A (series, origin) that a run of a later ``as_of`` wrote is left as it is, whole. Otherwise its rows are brought up
    to date, and instants that are no longer forecast (a shorter horizon) are removed. Rows that change in nothing
    keep their ``issued_at``.

    Args:
        db: the database.
        frame: the columns of the table; whole origins of series known in ``series``.
        connection: a transaction to be part of; by default the call is one of its own.

    Returns:
        How many rows were inserted or changed.

    Raises:
        DataError: the frame breaks the contract of forecasts.
        DatabaseError: a series is not known, or the table's checks refuse a row.
    """
    from daycast.storage.intake.frames import check_forecasts

    if frame.empty:
        return 0
    check_forecasts(frame)
    with db.within(connection) as inside:
        fresh = _without_superseded(inside, frame)
        written = db.upsert(Forecast, fresh, connection=inside, unless_older=AS_OF)
        _remove_leftovers(inside, fresh)
    return written


def latest_forecasts(
    db: Database, *, pipeline: str | None = None, series_id: str | None = None
) -> list[dict[str, Any]]:
    """The rows of the view ``latest_forecasts``, by series and ``valid_at``; times are aware UTC.

    Args:
        db: the database.
        pipeline: only of this one.
        series_id: only of this one.
    """
    columns = LATEST_FORECASTS.columns
    question = select(LATEST_FORECASTS).order_by(columns[SERIES_ID], columns[VALID_AT])
    if pipeline is not None:
        question = question.where(columns[PIPELINE] == pipeline)
    if series_id is not None:
        question = question.where(columns[SERIES_ID] == series_id)
    return db.query(question)


def forecasts_from(db: Database, origins: Mapping[str, datetime]) -> list[dict[str, Any]]:
    """The forecasts of each series from its origin, by series and ``valid_at``; times are aware UTC.

    Args:
        db: the database.
        origins: the origin of each series, aware, by ``series_id``.
    """
    by_origin: dict[datetime, list[str]] = {}
    for name, origin in origins.items():
        by_origin.setdefault(origin, []).append(name)
    found = [row for origin, names in by_origin.items() for row in _from(db, origin, names)]
    return sorted(found, key=lambda row: (row[SERIES_ID], row[VALID_AT]))


def _from(db: Database, origin: datetime, names: Sequence[str]) -> list[dict[str, Any]]:
    """The forecasts of some series from one origin, asked for in portions that every database takes."""
    columns = Forecast.__table__.columns
    portions = (names[start : start + _PORTION] for start in range(0, len(names), _PORTION))
    questions = (
        select(*columns).where(Forecast.origin == origin, Forecast.series_id.in_(portion)) for portion in portions
    )
    return [row for question in questions for row in db.query(question)]


def _without_superseded(connection: Connection, frame: "pd.DataFrame") -> "pd.DataFrame":
    """The rows whose origin no run of a later ``as_of`` has written."""
    stored = {(row.series_id, row.origin): row.as_of for row in _origins(connection, frame)}
    if not any(as_of > frame[AS_OF].min() for as_of in stored.values()):
        return frame
    newest = [stored.get(key) for key in zip(frame[SERIES_ID], frame[ORIGIN], strict=True)]
    keep = [last is None or last <= as_of for last, as_of in zip(newest, frame[AS_OF], strict=True)]
    return frame[keep]


def _remove_leftovers(connection: Connection, frame: "pd.DataFrame") -> None:
    """Remove instants of the frame's origins that the frame does not have."""
    if frame.empty:
        return
    given = frame.groupby([SERIES_ID, ORIGIN], sort=False).size().to_dict()
    for row in _origins(connection, frame):
        if row.instants > given.get((row.series_id, row.origin), row.instants):
            here = (frame[SERIES_ID] == row.series_id) & (frame[ORIGIN] == row.origin)
            connection.execute(
                delete(Forecast).where(
                    Forecast.series_id == row.series_id,
                    Forecast.origin == row.origin,
                    Forecast.valid_at.not_in(frame[VALID_AT][here].tolist()),
                )
            )


def _origins(connection: Connection, frame: "pd.DataFrame") -> Sequence[Any]:
    """What stands of the frame's pipelines between its first and last origin: the newest as_of and how many rows."""
    question = (
        select(
            Forecast.series_id,
            Forecast.origin,
            func.max(Forecast.as_of).label(AS_OF),
            func.count().label("instants"),
        )
        .join(Series, Series.series_id == Forecast.series_id)
        .where(
            Series.pipeline.in_(frame[PIPELINE].unique().tolist()),
            Forecast.origin.between(frame[ORIGIN].min(), frame[ORIGIN].max()),
        )
        .group_by(Forecast.series_id, Forecast.origin)
    )
    return connection.execute(question).all()
