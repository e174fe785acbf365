"""How far what came lies from what the networks were trained on, run by run."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from daycast.storage.sql.database import Database
from daycast.storage.sql.tables import DriftRow
from daycast.storage.terms.words import AS_OF, PIPELINE

_COLUMNS = DriftRow.__table__.columns


def write_drift(db: Database, pipeline: str, rows: Sequence[Mapping[str, Any]], *, as_of: datetime) -> int:
    """Write what a run found, in place of what stands of it.

    Args:
        db: the database.
        pipeline: its name.
        rows: the columns of the table beside ``pipeline`` and ``as_of``; none where nothing could be told.
        as_of: aware, the run's.

    Returns:
        How many rows were inserted or changed.
    """
    told = {row["feature"] for row in rows}
    here = (DriftRow.pipeline == pipeline) & (DriftRow.as_of == as_of)
    with db.transaction() as connection:
        connection.execute(delete(DriftRow).where(here, DriftRow.feature.not_in(told)))
        whole = [{**row, PIPELINE: pipeline, AS_OF: as_of} for row in rows]
        return db.upsert(DriftRow, whole, connection=connection) if whole else 0


def newest_drift(db: Database, pipeline: str, *, until: datetime, before: bool = False) -> list[dict[str, Any]]:
    """What the newest run found, by column.

    Args:
        db: the database.
        pipeline: its name.
        until: aware; nothing of later runs.
        before: whether that instant itself is too late.
    """
    then = DriftRow.as_of < until if before else DriftRow.as_of <= until
    newest = select(func.max(DriftRow.as_of)).where(DriftRow.pipeline == pipeline, then).scalar_subquery()
    here = (DriftRow.pipeline == pipeline) & (DriftRow.as_of == newest)
    return db.query(select(*_COLUMNS).where(here).order_by(DriftRow.feature))
