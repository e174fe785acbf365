"""The series and their actual values."""

from datetime import datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import select

from daycast.storage.sql.database import Database
from daycast.storage.sql.series import known_until, upsert_series, write_actuals
from daycast.storage.sql.tables import Actual, Series
from daycast.storage.terms.errors import DatabaseError, DataError


def actuals(
    origin: datetime, *, value: float = 1.0, available_at: datetime | None = None, rows: int = 2
) -> pd.DataFrame:
    times = [origin + timedelta(hours=hour) for hour in range(rows)]
    return pd.DataFrame(
        {"series_id": "prices/AMZN", "valid_at": times, "value": value, "available_at": available_at or origin}
    )


def test_a_series_that_changed_is_brought_up_to_date(begun: Database) -> None:
    (row,) = begun.query(select(*Series.__table__.columns).where(Series.series_id == "prices/AMZN"))
    assert upsert_series(begun, [row]) == 0
    assert upsert_series(begun, [{**row, "unit": "EUR"}]) == 1
    assert upsert_series(begun, []) == 0


def test_actuals_written_twice_are_the_same_rows(begun: Database, origin: datetime) -> None:
    assert write_actuals(begun, actuals(origin)) == 2
    assert write_actuals(begun, actuals(origin)) == 0
    assert len(begun.query(select(Actual))) == 2


def test_a_later_revision_replaces_and_an_earlier_one_does_not(begun: Database, origin: datetime) -> None:
    later, latest = origin + timedelta(days=1), origin + timedelta(days=2)
    write_actuals(begun, actuals(origin, available_at=later))
    assert write_actuals(begun, actuals(origin, value=2.0)) == 0
    assert write_actuals(begun, actuals(origin, value=3.0, available_at=latest)) == 2
    assert {row["value"] for row in begun.query(select(Actual.value))} == {3.0}


def test_a_missing_value_is_refused_whole(begun: Database, origin: datetime) -> None:
    frame = actuals(origin).assign(value=[1.0, float("nan")])
    with pytest.raises(DatabaseError, match="(?i)not.null"):
        begun.upsert(Actual, frame)
    with pytest.raises(DataError, match="value: not_nullable"):
        write_actuals(begun, frame)
    assert begun.query(select(Actual)) == []


def test_what_is_known_of_each_series(begun: Database, origin: datetime) -> None:
    later = origin + timedelta(days=1)
    write_actuals(begun, actuals(origin))
    write_actuals(begun, actuals(origin, rows=1, available_at=later))
    assert known_until(begun, "prices") == {"prices/AMZN": later}
    assert known_until(begun, "etth1") == {}
