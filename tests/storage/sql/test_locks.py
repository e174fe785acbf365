"""The lock of a pipeline's runs: one holds it, the others wait or leave, and a killed holder frees it."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from daycast.storage.sql.database import Database
from daycast.storage.sql.locks import run_lock, wait_for_run_lock
from daycast.storage.terms.errors import DatabaseError, PipelineBusy

ROOT = Path(__file__).parents[3]
HOLD = """
import sys, time
from daycast.storage.sql.database import Database
from daycast.storage.sql.locks import run_lock
with Database.open(sys.argv[1]) as db, run_lock(db, "mine") as held:
    print(held, flush=True)
    time.sleep(60)
"""

Holder = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def holder() -> Iterator[Holder]:
    """Starts a process that holds the lock of ``mine``."""
    started: list[subprocess.Popen[str]] = []

    def hold(url: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen([sys.executable, "-c", HOLD, url], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout
        assert process.stdout.readline() == "True\n"
        return process

    yield hold
    for process in started:
        process.kill()
        process.communicate()


def test_one_holds_it_and_another_pipelines_is_free(db: Database) -> None:
    with run_lock(db, "mine") as held, run_lock(db, "mine") as again, run_lock(db, "other") as other:
        assert (held, again, other) == (True, False, True)
    with run_lock(db, "mine") as held:
        assert held


def test_it_is_free_as_soon_as_the_block_ends(db: Database) -> None:
    if db.backend != "postgresql":
        pytest.skip("on SQLite the operating system frees it before the block ends")
    count = text("SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
                 "(SELECT oid FROM pg_database WHERE datname = current_database())")  # fmt: skip
    with db.session() as watcher:
        for _ in range(50):
            with run_lock(db, "mine"):
                assert watcher.scalar(count) == 1
            assert watcher.scalar(count) == 0


def test_it_is_free_where_the_block_raised(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), run_lock(db, "mine"):
        raise ZeroDivisionError
    with run_lock(db, "mine") as held:
        assert held


def test_who_waits_too_long_leaves_with_what_to_do(db: Database) -> None:
    with (
        run_lock(db, "mine"),
        pytest.raises(PipelineBusy, match=r"a run of mine while another one.*0\.1 s.*run again"),
        wait_for_run_lock(db, "mine", seconds=0.1),
    ):
        pytest.fail("held by two")


def test_another_process_waits_and_a_killed_holder_frees_it(database_url: str, holder: Holder) -> None:
    process = holder(database_url)
    with Database.open(database_url) as db:
        with pytest.raises(PipelineBusy), wait_for_run_lock(db, "mine", seconds=0):
            pytest.fail("held by two")
        process.send_signal(signal.SIGKILL)
        began = time.monotonic()
        with wait_for_run_lock(db, "mine", seconds=20):
            assert time.monotonic() - began < 10


def test_a_cut_connection_frees_it_and_its_holder_ends_all_the_same(postgresql_url: str) -> None:
    cut = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    with Database.open(postgresql_url) as db, Database.open(postgresql_url) as other:
        with run_lock(db, "mine") as held:
            assert held
            with other.session() as connection:
                assert connection.execute(text(cut)).all() == [(True,)]
            with wait_for_run_lock(other, "mine", seconds=5):
                pass
        with run_lock(db, "mine") as held:
            assert held


def test_a_database_in_memory_has_none() -> None:
    with Database.open("sqlite://") as db, run_lock(db, "mine") as held:
        assert held


def test_a_lock_file_that_cannot_be_written_is_named(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with Database.open(sqlite_url) as db:
        path.with_name(f"{path.name}-lock-mine").mkdir()
        with pytest.raises(DatabaseError, match=r"can be written.*lock-mine"), run_lock(db, "mine"):
            pytest.fail("held without a file")
