"""The database: opened, migrated, down, shared, and its transactions."""

import socket
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text

from daycast.storage.sql import tables
from daycast.storage.sql.database import Database
from daycast.storage.sql.migrate import migrate, revision_of
from daycast.storage.sql.view_columns import VIEWS
from daycast.storage.terms.errors import ConfigError, DatabaseError, DatabaseUnavailable, SchemaTooNew

ROOT = Path(__file__).parents[3]
AT = datetime(2026, 8, 21, 22, 30, 0, 123456, tzinfo=UTC)
RUN = {"run_id": "r", "pipeline": "p", "as_of": AT, "started_at": AT, "status": "running"}
SERIES = {"series_id": "p/a", "pipeline": "p", "feed": "f", "symbol": "a", "target": "t", "unit": "", "calendar": "1h"}


def test_opening_twice_keeps_what_is_there(database_url: str) -> None:
    with Database.open(database_url) as db:
        db.upsert(tables.Run, [RUN])
    with Database.open(database_url) as db:
        assert [row["run_id"] for row in db.query("SELECT run_id FROM runs")] == ["r"]


def test_migrations_make_what_the_models_say(db: Database) -> None:
    with db.transaction() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "version_table": tables.VERSION_TABLE}
        )
        assert compare_metadata(context, tables.Base.metadata) == []


def test_the_newest_revision_is_the_one_the_tables_name() -> None:
    scripts = ScriptDirectory(str(ROOT / "storage" / "sql" / "migrations"))
    assert scripts.get_heads() == [tables.REVISION]


def test_views_have_the_columns_that_the_tables_module_gives_them(db: Database) -> None:
    with db.transaction() as connection:
        for view in VIEWS.tables.values():
            found = [column["name"] for column in inspect(connection).get_columns(view.name)]
            assert sorted(found) == sorted(view.columns.keys())


def test_forward_and_back_and_forward(db: Database) -> None:
    db.upsert(tables.Run, [RUN])
    with db.transaction() as connection:
        migrate(connection, to="base")
        assert revision_of(connection) is None
        assert inspect(connection).get_table_names() == [tables.VERSION_TABLE]
        assert inspect(connection).get_view_names() == []
    with db.transaction() as connection:
        migrate(connection)
        assert revision_of(connection) == tables.REVISION
    assert db.query(select(tables.Run)) == []


def test_a_migration_that_fails_leaves_nothing(database_url: str) -> None:
    with Database.open(database_url) as db:
        with db.transaction() as connection:
            migrate(connection, to="base")
        with db.transaction() as connection:
            connection.execute(text("CREATE TABLE evaluations (x INTEGER)"))
    with pytest.raises(DatabaseError, match="already exists"):
        Database.open(database_url)
    with pytest.raises(DatabaseError, match="already exists"):
        Database.open(database_url)


def test_a_newer_schema_is_refused_and_left_alone(database_url: str) -> None:
    with Database.open(database_url) as db, db.transaction() as connection:
        connection.execute(text(f"UPDATE {tables.VERSION_TABLE} SET version_num = '9999'"))  # noqa: S608
    with pytest.raises(SchemaTooNew, match="Received: schema 9999.*Upgrade daycast"):
        Database.open(database_url)


def test_processes_that_open_a_new_database_at_once_all_succeed(database_url: str) -> None:
    code = "import sys; from daycast.storage.sql.database import Database; Database.open(sys.argv[1]).close()"
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code, database_url],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, said
    with Database.open(database_url) as db:
        assert len(db.query(f"SELECT * FROM {tables.VERSION_TABLE}")) == 1  # noqa: S608


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@127.0.0.1:{port}/db",
        "postgresql://127.0.0.1:{port}/db?user=me&password=hunter2",
    ],
)
def test_a_database_that_is_down_is_named_without_its_password(url: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(DatabaseUnavailable, match="refused") as caught:
        Database.open(url.format(port=port))
    assert "hunter2" not in f"{caught.value!r}{caught.value.__cause__!r}"
    assert caught.value.__suppress_context__
    assert f"127.0.0.1:{port}" in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "mysql://me:hunter2@host/db", "redis://:hunter2@host", "postgresql://me:hunter2@host:x/db"],
)
def test_a_url_of_another_kind_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(
        ConfigError, match=r"SQLite or PostgreSQL is required.*Received.*DAYCAST_DATABASE_URL"
    ) as caught:
        Database.open(url)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(DatabaseError, match="not a database"):
        Database.open(f"sqlite:///{tmp_path / 'x.sqlite'}")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError, match=r"A folder that can be written is required.*Received: .*file"):
        Database.open(f"sqlite:///{tmp_path / 'file' / 'x.sqlite'}")


def test_a_sqlite_database_in_memory_works() -> None:
    with Database.open("sqlite://") as db:
        assert db.query(select(tables.Run)) == []


def test_sqlite_is_set_up_for_many_readers_and_foreign_keys(sqlite_url: str) -> None:
    with Database.open(sqlite_url) as db, db.transaction() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(text("PRAGMA busy_timeout")) == 30_000


def test_a_failure_in_a_transaction_leaves_nothing(db: Database) -> None:
    class Stopped(Exception):  # noqa: N818
        pass

    def write_and_stop() -> None:
        with db.transaction() as connection:
            db.upsert(tables.Run, [RUN], connection=connection)
            raise Stopped

    with pytest.raises(Stopped):
        write_and_stop()
    assert db.query(select(tables.Run)) == []


def test_a_row_of_an_unknown_series_is_refused_and_nothing_written(db: Database) -> None:
    known = {"series_id": "p/a", "valid_at": AT, "value": 1.0, "available_at": AT}
    db.upsert(tables.Series, [SERIES])
    with pytest.raises(DatabaseError, match="(?i)foreign key"):
        db.upsert(tables.Actual, [known, {**known, "series_id": "p/unknown"}])
    assert db.query(select(tables.Actual)) == []


def test_times_come_back_as_aware_utc(db: Database) -> None:
    tokyo = AT.astimezone(timezone(timedelta(hours=9)))
    db.upsert(tables.Run, [{**RUN, "as_of": tokyo}])
    (row,) = db.query(select(tables.Run.as_of))
    assert row["as_of"] == AT
    assert row["as_of"].tzinfo is UTC
    assert db.query(select(tables.Run.run_id).where(tables.Run.as_of == tokyo)) == [{"run_id": "r"}]


def test_a_time_without_a_zone_is_refused(db: Database) -> None:
    naive = AT.replace(tzinfo=None)
    with pytest.raises(DatabaseError, match=r"^A time with a time zone is required\. Received: datetime"):
        db.upsert(tables.Run, [{**RUN, "as_of": naive}])
    with pytest.raises(DatabaseError, match=r"^A time with a time zone is required\. Received: datetime"):
        db.query(select(tables.Run).where(tables.Run.as_of == naive))


def test_a_question_in_text_takes_parameters_as_data(db: Database) -> None:
    db.upsert(tables.Run, [RUN])
    hostile = "r'; DROP TABLE runs; --"
    assert db.query("SELECT run_id FROM runs WHERE run_id = :name", name=hostile) == []
    assert db.query("SELECT run_id FROM runs WHERE run_id = :name", name="r") == [{"run_id": "r"}]


def test_a_question_that_makes_no_sense_is_an_error_of_ours(db: Database) -> None:
    with pytest.raises(DatabaseError, match="nowhere"):
        db.query("SELECT * FROM nowhere")


def test_sqlite_locked_for_too_long_is_unavailable(sqlite_url: str) -> None:
    Database.open(sqlite_url).close()
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with Database.open(f"{sqlite_url}?timeout=0.1") as db:
            assert db.query(select(tables.Run)) == []
            with pytest.raises(DatabaseUnavailable, match=r"locked.*run again"):
                db.upsert(tables.Run, [RUN])
    finally:
        other.close()


def test_a_cut_connection_is_unavailable_and_the_next_one_works(postgresql_url: str) -> None:
    with Database.open(postgresql_url) as db:

        def write_and_be_cut() -> None:
            with db.transaction() as connection:
                db.upsert(tables.Run, [RUN], connection=connection)
                process = connection.scalar(text("SELECT pg_backend_pid()"))
                with Database.open(postgresql_url) as other:
                    other.query("SELECT pg_terminate_backend(:process)", process=process)
                db.upsert(tables.Run, [{**RUN, "run_id": "other"}], connection=connection)

        with pytest.raises(DatabaseUnavailable, match="terminat"):
            write_and_be_cut()
        assert db.query(select(tables.Run)) == []


def test_a_reader_sees_the_old_rows_until_a_transaction_ends(db: Database) -> None:
    seen: list[int] = []

    def read() -> None:
        seen.append(len(db.query(select(tables.Run))))

    with db.transaction() as connection:
        db.upsert(tables.Run, [RUN], connection=connection)
        reader = threading.Thread(target=read)
        reader.start()
        reader.join(timeout=20)
    read()
    assert seen == [0, 1]


def test_columns_are_those_of_the_rows(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daycast.storage.sql.database._PORTION", 2)
    series = tables.Series.__table__
    names = [f"{symbol}{number}" for symbol in "AB" for number in range(3)]
    db.upsert(
        tables.Series,
        [
            {"series_id": f"mine/{name}", "pipeline": "mine", "feed": "files", "symbol": name, "target": "close",
             "unit": "", "calendar": "1D"}
            for name in names
        ],
    )  # fmt: skip
    question = select(series).order_by(series.c.series_id)
    rows = db.query(question)
    assert len(rows) == 6
    assert db.columns(question) == {name: [row[name] for row in rows] for name in rows[0]}
    assert db.columns(question.where(series.c.pipeline == "other")) == {name: [] for name in rows[0]}
