"""What moved the forecasts of the newest origins: written a run at a time, in place of what stood of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from daycast.storage.sql.database import Database
from daycast.storage.sql.tables import Explanation, Forecast, Run
from daycast.storage.terms.words import AS_OF, ORIGIN, PIPELINE, SERIES_ID

_COLUMNS = Explanation.__table__.columns
_FORECASTER = "forecaster"


def write_explanations(db: Database, run_id: str, rows: Sequence[Mapping[str, Any]], *, connection: Connection) -> int:
    """Write what a run explains: of the forecasts as they stand in SQL, where the one that made each can be explained.

    What stands of the same run is replaced. Where a later run forecast from the same origin, its explanation stays.

    Args:
        db: the database.
        run_id: the run's, of which there is a row in ``runs``.
        rows: the columns of the table, without those that the run has, and whose forecast is explained as
            ``forecaster``.
        connection: the transaction in which the forecasts were written.

    Returns:
        How many rows stand of the run.
    """
    (of,) = connection.execute(select(Run.pipeline, Run.as_of).where(Run.run_id == run_id)).mappings()
    mine = (Forecast.pipeline == of[PIPELINE]) & (Forecast.as_of == of[AS_OF])
    among = Forecast.series_id.in_({row[SERIES_ID] for row in rows})
    columns = (Forecast.series_id, Forecast.origin, Forecast.forecaster)
    made = {tuple(row) for row in connection.execute(select(*columns).where(mine, among).distinct())}
    wanted = [row for row in rows if (row[SERIES_ID], row[ORIGIN], row[_FORECASTER]) in made]
    here = Explanation.pipeline == of[PIPELINE]
    connection.execute(delete(Explanation).where(here, Explanation.as_of == of[AS_OF]))
    for series, origin in {(row[SERIES_ID], row[ORIGIN]) for row in wanted}:
        connection.execute(
            delete(Explanation).where(here, Explanation.series_id == series, Explanation.origin == origin)
        )
    named = [{key: value for key, value in row.items() if key != _FORECASTER} for row in wanted]
    whole = [{**row, **of, "run_id": run_id} for row in named]
    return db.upsert(Explanation, whole, connection=connection) if whole else 0


def explanations_of(db: Database, pipeline: str, origins: Mapping[str, datetime]) -> list[dict[str, Any]]:
    """What moved some series' forecasts, by series, feature and step.

    Args:
        db: the database.
        pipeline: its name.
        origins: by ``series_id``, from where it was forecast.
    """
    among = Explanation.series_id.in_(list(origins)) & Explanation.origin.in_(set(origins.values()))
    question = select(*_COLUMNS).where(Explanation.pipeline == pipeline, among)
    rows = db.query(question.order_by(Explanation.series_id, Explanation.feature, Explanation.step))
    return [row for row in rows if row[ORIGIN] == origins[row[SERIES_ID]]]
