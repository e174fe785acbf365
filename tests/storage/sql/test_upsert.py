"""The upsert: what goes in comes out, unchanged rows are left alone, and what cannot be written is refused."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text

from daycast.storage.sql.database import Database
from daycast.storage.sql.tables import Actual, Evaluation, ModelVersion, Run, Series
from daycast.storage.terms.errors import DatabaseError, DatabaseUnavailable

AT = datetime(2026, 8, 21, 22, 30, tzinfo=UTC)
EVALUATION: dict[str, object] = {
    "pipeline": "p",
    "version": "v",
    "forecaster": "network",
    "series_id": "*",
    "split": "test",
    "lead": 0,
    "metric": "mae",
    "value": 1.5,
    "n": 10,
    "evaluated_at": AT,
}
VERSION: dict[str, object] = {
    "pipeline": "p",
    "version": "v",
    "created_at": AT,
    "as_of": AT,
    "training": "retrain",
    "cell": "lstm",
    "parameters": 2**40,
    "data_hash": "d",
    "uri": "u",
    "sha256": "s",
}
SERIES: dict[str, object] = {
    "series_id": "p/a",
    "pipeline": "p",
    "feed": "f",
    "symbol": "a",
    "target": "t",
    "unit": "",
    "calendar": "1h",
}


def rows_of(db: Database, table: Any) -> list[dict[str, Any]]:
    return db.query(select(*table.__table__.columns).order_by(*table.__table__.primary_key.columns))


def test_writing_twice_leaves_the_same_rows(db: Database) -> None:
    assert db.upsert(Evaluation, [EVALUATION]) == 1
    assert db.upsert(Evaluation, [EVALUATION]) == 0
    assert rows_of(db, Evaluation) == [EVALUATION]


def test_a_row_that_differs_is_brought_up_to_date(db: Database) -> None:
    db.upsert(Evaluation, [EVALUATION, {**EVALUATION, "lead": 1}])
    assert db.upsert(Evaluation, [{**EVALUATION, "value": 2.5}, {**EVALUATION, "lead": 1}]) == 1
    assert [row["value"] for row in rows_of(db, Evaluation)] == [2.5, 1.5]


def test_columns_that_are_not_given_stay(db: Database) -> None:
    db.upsert(ModelVersion, [{**VERSION, "stage": "champion", "promoted_at": AT}])
    db.upsert(ModelVersion, [{**VERSION, "uri": "elsewhere"}])
    (row,) = rows_of(db, ModelVersion)
    assert (row["uri"], row["stage"], row["promoted_at"], row["parameters"]) == ("elsewhere", "champion", AT, 2**40)


def test_a_row_that_differs_only_in_what_is_volatile_is_left_alone(db: Database) -> None:
    later = AT + timedelta(hours=1)
    db.upsert(ModelVersion, [VERSION])
    assert db.upsert(ModelVersion, [{**VERSION, "created_at": later}]) == 0
    assert rows_of(db, ModelVersion)[0]["created_at"] == AT
    assert db.upsert(ModelVersion, [{**VERSION, "created_at": later, "uri": "elsewhere"}]) == 1
    assert rows_of(db, ModelVersion)[0]["created_at"] == later


def test_a_later_row_stays_where_asked(db: Database) -> None:
    earlier, later = AT - timedelta(days=1), AT + timedelta(days=1)
    db.upsert(Evaluation, [EVALUATION])
    older = {**EVALUATION, "evaluated_at": earlier, "value": 9.0}
    assert db.upsert(Evaluation, [older], unless_older="evaluated_at") == 0
    assert db.upsert(Evaluation, [{**EVALUATION, "value": 2.0}], unless_older="evaluated_at") == 1
    newer = {**EVALUATION, "evaluated_at": later, "value": 3.0}
    assert db.upsert(Evaluation, [newer], unless_older="evaluated_at") == 1
    assert rows_of(db, Evaluation) == [newer]


def test_null_is_told_from_a_value_in_both_directions(db: Database) -> None:
    db.upsert(Evaluation, [EVALUATION])
    assert db.upsert(Evaluation, [{**EVALUATION, "value": None}]) == 1
    assert db.upsert(Evaluation, [{**EVALUATION, "value": None}]) == 0
    assert db.upsert(Evaluation, [EVALUATION]) == 1
    assert rows_of(db, Evaluation) == [EVALUATION]


@pytest.mark.parametrize("missing", [float("nan"), np.float64("nan"), pd.NA, pd.NaT, None])
def test_what_is_missing_becomes_null(db: Database, missing: object) -> None:
    db.upsert(Evaluation, [{**EVALUATION, "value": missing}])
    assert rows_of(db, Evaluation)[0]["value"] is None


def test_a_frame_goes_in_as_rows_do(db: Database) -> None:
    frame = pd.DataFrame([EVALUATION, {**EVALUATION, "lead": 1, "value": math.nan}])
    before = frame.copy(deep=True)
    assert frame["evaluated_at"].dtype == "datetime64[us, UTC]"
    assert db.upsert(Evaluation, frame) == 2
    assert rows_of(db, Evaluation) == [EVALUATION, {**EVALUATION, "lead": 1, "value": None}]
    assert db.upsert(Evaluation, frame) == 0
    pd.testing.assert_frame_equal(frame, before)


def test_numpy_and_pandas_scalars_go_in_as_pythons_own(db: Database) -> None:
    row = {**EVALUATION, "lead": np.int64(1), "value": np.float32(0.5), "evaluated_at": pd.Timestamp(AT)}
    db.upsert(Evaluation, [row])
    assert rows_of(db, Evaluation) == [{**EVALUATION, "lead": 1, "value": 0.5}]


@pytest.mark.parametrize("rows", [[], pd.DataFrame(), pd.DataFrame({"pipeline": []})])
def test_no_rows_write_nothing(db: Database, rows: Any) -> None:
    assert db.upsert(Evaluation, rows) == 0


def test_more_rows_than_a_chunk(db: Database) -> None:
    db.upsert(Series, [SERIES])
    count = 12_345
    frame = pd.DataFrame(
        {
            "series_id": "p/a",
            "valid_at": pd.date_range(AT, periods=count, freq="h", unit="us"),
            "value": np.arange(count) / 7,
            "available_at": AT,
        }
    )
    assert db.upsert(Actual, frame) == count
    assert db.upsert(Actual, frame.assign(value=lambda rows: rows["value"].where(rows.index != 12_000, -1.0))) == 1
    found = pd.DataFrame(rows_of(db, Actual))
    assert found["value"].drop(12_000).tolist() == frame["value"].drop(12_000).tolist()
    assert found["value"][12_000] == -1.0


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([EVALUATION, {**EVALUATION, "value": 2.0}], "Received twice: "),
        ([EVALUATION, {**EVALUATION, "lead": 1, "values": 2.0}], "Rows with the same columns are required"),
        ([{**EVALUATION, "values": 2.0}], r"Columns of evaluations, .* are required\. Received"),
        ([{"pipeline": "p", "value": 1.0}], r"its key \[.*\] among them, are required"),
        ([{**EVALUATION, "value": "1.5"}], r"evaluations\.value must be float\. Received: str"),
        ([{**EVALUATION, "n": 1.5}], r"evaluations\.n must be int\. Received: float"),
        ([{**EVALUATION, "metric": 3}], r"evaluations\.metric must be str\. Received: int"),
        ([{**EVALUATION, "evaluated_at": "2026-08-21"}], r"evaluations\.evaluated_at must be datetime\. Received: str"),
        ([{**EVALUATION, "n": None}], "(?i)not.null"),
    ],
)
def test_what_cannot_be_written_is_refused_whole(db: Database, rows: list[dict[str, object]], message: str) -> None:
    with pytest.raises(DatabaseError, match=message):
        db.upsert(Evaluation, [{**EVALUATION, "lead": 7}, *rows] if len(rows[0]) == len(EVALUATION) else rows)
    assert rows_of(db, Evaluation) == []


@pytest.mark.parametrize(
    "change", [{"status": "splendid"}, {"run_id": None}]
)  # fmt: skip
def test_the_tables_own_checks_hold(db: Database, change: dict[str, object]) -> None:
    run = {"run_id": "r", "pipeline": "p", "as_of": AT, "started_at": AT, "status": "running"}
    with pytest.raises(DatabaseError):
        db.upsert(Run, [{**run, **change}])
    assert rows_of(db, Run) == []


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            **dict.fromkeys(("pipeline", "version", "forecaster", "series_id", "split", "metric"), TEXTS),
            "lead": st.integers(0, 2**31 - 1),
            "value": st.none() | st.floats(allow_nan=False),
            "n": st.integers(-(2**31), 2**31 - 1),
            "evaluated_at": TIMES,
        }
    ),
    max_size=12,
    unique_by=lambda row: tuple(row[column.name] for column in Evaluation.__table__.primary_key),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_what_goes_in_comes_out(db: Database, rows: list[dict[str, object]]) -> None:
    with db.transaction() as connection:
        connection.execute(Evaluation.__table__.delete())
        assert db.upsert(Evaluation, rows, connection=connection) == len(rows)
        assert db.upsert(Evaluation, rows, connection=connection) == 0
    key = Evaluation.__table__.primary_key.columns.keys()

    def ordered(found: list[dict[str, object]]) -> list[dict[str, object]]:
        return sorted(found, key=lambda row: [str(row[name]) for name in key])

    assert ordered(rows_of(db, Evaluation)) == ordered(rows)


def test_twice_in_one_transaction(db: Database) -> None:
    with db.transaction() as connection:
        assert db.upsert(Evaluation, [EVALUATION], connection=connection) == 1
        assert db.upsert(Evaluation, [{**EVALUATION, "value": 2.0}], connection=connection) == 1
    assert rows_of(db, Evaluation) == [{**EVALUATION, "value": 2.0}]


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Database]:
    """A database on PostgreSQL, whose rows go another way in."""
    with Database.open(postgresql_url) as db:
        yield db


@pytest.mark.parametrize("change", [{"metric": "a\x00b"}, {"n": 2**40}])
def test_what_postgresql_cannot_hold_is_named_and_nothing_is_written(
    postgresql: Database, change: dict[str, object]
) -> None:
    with pytest.raises(DatabaseError, match="Received from postgresql.*Nothing was written"):
        postgresql.upsert(Evaluation, [EVALUATION, {**EVALUATION, "lead": 1, **change}])
    assert rows_of(postgresql, Evaluation) == []
    assert postgresql.upsert(Evaluation, [EVALUATION]) == 1


def _write_while_it_goes_away(db: Database) -> None:
    """Let the server end the session once the temporary table stands."""
    with db.transaction() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))

        @event.listens_for(connection, "after_cursor_execute")
        def end(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if "CREATE TEMPORARY TABLE" in statement:
                db.query("SELECT pg_terminate_backend(:pid, 5000)", pid=pid)

        db.upsert(Evaluation, [EVALUATION], connection=connection)


def test_postgresql_that_goes_away_before_the_rows_is_unavailable(postgresql: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        _write_while_it_goes_away(postgresql)
    assert postgresql.upsert(Evaluation, [EVALUATION]) == 1
