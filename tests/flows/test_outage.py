"""The database goes away in the middle of a run: the run waits within its limits, or fails with a message."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest
from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from sqlalchemy import Engine, event, make_url

from daycast.flows.running.retrying import retries
from daycast.storage.terms.errors import DatabaseError, DatabaseUnavailable, FeedUnavailable
from tests.places import AS_OF, EARLIER, Place, make_place
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("prefect_server")
_CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


@contextmanager
def meanwhile(place: Place, disturb: Callable[[], None]) -> Iterator[None]:
    """Disturb, in a thread, the run that the block is, once it is in progress."""

    def watch() -> None:
        until(lambda: list((place.root / "data" / "lake" / "observations").rglob("*.parquet")), what="observations")
        disturb()

    thread = threading.Thread(target=watch)
    thread.start()
    yield
    thread.join()


def file_of(place: Place) -> Path:
    return Path(place.database_url.removeprefix("sqlite:///"))


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (DatabaseUnavailable("down"), 4),
        (FeedUnavailable("yahoo", "A", "no answer"), 4),
        (DatabaseError("refused"), 1),
        (RuntimeError("a defect"), 1),
    ],
)
def test_a_task_is_tried_again_where_that_may_help_and_nowhere_else(error, tries):
    tried = []

    @task(cache_policy=NO_CACHE)
    def fail():
        tried.append(1)
        raise error

    @flow
    def once():
        fail.with_options(**retries())()

    with patch("daycast.flows.running.retrying._PAUSES", [0.01] * 3), pytest.raises(type(error)):
        once()
    assert len(tried) == tries


@pytest.mark.slow
def test_postgresql_that_is_away_for_a_moment_holds_a_run_up_and_no_more(tmp_path, postgresql_server, postgresql_url):
    place = make_place(tmp_path / "place", postgresql_url)
    place.define(symbols=["A"])
    name = make_url(postgresql_url).database

    def go_away() -> None:
        with psycopg.connect(postgresql_server, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            cut = connection.execute(_CUT, [name]).fetchall()
            time.sleep(2)
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        gone.extend(cut)

    gone: list[object] = []
    with meanwhile(place, go_away):
        summary = place.run()
    assert gone, "the run's own connection, at the least"
    assert summary.status == "succeeded", summary.message
    assert len(place.table("forecasts")) == 2


def test_sqlite_locked_by_another_writer_holds_a_run_up_and_no_more(trained):
    released: list[float] = []

    def lock() -> None:
        with closing(sqlite3.connect(file_of(trained), isolation_level=None, timeout=20)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(4)
            released.append(time.monotonic())

    thread = threading.Thread(target=lock)
    thread.start()
    time.sleep(0.5)
    summary = trained.run(training="reuse")
    thread.join()
    assert summary.status == "succeeded", summary.message
    assert time.monotonic() > released[0]


@pytest.mark.slow
def test_a_database_that_is_full_fails_the_run_with_a_message_and_the_next_one_is_good(trained):
    """SQLite is given no page more than it has."""

    def fill(connection, _) -> None:
        size = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {size}").close()

    with closing(sqlite3.connect(file_of(trained))) as other:  # no room is left inside either
        other.execute("VACUUM")
    before = trained.tables()
    event.listen(Engine, "connect", fill)
    try:
        with patch("daycast.flows.running.retrying._PAUSES", [0.05]):
            summary = trained.run(training="reuse")
    finally:
        event.remove(Engine, "connect", fill)
    assert summary.status == "failed"
    assert "disk is full" in summary.message
    assert "run again" in summary.message
    assert {row[0] for row in trained.tables()["forecasts"]} == {row[0] for row in before["forecasts"]}
    assert all(row["as_of"] == EARLIER for row in trained.table("forecasts")), "nothing is half-written"
    assert trained.run(training="reuse").status == "succeeded"
    assert {row["as_of"] for row in trained.table("forecasts")} == {EARLIER, AS_OF}
