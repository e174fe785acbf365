"""The evaluations, and what the forecasts turned out to be worth."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, case, func, select

from storage.contracts import EVALUATIONS_KEY, LEAD, SERIES_ID, VALID_AT, Split
from storage.database import Database
from storage.tables import FORECAST_ACCURACY, Evaluation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

_COLUMNS = Evaluation.__table__.columns
_VIEW = FORECAST_ACCURACY.columns


@dataclass(frozen=True)
class LiveAccuracy:
    """How a pipeline's forecasts turned out.

    Attributes:
        n: forecasts whose actual value came, and whose value at the origin is known.
        mae: mean absolute error, in the target's unit; none where ``n`` is 0, as all that follow.
        naive_mae: of the last value carried forward, over the same forecasts.
        skill: ``1 - mae / naive_mae``; none too where the naive forecast was always right.
        coverage_80: share of the actual values inside the 80 % interval.
        coverage_95: likewise.
    """

    n: int
    mae: float | None
    naive_mae: float | None
    skill: float | None
    coverage_80: float | None
    coverage_95: float | None


def write_evaluations(db: Database, rows: "Sequence[Mapping[str, object]] | pd.DataFrame") -> int:
    """Write evaluations; one that was evaluated later than the one given stays.

    Args:
        db: the database.
        rows: the columns of the table; a ``value`` that is not a number is kept as null.

    Returns:
        How many rows were inserted or changed.
    """
    return db.upsert(Evaluation, rows, unless_older="evaluated_at")


def list_evaluations(db: Database, pipeline: str, *, version: str, split: Split | None = None) -> list[dict[str, Any]]:
    """The evaluations of a version and of the baselines beside it, in the order of the table's key.

    Args:
        db: the database.
        pipeline: its name.
        version: the version's name.
        split: only of this one.
    """
    question = select(*_COLUMNS).where(Evaluation.pipeline == pipeline, Evaluation.version == version)
    if split is not None:
        question = question.where(Evaluation.split == split)
    return db.query(question.order_by(*(_COLUMNS[name] for name in EVALUATIONS_KEY)))


def live_accuracy(db: Database, pipeline: str, *, since: datetime, until: datetime) -> LiveAccuracy:
    """How the forecasts with ``since < valid_at <= until`` turned out, as far as was known at ``until``.

    Args:
        db: the database.
        pipeline: its name.
        since: aware.
        until: aware; actual values and forecasts that came later are left out.
    """
    question = select(
        func.count().label("n"),
        func.avg(_VIEW.absolute_error).label("mae"),
        func.avg(_VIEW.naive_absolute_error).label("naive_mae"),
        _share(_VIEW.inside_80).label("coverage_80"),
        _share(_VIEW.inside_95).label("coverage_95"),
    ).where(_known(pipeline, since=since, until=until), _VIEW.naive_error.is_not(None))
    (row,) = db.query(question)
    naive = row["naive_mae"]
    return LiveAccuracy(**row, skill=1 - row["mae"] / naive if naive else None)


def scored_forecasts(db: Database, pipeline: str, *, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """The rows of the view ``forecast_accuracy`` that :func:`live_accuracy` looks at, by series, instant and lead."""
    question = select(FORECAST_ACCURACY).where(_known(pipeline, since=since, until=until))
    return db.query(question.order_by(_VIEW[SERIES_ID], _VIEW[VALID_AT], _VIEW[LEAD]))


def _known(pipeline: str, *, since: datetime, until: datetime) -> ColumnElement[bool]:
    return (
        (_VIEW.pipeline == pipeline)
        & (_VIEW.valid_at > since)
        & (_VIEW.valid_at <= until)
        & (_VIEW.as_of <= until)
        & (_VIEW.actual_available_at <= until)
    )


def _share(inside: ColumnElement[int]) -> ColumnElement[float]:
    return func.avg(case((inside == 1, 1.0), (inside == 0, 0.0)))
