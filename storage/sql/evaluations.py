"""The evaluations, and what the forecasts turned out to be worth."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from daycast.storage.sql.database import Database
from daycast.storage.sql.tables import Evaluation, Forecast
from daycast.storage.terms.words import (
    ALL_LEADS,
    ALL_SERIES,
    ALL_VERSIONS,
    AS_OF,
    EVALUATIONS_KEY,
    FORECASTS_KEY,
    LEAD,
    ORIGIN,
    VALID_AT,
    VERSION,
    Split,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

_PORTION = 50_000
"""Rows that are Python's own values at a time: of ten thousand series there are half a million."""
_COLUMNS = Evaluation.__table__.columns
_TIMES = (ORIGIN, VALID_AT, AS_OF)
_MADE = (*FORECASTS_KEY, LEAD, AS_OF, "mean", "lower_80", "upper_80", "lower_95", "upper_95", "forecaster", VERSION)


def write_evaluations(db: Database, rows: "Sequence[Mapping[str, object]] | pd.DataFrame") -> int:
    """Write evaluations; one that was evaluated later than the one given stays.

    Args:
        db: the database.
        rows: the columns of the table; a ``value`` that is not a number is kept as null.

    Returns:
        How many rows were inserted or changed.
    """
    starts = range(0, len(rows), _PORTION)
    portions = (rows[start : start + _PORTION] for start in starts)
    with db.transaction() as inside:
        return sum(db.upsert(Evaluation, some, connection=inside, unless_older="evaluated_at") for some in portions)


def list_evaluations(
    db: Database, pipeline: str, *, version: str, split: Split | None = None, by_series: str | None = None
) -> list[dict[str, Any]]:
    """The evaluations of a version, and the latest ones of the baselines, in the order of the table's key.

    Args:
        db: the database.
        pipeline: its name.
        version: the version's name.
        split: only of this one.
        by_series: of single series only those of this forecaster; of thousands they are nearly all there is.
    """
    of_both = Evaluation.version.in_([version, ALL_VERSIONS])
    question = select(*_COLUMNS).where(Evaluation.pipeline == pipeline, of_both)
    if split is not None:
        question = question.where(Evaluation.split == split)
    if by_series is not None:
        question = question.where((Evaluation.series_id == ALL_SERIES) | (Evaluation.forecaster == by_series))
    return db.query(question.order_by(*(_COLUMNS[name] for name in EVALUATIONS_KEY)))


def forecasts_made(db: Database, pipeline: str, *, before: datetime, since: datetime | None = None) -> "pd.DataFrame":
    """The forecasts of runs before an instant, by the table's key.

    Args:
        db: the database.
        pipeline: its name.
        before: aware; of runs whose ``as_of`` is earlier.
        since: aware; only of versions that forecast for later than this, all that they forecast.

    Returns:
        The table's columns but those that only name the run; times as ``datetime64[us, UTC]``, bounds missing where
        there are none.
    """
    import pandas as pd

    from daycast.storage.intake.frames import check_forecasts

    table = Forecast.__table__.columns
    of_pipeline = (Forecast.pipeline == pipeline) & (Forecast.as_of < before) & Forecast.version.is_not(None)
    question = select(*(table[name] for name in _MADE)).where(of_pipeline)
    if since is not None:
        recent = select(Forecast.version).where(of_pipeline, Forecast.valid_at > since).distinct()
        question = question.where(Forecast.version.in_(recent))
    frame = pd.DataFrame(db.columns(question.order_by(*(table[name] for name in FORECASTS_KEY))), columns=list(_MADE))
    kinds: dict[str, Any] = {
        name: float if name.startswith(("mean", "lower", "upper")) else "str" for name in set(_MADE) - {*_TIMES, LEAD}
    }
    made = frame.astype({**kinds, **dict.fromkeys(_TIMES, "datetime64[us, UTC]"), LEAD: "int64"})
    check_forecasts(made)
    return made


def live_until(db: Database, pipeline: str) -> datetime | None:
    """When a pipeline's live evaluations last changed; none where there are none yet."""
    newest = func.max(Evaluation.evaluated_at).label("newest")
    (row,) = db.query(select(newest).where(Evaluation.pipeline == pipeline, Evaluation.split == "live"))
    return row["newest"]  # type: ignore[no-any-return]


def live_totals(db: Database, pipeline: str) -> dict[tuple[str, str], tuple[float | None, int]]:
    """The live MAE over all series and leads, and its ``n``, by version and forecaster, as stored."""
    overall = (
        (Evaluation.pipeline == pipeline)
        & (Evaluation.split == "live")
        & (Evaluation.series_id == ALL_SERIES)
        & (Evaluation.lead == ALL_LEADS)
        & (Evaluation.metric == "mae")
    )
    rows = db.query(select(*_COLUMNS).where(overall))
    return {(row[VERSION], row["forecaster"]): (row["value"], row["n"]) for row in rows}
