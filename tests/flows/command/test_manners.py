"""The commands' manners: names that are mistyped, answers for programs, what is not made, what is not wrapped."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from daycast.storage.sql.database import Database
from daycast.storage.sql.runs import Outcome, begin_run, finish_run
from daycast.storage.sql.series import upsert_series
from tests.places import AS_OF

MESSAGE = "retrain: there is no champion yet. " * 12


def ran(place, *, pipeline="mine", message=MESSAGE):
    with Database.open(place.database_url) as db:
        shared = {"feed": "files", "target": "close", "unit": "", "calendar": "1D"}
        upsert_series(db, [{**shared, "series_id": f"{pipeline}/A", "pipeline": pipeline, "symbol": "A"}])
        begin_run(db, run_id=f"{pipeline}@1", pipeline=pipeline, as_of=AS_OF, started_at=AS_OF)
        ended = Outcome(status="succeeded", finished_at=AS_OF + timedelta(seconds=61), message=message)
        finish_run(db, run_id=f"{pipeline}@1", outcome=ended)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["forecasts", "mien"], "Did you mean 'mine'?"),
        (["forecasts", "mine", "--series", "mine/a"], "Did you mean 'mine/A'?"),
        (["runs", "mines"], "Did you mean 'mine'?"),
        (["logs", "mine@2"], "Did you mean 'mine@1'?"),
        (["models", "list", "nothing_like_it"], "Received: 'nothing_like_it'."),
        (["run", "mien"], "Did you mean 'mine'?"),
    ],
)
def test_a_name_that_is_none_is_an_error_with_the_nearest(place, command, arguments, hint):
    ran(place)
    done = command(place, *arguments, PREFECT_API_URL="http://127.0.0.1:9/api")
    assert done.code == 2
    assert done.out == ""
    assert hint in done.err


LOOKING = (["status"], ["forecasts"], ["runs"], ["models", "list"], ["migrate", "--dry-run"])


@pytest.mark.parametrize("arguments", LOOKING, ids=" ".join)
def test_looking_makes_no_database(place, command, arguments):
    assert command(place, *arguments).code == 0
    assert not (place.root / "data").exists()


def test_answers_are_there_for_programs(place, command):
    ran(place)
    (run,) = json.loads(command(place, "runs", "--format", "json").out)
    assert (run["run_id"], run["status"], run["message"]) == ("mine@1", "succeeded", MESSAGE)
    (standing,) = json.loads(command(place, "status", "--format", "json").out)
    assert (standing["pipeline"], standing["needs_a_person"], standing["last"]["run_id"]) == ("mine", False, "mine@1")
    assert json.loads(command(place, "models", "list", "--format", "json").out) == []


def test_the_last_runs_are_told_with_what_they_say(place, command):
    ran(place)
    shown = command(place, "runs", "mine").out
    assert shown.splitlines()[1].split() == ["mine@1", "succeeded", "—", "—", f"{AS_OF:%Y-%m-%d}", "00:00", "61"]
    assert f"mine@1: {MESSAGE.strip()}" in shown, "on one line, however long, where it goes into a pipe"


def test_troubles_are_on_one_line_in_a_pipe(place, command):
    ran(place)
    with Database.open(place.database_url) as db, db.transaction() as connection:
        connection.execute(text("UPDATE runs SET status = 'failed'"))
    done = command(place, "status")
    assert done.code == 1
    assert f"Needs a person: mine: failed: {MESSAGE.strip()}" in done.out


def test_the_version_is_told(place, command):
    from importlib.metadata import version

    assert command(place, "--version").out == f"daycast {version('daycast')}\n"


def test_the_shell_is_offered_the_pipelines(place, monkeypatch):
    from daycast.flows.command.completion import pipelines_like

    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    assert (pipelines_like("mi"), pipelines_like("x")) == (["mine"], [])
    monkeypatch.setenv("DAYCAST_PIPELINES", str(place.root / "none.toml"))
    assert pipelines_like("") == []


def test_a_database_that_daycast_does_not_know_is_wrong_usage(place, command):
    done = command(place, "status", DAYCAST_DATABASE_URL="mysql://me:secret@host/name")
    assert done.code == 2
    assert "Received: mysql." in done.err
    assert "secret" not in done.err


def test_migrate_says_what_it_does_and_does_it(place, command):
    ran(place)
    with Database.open(place.database_url) as db, db.transaction() as connection:
        connection.execute(text("DROP VIEW champions"))
    asked = command(place, "migrate", "--dry-run").out
    assert "It would:\n  make the view champions again\n" in asked
    assert "Next: daycast migrate" in asked
    assert "Done:\n  make the view champions again\n" in command(place, "migrate").out
    assert "nothing to do" in command(place, "migrate").out


def test_migrate_tells_of_an_older_and_of_a_newer_schema(place, command):
    from daycast.storage.sql.migrate import migrate

    ran(place)
    with Database.open(place.database_url) as db:
        with db.transaction() as connection:
            migrate(connection, to="0001")
        told = command(place, "migrate", "--dry-run").out
        assert "schema 0001, this daycast has " in told
        assert "  0002: " in told
        with db.transaction() as connection:
            connection.execute(text("UPDATE daycast_schema SET version_num = '0999'"))
    newer = command(place, "migrate", "--dry-run")
    assert newer.code == 1
    assert "Received: schema 0999, from a newer daycast." in newer.err
