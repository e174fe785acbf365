"""What an earlier daycast wrote is read, and carried through the migrations forward and back with its rows."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Connection, inspect, text

from daycast.storage.lake.folder import Folder
from daycast.storage.lake.observations import Observations
from daycast.storage.sql import tables
from daycast.storage.sql.database import Database
from daycast.storage.sql.forecasts import latest_forecasts
from daycast.storage.sql.migrate import migrate, revision_of
from daycast.storage.sql.runs import latest_runs
from daycast.storage.sql.versions import champion
from daycast.storage.sql.view_columns import VIEWS
from daycast.storage.terms.errors import SchemaTooNew

FIRST = "0001"
"""The schema of the first release: the oldest that a database may stand at."""
AT = "2026-08-21 22:30:00.000000"
DAY = datetime(2026, 8, 20, tzinfo=UTC)

# As the first release wrote them, column by column: never to be changed.
ROWS: dict[str, list[dict[str, Any]]] = {
    "series": [
        {"series_id": "prices/SPY", "pipeline": "prices", "feed": "yahoo", "symbol": "SPY", "target": "close",
         "unit": "USD", "calendar": "XNYS"},
    ],
    "runs": [
        {"run_id": f"prices@{day}", "pipeline": "prices", "as_of": f"2026-08-{day} 22:30:00.000000", "started_at": AT,
         "finished_at": AT, "status": status, "training": "reuse", "version": "v2", "message": "it's \u00b5",
         "prefect_flow_run_id": None}
        for day, status in ((20, "degraded"), (21, "succeeded"))
    ],
    "actuals": [
        {"series_id": "prices/SPY", "valid_at": "2026-08-21 20:00:00.000000", "value": 0.1 + 0.2, "available_at": AT},
    ],
    "forecasts": [
        {"series_id": "prices/SPY", "origin": "2026-08-21 20:00:00.000000",
         "valid_at": f"2026-08-{day} 20:00:00.000000", "lead": lead,
         "issued_at": AT, "as_of": AT, "mean": 1 / 3, "lower_80": None, "upper_80": None,
         "lower_95": 0.1, "upper_95": 1e300, "forecaster": "network", "pipeline": "prices", "version": version,
         "quality": "ok", "run_id": "prices@21"}
        for lead, day, version in ((1, 24, "v2"), (2, 25, None))
    ],
    "model_versions": [
        {"pipeline": "prices", "version": version, "stage": stage, "created_at": AT, "as_of": AT, "training": "retrain",
         "parent_version": None, "cell": "lstm", "parameters": 2**40, "data_hash": "d", "uri": "u", "sha256": "s",
         "promoted_at": AT}
        for version, stage in (("v1", "retired"), ("v2", "champion"))
    ],
    "evaluations": [
        {"pipeline": "prices", "version": "v2", "forecaster": "network", "series_id": "*", "split": "live", "lead": 0,
         "metric": metric, "value": value, "n": 3, "evaluated_at": AT}
        for metric, value in (("mae", 1.5), ("mase", None))
    ],
}  # fmt: skip


@pytest.fixture
def former(database_url: str) -> str:
    """The URL of a database of the first release, with rows in every table."""
    with Database.open(database_url) as db, db.transaction() as connection:
        migrate(connection, to=FIRST)
        for name, rows in ROWS.items():
            columns = ", ".join(rows[0])
            places = ", ".join(f":{column}" for column in rows[0])
            connection.execute(text(f"INSERT INTO {name} ({columns}) VALUES ({places})"), rows)  # noqa: S608
    return database_url


def _rows(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """What stands in the columns of the first release, times as text in UTC."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))
    return {
        name: sorted(
            (
                tuple(f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value for value in row)
                for row in connection.execute(text(f"SELECT {', '.join(rows[0])} FROM {name}"))  # noqa: S608
            ),
            key=repr,
        )
        for name, rows in ROWS.items()
    }


EXPECTED = {name: sorted((tuple(row.values()) for row in rows), key=repr) for name, rows in ROWS.items()}


def test_a_database_of_the_first_release_goes_forward_and_back_with_its_rows(former: str) -> None:
    for _ in range(2):
        with Database.open(former) as db:
            with db.transaction() as connection:
                assert revision_of(connection) == tables.REVISION
                assert _rows(connection) == EXPECTED
            with db.transaction() as connection:
                migrate(connection, to=FIRST)
                assert revision_of(connection) == FIRST
                assert _rows(connection) == EXPECTED


def test_what_reads_the_database_reads_what_the_first_release_wrote(former: str) -> None:
    with Database.open(former) as db:
        assert [(row["lead"], row["mean"], row["version"]) for row in latest_forecasts(db)] == [
            (1, 1 / 3, "v2"), (2, 1 / 3, None)
        ]  # fmt: skip
        assert champion(db, "prices").version == "v2"
        assert latest_runs(db)[0].as_of == datetime(2026, 8, 21, 22, 30, tzinfo=UTC)
        for view in VIEWS.tables.values():
            db.query(f"SELECT * FROM {view.name}")  # noqa: S608


def test_going_back_to_before_the_first_leaves_nothing_and_another_programs_tables(former: str) -> None:
    with Database.open(former) as db:
        with db.transaction() as connection:
            connection.execute(text("CREATE TABLE theirs (x INTEGER)"))
            migrate(connection, to="base")
        with db.transaction() as connection:
            assert sorted(inspect(connection).get_table_names()) == sorted(["theirs", tables.VERSION_TABLE])


def test_a_newer_database_is_refused_with_its_rows_as_they_are(former: str) -> None:
    with Database.open(former) as db:
        with db.transaction() as connection:
            connection.execute(text(f"UPDATE {tables.VERSION_TABLE} SET version_num = '0999'"))  # noqa: S608
        with pytest.raises(SchemaTooNew, match=r"Received: schema 0999, from a newer daycast"):
            Database.open(former)
        with db.transaction() as connection:
            assert revision_of(connection) == "0999"
            assert _rows(connection) == EXPECTED


def _former_file(folder: Path, *, fetched: datetime, closes: dict[int, float]) -> None:
    """A file of observations as the first release wrote it: without a basis."""
    days = [DAY + timedelta(days=day) for day in closes]
    time = pa.timestamp("us", tz="UTC")
    table = pa.table(
        {
            "symbol": pa.array(["SPY"] * len(days)),
            "observed_at": pa.array(days, type=time),
            "available_at": pa.array([max(day, fetched) for day in days], type=time),
            "close": pa.array(list(closes.values())),
            "fetched_at": pa.array([fetched] * len(days), type=time),
            "adjustment": pa.array(["split"] * len(days)),
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(repr(closes).encode()).hexdigest()[:8]
    pq.write_table(table, folder / f"{fetched:%Y%m%dT%H%M%S}000000Z-{name}.parquet")


def _answer(closes: dict[int, float]) -> pd.DataFrame:
    at = pd.DatetimeIndex([DAY + timedelta(days=day) for day in closes]).as_unit("us")
    return pd.DataFrame({"symbol": "SPY", "observed_at": at, "available_at": at, "close": list(closes.values())})


@pytest.fixture
def lake(tmp_path: Path) -> Observations:
    """A lake of the first release: three days, the second of them revised a day later."""
    folder = tmp_path / "lake" / "observations" / "prices" / "SPY"
    _former_file(folder, fetched=DAY + timedelta(days=2, hours=1), closes={0: 10.0, 1: 11.0, 2: 12.0})
    _former_file(folder, fetched=DAY + timedelta(days=3, hours=1), closes={1: 11.5, 3: 13.0})
    return Observations(Folder(tmp_path / "lake"), "prices")


def _closes(store: Observations, *, as_of: datetime | None = None) -> list[float]:
    rows = store.read("SPY", as_of=as_of)
    return [] if rows.empty else rows["close"].tolist()


def test_a_lake_of_the_first_release_is_read_as_it_was(lake: Observations) -> None:
    assert _closes(lake) == [10.0, 11.5, 12.0, 13.0]
    assert _closes(lake, as_of=DAY + timedelta(days=2, hours=2)) == [10.0, 11.0, 12.0]
    assert _closes(lake, as_of=DAY) == []
    assert lake.vintages("SPY", column="close")["value"].tolist() == [10.0, 11.0, 11.5, 12.0, 13.0]


def test_new_rows_stand_beside_those_of_the_first_release(lake: Observations) -> None:
    fetched = DAY + timedelta(days=4, hours=1)
    answer = _answer({0: 10.0, 1: 11.5, 2: 12.0, 3: 13.0, 4: 14.0})
    added = lake.add(answer, fetched_at=fetched)
    assert (added.new, added.revised) == (1, 0)
    assert _closes(lake) == [10.0, 11.5, 12.0, 13.0, 14.0]
    assert lake.add(answer, fetched_at=fetched + timedelta(hours=1)).new == 0


def test_a_history_that_moves_replaces_that_of_the_first_release(lake: Observations) -> None:
    fetched = DAY + timedelta(days=4, hours=1)
    halves = {0: 5.0, 1: 5.75, 2: 6.0, 3: 6.5, 4: 7.0}
    lake.add(_answer(halves), fetched_at=fetched, rebased=["SPY"])
    assert _closes(lake) == list(halves.values())
    assert _closes(lake, as_of=fetched - timedelta(hours=2)) == [10.0, 11.5, 12.0, 13.0]


def test_files_of_both_releases_are_put_together_and_lose_nothing(lake: Observations) -> None:
    lake.add(_answer({4: 14.0}), fetched_at=DAY + timedelta(days=4, hours=1))
    before = lake.read("SPY"), lake.vintages("SPY", column="close")
    assert lake.compact(before=datetime.now(UTC) + timedelta(days=1), files=1) == 2, "once the folder is taken over"
    pd.testing.assert_frame_equal(lake.read("SPY"), before[0])
    pd.testing.assert_frame_equal(lake.vintages("SPY", column="close"), before[1])
