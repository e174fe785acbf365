"""Labels of documents, what they turned out to be, and texts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from daycast.storage.sql.database import Database
from daycast.storage.sql.tables import ActualLabel, Label, WrittenText
from daycast.storage.sql.view_columns import LABEL_ACCURACY
from daycast.storage.terms.words import AS_OF, AVAILABLE_AT, PIPELINE

if TYPE_CHECKING:
    import pandas as pd


def write_labels(
    db: Database, rows: "Sequence[Mapping[str, object]] | pd.DataFrame", *, connection: Connection | None = None
) -> int:
    """Write what documents' labels probably are; rows that change in nothing keep their ``issued_at``.

    Args:
        db: the database.
        rows: the columns of the table.
        connection: a transaction to be part of; by default the call is one of its own.

    Returns:
        How many rows were inserted or changed.
    """
    return db.upsert(Label, rows, connection=connection)


def write_actual_labels(db: Database, rows: "Sequence[Mapping[str, object]] | pd.DataFrame") -> int:
    """Write what documents' labels are; a label that was known later than the one given stays.

    Args:
        db: the database.
        rows: the columns of the table.

    Returns:
        How many rows were inserted or changed.
    """
    return db.upsert(ActualLabel, rows, unless_older=AVAILABLE_AT)


def write_texts(
    db: Database, rows: "Sequence[Mapping[str, object]] | pd.DataFrame", *, connection: Connection | None = None
) -> int:
    """Write texts, likewise."""
    return db.upsert(WrittenText, rows, connection=connection)


def latest_labels(db: Database, pipeline: str) -> list[dict[str, Any]]:
    """The labels of a pipeline's newest ``as_of``, by document; times are aware UTC."""
    columns = Label.__table__.columns
    newest = select(Label.as_of).where(Label.pipeline == pipeline).order_by(Label.as_of.desc()).limit(1)
    question = select(*columns).where(Label.pipeline == pipeline, Label.as_of == newest.scalar_subquery())
    return db.query(question.order_by(Label.document_id))


def latest_texts(db: Database, pipeline: str) -> list[dict[str, Any]]:
    """The texts of a pipeline's newest ``as_of``, in their order."""
    columns = WrittenText.__table__.columns
    newest = (
        select(WrittenText.as_of).where(WrittenText.pipeline == pipeline).order_by(WrittenText.as_of.desc()).limit(1)
    )
    question = select(*columns).where(WrittenText.pipeline == pipeline, WrittenText.as_of == newest.scalar_subquery())
    return db.query(question.order_by(WrittenText.sample))


def label_accuracy(
    db: Database, pipeline: str, *, since: datetime | None = None, before: datetime | None = None
) -> list[dict[str, Any]]:
    """The rows of the view ``label_accuracy``, by ``as_of`` and document; times are aware UTC.

    Args:
        db: the database.
        pipeline: its name.
        since: aware; only labels said as of then or later.
        before: aware; only labels said as of an earlier instant, whose actual one was known by then.
    """
    columns = LABEL_ACCURACY.columns
    question = select(LABEL_ACCURACY).where(columns[PIPELINE] == pipeline)
    if since is not None:
        question = question.where(columns[AS_OF] >= since)
    if before is not None:
        question = question.where(columns[AS_OF] < before, columns["actual_available_at"] <= before)
    return db.query(question.order_by(columns[AS_OF], columns["document_id"]))
