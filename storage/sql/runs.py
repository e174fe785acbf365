"""The runs: what was done, as of when, and how it ended."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update

from daycast.storage.sql.database import Database
from daycast.storage.sql.explanations import write_explanations
from daycast.storage.sql.forecasts import write_forecasts
from daycast.storage.sql.labels import write_labels, write_texts
from daycast.storage.sql.tables import Remark, Run
from daycast.storage.terms.errors import DatabaseError
from daycast.storage.terms.words import Status, Training

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = Run.__table__.columns
_DEAD = "The run's process ended before the run did. Run it again."


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        status: ``succeeded``, ``degraded``, ``failed`` or ``cancelled``.
        finished_at: aware, the real time.
        message: what a reader should know: what was stale, set aside, or failed.
        training: what was done to the weights; none where the run did not come so far.
        version: the model version that served.
        explanations: what moved the forecasts, as :func:`~.explanations.write_explanations` takes it, in place of what
            stands of the run; none leaves that alone.
    """

    status: Status
    finished_at: datetime
    message: str = ""
    training: Training | None = None
    version: str | None = None
    explanations: Sequence[Mapping[str, Any]] | None = None


@dataclass(frozen=True)
class RunRow:
    """A run as the table has it; times are aware UTC."""

    run_id: str
    pipeline: str
    as_of: datetime
    started_at: datetime
    finished_at: datetime | None
    status: Status
    training: Training | None
    version: str | None
    message: str | None
    prefect_flow_run_id: str | None


def begin_run(
    db: Database,
    *,
    run_id: str,
    pipeline: str,
    as_of: datetime,
    started_at: datetime,
    prefect_flow_run_id: str | None = None,
) -> None:
    """Note that a run began; a second run of the same ``run_id`` takes its row over.

    Raises:
        DatabaseUnavailable: the database is down.
    """
    row = {
        "run_id": run_id,
        "pipeline": pipeline,
        "as_of": as_of,
        "started_at": started_at,
        "finished_at": None,
        "status": "running",
        "training": None,
        "version": None,
        "message": None,
        "prefect_flow_run_id": prefect_flow_run_id,
    }
    db.upsert(Run, [row])


def finish_run(
    db: Database,
    *,
    run_id: str,
    outcome: Outcome,
    forecasts: "pd.DataFrame | None" = None,
    labels: "pd.DataFrame | None" = None,
    texts: "Sequence[Mapping[str, object]] | None" = None,
    remarks: "Sequence[Mapping[str, object]] | None" = None,
) -> int:
    """Note how a run ended and write what it forecast, and its remarks, all or nothing.

    Args:
        db: the database.
        run_id: of a run that began.
        outcome: how it ended.
        forecasts: rows of the table, as :func:`daycast.storage.sql.forecasts.write_forecasts` takes them.
        labels: likewise, of a pipeline that predicts labels.
        texts: likewise, of one that predicts text.
        remarks: rows of the table, in place of those that stand of the run; none leaves these alone.

    Returns:
        How many rows of what it forecast were inserted or changed.

    Raises:
        DatabaseUnavailable: the database is down.
        DatabaseError: no such run began, or the rows were refused.
    """
    values = {
        "status": outcome.status,
        "finished_at": outcome.finished_at,
        "message": outcome.message,
        "training": outcome.training,
        "version": outcome.version,
    }
    with db.transaction() as connection:
        given = ((write_forecasts, forecasts), (write_labels, labels), (write_texts, texts))
        written = sum(write(db, rows, connection=connection) for write, rows in given if rows is not None)
        if remarks is not None:
            connection.execute(delete(Remark).where(Remark.run_id == run_id))
            db.upsert(Remark, remarks, connection=connection)
        if outcome.explanations is not None:
            write_explanations(db, run_id, outcome.explanations, connection=connection)
        found = connection.execute(update(Run).where(Run.run_id == run_id).values(values)).rowcount
        if found != 1:
            raise DatabaseError(
                f"A run that began is required. Received: {run_id!r}, of which there is no row in runs."
            )
    return written


def list_remarks(db: Database, run_id: str) -> list[dict[str, str]]:
    """The remarks of a run, by series and kind."""
    columns = Remark.series_id, Remark.kind, Remark.message
    return db.query(select(*columns).where(Remark.run_id == run_id).order_by(Remark.series_id, Remark.kind))


def close_dead_runs(
    db: Database,
    pipeline: str,
    *,
    at: datetime,
    but: str | None = None,
    status: Status = "failed",
    message: str = _DEAD,
) -> int:
    """Note how runs ended that are ``running``; right only where the pipeline's lock is held.

    Args:
        db: the database.
        pipeline: its name.
        at: aware; when that was found.
        but: the ``run_id`` of the run that holds the lock.
        status: ``failed``, or ``cancelled`` where a person stopped it.
        message: why.

    Returns:
        How many there were.
    """
    dead = (Run.pipeline == pipeline) & (Run.status == "running")
    if but is not None:
        dead &= Run.run_id != but
    if not db.query(select(Run.run_id).where(dead)):
        return 0
    with db.transaction() as connection:
        values = {"status": status, "finished_at": at, "message": message}
        return connection.execute(update(Run).where(dead).values(values)).rowcount


def running_pipelines(db: Database) -> list[str]:
    """The pipelines of which a run began and has not ended, by name; its process may be gone."""
    question = select(Run.pipeline).where(Run.status == "running").distinct().order_by(Run.pipeline)
    return [row["pipeline"] for row in db.query(question)]


def latest_runs(db: Database, *, statuses: Collection[Status] | None = None) -> list[RunRow]:
    """The run with the newest ``as_of`` of each pipeline, by pipeline.

    Args:
        db: the database.
        statuses: only among runs of these statuses; by default all.
    """
    among = Run.status.in_(statuses) if statuses is not None else Run.status.is_not(None)
    rank = func.row_number().over(partition_by=Run.pipeline, order_by=(Run.as_of.desc(), Run.run_id.desc()))
    ranked = select(Run.run_id, rank.label("rank")).where(among).subquery()
    newest = select(*_COLUMNS).join(ranked, ranked.c.run_id == Run.run_id).where(ranked.c.rank == 1)
    return [RunRow(**row) for row in db.query(newest.order_by(Run.pipeline))]


def list_runs(
    db: Database, pipeline: str, *, since: datetime, until: datetime, statuses: Collection[Status] | None = None
) -> list[RunRow]:
    """A pipeline's runs with ``since <= as_of <= until``, oldest first.

    Args:
        db: the database.
        pipeline: its name.
        since: aware.
        until: aware.
        statuses: only runs of these statuses; by default all.
    """
    question = select(*_COLUMNS).where(Run.pipeline == pipeline, Run.as_of.between(since, until))
    if statuses is not None:
        question = question.where(Run.status.in_(statuses))
    return [RunRow(**row) for row in db.query(question.order_by(Run.as_of, Run.run_id))]


def last_runs(db: Database, pipeline: str | None, *, count: int) -> list[RunRow]:
    """The runs that began last, the newest first; of one pipeline, or of all."""
    question = select(*_COLUMNS).order_by(Run.started_at.desc(), Run.run_id.desc()).limit(count)
    return [
        RunRow(**row) for row in db.query(question if pipeline is None else question.where(Run.pipeline == pipeline))
    ]


def find_run(db: Database, run_id: str) -> RunRow | None:
    """A run by its id; none where there is none."""
    return next((RunRow(**row) for row in db.query(select(*_COLUMNS).where(Run.run_id == run_id))), None)
