"""Labels of documents, what they turned out to be, and texts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, case, func, select

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


def latest_labels(db: Database, pipeline: str | None = None, *, until: datetime | None = None) -> list[dict[str, Any]]:
    """The labels of a pipeline's newest ``as_of`` that has any, by document; times are aware UTC.

    Args:
        db: the database.
        pipeline: its name; by default of each.
        until: aware; of no later ``as_of``.
    """
    newest = select(Label.pipeline, func.max(Label.as_of).label("newest"))
    if pipeline is not None:
        newest = newest.where(Label.pipeline == pipeline)
    if until is not None:
        newest = newest.where(Label.as_of <= until)
    last = newest.group_by(Label.pipeline).subquery()
    same = (Label.pipeline == last.c.pipeline) & (Label.as_of == last.c.newest)
    question = select(*Label.__table__.columns).join(last, same)
    return db.query(question.order_by(Label.pipeline, Label.document_id))


def told_before(db: Database, pipeline: str, *, before: datetime) -> dict[str, datetime]:
    """As of when each document was last told of by runs before an instant, aware."""
    newest = select(Label.document_id, func.max(Label.as_of).label("last"))
    question = newest.where(Label.pipeline == pipeline, Label.as_of < before).group_by(Label.document_id)
    return {row["document_id"]: row["last"] for row in db.query(question)}


def labels_told(db: Database, pipeline: str, *, before: datetime, since: datetime | None = None) -> "pd.DataFrame":
    """What was told by runs before an instant, of each document what was told last.

    Args:
        db: the database.
        pipeline: its name.
        before: aware; of runs whose ``as_of`` is earlier.
        since: aware; only of versions that told anything later than this, all that they told.

    Returns:
        ``document_id``, ``as_of``, ``label``, ``probability``, ``forecaster`` and ``version``, by document.
    """
    import pandas as pd

    names = ("document_id", AS_OF, "label", "probability", "forecaster", "version")
    table = Label.__table__.columns
    mine = (Label.pipeline == pipeline) & (Label.as_of < before) & Label.version.is_not(None)
    question = select(*(table[name] for name in names)).where(mine)
    if since is not None:
        question = question.where(Label.version.in_(select(Label.version).where(mine, Label.as_of > since).distinct()))
    rows = db.query(question.order_by(table["document_id"], table[AS_OF]))
    frame = pd.DataFrame(rows, columns=list(names)).astype({AS_OF: "datetime64[us, UTC]", "probability": float})
    return frame.drop_duplicates("document_id", keep="last", ignore_index=True)


def labels_known(db: Database, pipeline: str, *, until: datetime) -> list[str]:
    """The labels that a pipeline has told, or that turned out, by an instant, ascending."""
    told = select(Label.label).where(Label.pipeline == pipeline, Label.as_of <= until)
    actual = select(ActualLabel.label).where(ActualLabel.pipeline == pipeline, ActualLabel.available_at <= until)
    return sorted(row["label"] for row in db.query(told.union(actual)))


def label_means(db: Database, pipeline: str, label: str, *, labels: int, until: datetime) -> "pd.DataFrame":
    """The mean probability of a label, night by night.

    Where another label is told, what is left of its probability is shared evenly by those that there are beside it.

    Args:
        db: the database.
        pipeline: its name.
        label: which.
        labels: how many there are.
        until: aware; of no later ``as_of``.

    Returns:
        ``as_of`` (aware UTC), ``mean`` and ``count`` of documents, by ``as_of``.
    """
    import pandas as pd

    rest = (1.0 - Label.probability) / max(1, labels - 1)
    of_label = case((Label.label == label, Label.probability), else_=rest)
    question = select(Label.as_of, func.avg(of_label).label("mean"), func.count().label("count"))
    mine = question.where(Label.pipeline == pipeline, Label.as_of <= until)
    rows = db.query(mine.group_by(Label.as_of).order_by(Label.as_of))
    return pd.DataFrame(rows, columns=[AS_OF, "mean", "count"]).astype({AS_OF: "datetime64[us, UTC]", "mean": float})


def actual_labels_until(db: Database, pipeline: str) -> datetime | None:
    """Since when the actual label is known that became known last; none where there are none."""
    newest = func.max(ActualLabel.available_at).label("newest")
    (row,) = db.query(select(newest).where(ActualLabel.pipeline == pipeline))
    return row["newest"]  # type: ignore[no-any-return]


def latest_texts(db: Database, pipeline: str, *, until: datetime | None = None) -> list[dict[str, Any]]:
    """The texts of a pipeline's newest ``as_of`` that has any, in their order; times are aware UTC.

    Args:
        db: the database.
        pipeline: its name.
        until: aware; of no later ``as_of``.
    """
    mine = WrittenText.pipeline == pipeline
    before = mine if until is None else mine & (WrittenText.as_of <= until)
    newest = select(func.max(WrittenText.as_of)).where(before).scalar_subquery()
    question = select(*WrittenText.__table__.columns).where(mine, WrittenText.as_of == newest)
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
