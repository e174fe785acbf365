"""How the forecasts of the last days had turned out, run by run: what status and the report say of live skill."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select

from daycast.storage.sql.database import Database
from daycast.storage.sql.tables import Live
from daycast.storage.terms.live import LiveAccuracy

_FIGURES = ("n", "mae", "naive_mae", "skill", "coverage_80", "coverage_95", "accuracy", "log_loss")
_WEEK = 7
_COLUMNS = Live.__table__.columns


def write_live(db: Database, pipeline: str, *, as_of: datetime, figures: Mapping[int, LiveAccuracy]) -> int:
    """Write what a run found.

    Args:
        db: the database.
        pipeline: its name.
        as_of: aware, the run's.
        figures: by the number of days before ``as_of`` that they are of.

    Returns:
        How many rows were inserted or changed.
    """
    key = {"pipeline": pipeline, "as_of": as_of}
    rows = [{**key, "days": days, **{name: getattr(of, name) for name in _FIGURES}} for days, of in figures.items()]
    return db.upsert(Live, rows)


def newest_live(db: Database, *, at: datetime) -> dict[tuple[str, int], LiveAccuracy]:
    """The newest figures, by pipeline and days; those that are older than the days that they are of are left out.

    Args:
        db: the database.
        at: aware; nothing of later runs.
    """
    newest = select(Live.pipeline, Live.days, func.max(Live.as_of).label("newest")).where(Live.as_of <= at)
    last = newest.group_by(Live.pipeline, Live.days).subquery()
    same = (Live.pipeline == last.c.pipeline) & (Live.days == last.c.days) & (Live.as_of == last.c.newest)
    rows = db.query(select(*_COLUMNS).join(last, same))
    return {
        (row["pipeline"], row["days"]): LiveAccuracy(**{name: row[name] for name in _FIGURES})
        for row in rows
        if row["as_of"] > at - timedelta(days=row["days"])
    }


def live_of_run(db: Database, pipeline: str, *, as_of: datetime) -> dict[int, LiveAccuracy]:
    """What a run found, by the number of days before its ``as_of``."""
    rows = db.query(select(*_COLUMNS).where(Live.pipeline == pipeline, Live.as_of == as_of).order_by(Live.days))
    return {row["days"]: LiveAccuracy(**{name: row[name] for name in _FIGURES}) for row in rows}


def live_by_week(
    db: Database, pipeline: str, *, since: datetime, until: datetime
) -> list[tuple[datetime, LiveAccuracy]]:
    """What the last run of each week found of the seven days before it, oldest first.

    Args:
        db: the database.
        pipeline: its name.
        since: aware; of runs from then on.
        until: aware; of no later runs.

    Returns:
        The ``as_of`` of each and what it found, where any forecast had met its actual value; a week begins on Monday.
    """
    here = (Live.pipeline == pipeline) & (Live.days == _WEEK) & Live.as_of.between(since, until) & (Live.n > 0)
    rows = db.query(select(*_COLUMNS).where(here).order_by(Live.as_of))
    last = {row["as_of"].isocalendar()[:2]: row for row in rows}
    return [(row["as_of"], LiveAccuracy(**{name: row[name] for name in _FIGURES})) for row in last.values()]
