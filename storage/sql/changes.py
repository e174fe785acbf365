"""What a run forecasts otherwise than the origin before it did, of the same instants.

The view ``forecast_changes`` has the newest origin of each series alone; a page may be of a run of the past.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from daycast.storage.sql.database import Database
from daycast.storage.sql.tables import Forecast

_PORTION = 500
"""Names in one question at most: SQLite takes a thousand, and the tree of an expression has its depth."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """The instant of a series of which most else is said than before.

    Attributes:
        series_id: whose.
        valid_at: the instant, aware.
        previous_origin: from where it was forecast before, aware.
        previous: the mean that was forecast then.
        mean: that is forecast now.
        width: of the 80 % interval of then; none where there was none.
    """

    series_id: str
    valid_at: datetime
    previous_origin: datetime
    previous: float
    mean: float
    width: float | None

    @property
    def change(self) -> float:
        """By how much the mean moved."""
        return self.mean - self.previous

    @property
    def share(self) -> float | None:
        """The same as a share of the interval, so that series of any unit stand beside each other."""
        return abs(self.change) / self.width if self.width else None


def largest_changes(db: Database, origins: Mapping[str, datetime], *, most: int) -> list[Change]:
    """The series whose forecasts moved most, each with the instant at which it did, the largest first.

    Args:
        db: the database.
        origins: from where each series is forecast now, aware, by ``series_id``.
        most: so many at most.
    """
    by_origin: dict[datetime, list[str]] = {}
    for name, origin in origins.items():
        by_origin.setdefault(origin, []).append(name)
    found: dict[str, Change] = {}
    for origin, names in by_origin.items():
        for start in range(0, len(names), _PORTION):
            for each in _between(db, origin, names[start : start + _PORTION]):
                found[each.series_id] = max(found.get(each.series_id, each), each, key=_rank)
    return sorted(found.values(), key=lambda each: (*(-part for part in _rank(each)), each.series_id))[:most]


def _rank(change: Change) -> tuple[float, float]:
    return change.share or 0.0, abs(change.change)


def _between(db: Database, origin: datetime, names: Sequence[str]) -> Iterable[Change]:
    now, before, any_before = aliased(Forecast), aliased(Forecast), aliased(Forecast)
    last = (
        select(func.max(any_before.origin))
        .where(any_before.series_id == now.series_id, any_before.origin < origin)
        .scalar_subquery()
    )
    same = (before.series_id == now.series_id) & (before.valid_at == now.valid_at) & (before.origin == last)
    question = select(
        now.series_id,
        now.valid_at,
        before.origin.label("previous_origin"),
        before.mean.label("previous"),
        now.mean,
        (before.upper_80 - before.lower_80).label("width"),
    ).join(before, same)
    return (Change(**row) for row in db.query(question.where(now.origin == origin, now.series_id.in_(names))))
