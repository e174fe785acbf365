"""What is asked wrongly, or cannot be done, is one clear message, an exit code, and nothing half-written."""

import socket
import subprocess
import sys

import pytest

from daycast.flows.running import retrying
from daycast.storage.sql.database import Database
from daycast.storage.terms.errors import ConfigError
from tests.places import AS_OF, EARLIER, LONGEST_MESSAGE, make_place

pytestmark = pytest.mark.usefixtures("prefect_server")

NEVER = "http://127.0.0.1:9/api"
"""An API that is never asked: what is wrong is found before."""


@pytest.fixture
def bare(tmp_path):
    """A place without a pipeline."""
    return make_place(tmp_path / "bare")


def _nothing_written(place):
    assert not (place.root / "data").exists()


def _one_message(text):
    assert "Traceback" not in text
    assert text.startswith("Error: ")
    assert len(text.strip().splitlines()) == 1
    assert len(text.strip()) <= LONGEST_MESSAGE
    assert any(words in text for words in ("Received", "unknown key", "is required"))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"lookbak": 8}, ["unknown key 'lookbak'", "lookback", "The keys there are"]),
        ({"model": {"cell": "gru", "unit": [4]}}, ["unknown key 'model.unit'", "'units'"]),
        ({"model": {"cell": "transformer"}}, ["'transformer'", "lstm", "gru"]),
        ({"feed": "stooq"}, ["'stooq'", "yahoo", "files"]),
        ({"calendar": "NYSE2"}, ["'NYSE2'", "XNYS"]),
        ({"symbols": ["../A"]}, ["'../A'", "no slash"]),
        ({"symbols": ["A..B"]}, ["'A..B'"]),
        ({"horizon": 0}, ["horizon", "0"]),
        ({"difference": "squared"}, ["difference", "squared"]),
        ({"path": None}, ["path"]),
        ({"symbols": []}, ["symbols"]),
    ],
)
def test_a_wrong_pipeline_file_names_table_key_and_what_there_is(bare, command, changes, says):
    with pytest.raises(ConfigError):
        bare.define(**changes)
    done = command(bare, "run", PREFECT_API_URL=NEVER)
    assert done.code == 2
    _one_message(done.err)
    assert "[mine]" in done.err
    for words in says:
        assert words in done.err
    assert done.out == ""
    _nothing_written(bare)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "yours"], ["'yours'", "mine"]),
        (["run", "../mine"], ["'../mine'"]),
        (["run", "--as-of", "someday"], ["ISO 8601", "'someday'"]),
        (["run", "--as-of", "9999-01-01"], ["must not lie in the future", "9999-01-01"]),
    ],
)
def test_a_wrong_argument_is_said_to_be_wrong(place, command, arguments, says):
    done = command(place, *arguments, PREFECT_API_URL=NEVER)
    assert done.code == 2
    _one_message(done.err)
    for words in says:
        assert words in done.err
    _nothing_written(place)


def test_no_command_shows_the_help_and_is_wrong_usage(place, command):
    done = command(place)
    assert done.code == 2
    assert "forecasts" in done.out + done.err
    _nothing_written(place)


@pytest.mark.parametrize("arguments", [["fly"], ["run", "--train", "never"], ["run", "--no-such-option"], ["models"]])
def test_wrong_usage_exits_with_2(place, command, arguments):
    done = command(place, *arguments, PREFECT_API_URL=NEVER)
    assert done.code == 2
    assert "Traceback" not in done.out + done.err
    _nothing_written(place)


def test_the_message_of_the_real_command_holds_no_traceback(bare):
    """As a process of its own, with no server configured."""
    (bare.root / "pipelines.toml").write_text("[mine]\nfeed = 3\n")
    done = bare.daycast("run")
    assert done.returncode == 2
    _one_message(done.stderr)
    assert "[mine]" in done.stderr
    assert done.stdout == ""
    _nothing_written(bare)


def test_a_pipeline_file_that_is_not_there_is_named(bare, command):
    done = command(bare, "run", PREFECT_API_URL=NEVER)
    assert done.code == 2
    _one_message(done.err)
    assert "pipelines.toml" in done.err


@pytest.mark.parametrize("changes", [{"lookback": 500}, {"horizon": 400}])
def test_a_horizon_or_lookback_longer_than_the_data_trains_nothing_and_says_so(bare, command, changes):
    """What is left is the last value, carried forward."""
    bare.define(**changes)
    done = command(bare, "run", "--as-of", AS_OF.isoformat())
    assert done.code == 0
    assert "Traceback" not in done.out + done.err
    assert "Received: " in done.out
    assert any(str(value) in done.out for value in changes.values())
    assert "160" in done.out
    assert bare.table("runs")[0]["status"] == "degraded"
    assert {row["forecaster"] for row in bare.table("forecasts")} == {"naive"}
    assert not bare.table("model_versions")
    assert not (bare.root / "data" / "models").exists()


def test_an_as_of_before_the_data_says_when_they_begin(place, command):
    done = command(place, "run", "--as-of", "2020-01-01")
    assert done.code in {1, 2}
    assert "Traceback" not in done.out + done.err
    assert "2024-01-01" in done.out + done.err
    assert "Choose a later instant" in done.out + done.err
    assert place.table("runs")[0]["status"] == "failed"
    assert not place.table("forecasts")


def test_a_prefect_server_that_is_configured_and_does_not_answer_is_named(place, command):
    done = command(place, "run", PREFECT_API_URL="http://me:s3cret@127.0.0.1:9/api")
    assert done.code == 1
    _one_message(done.err)
    assert "http://127.0.0.1:9/api" in done.err
    assert "s3cret" not in done.err
    _nothing_written(place)


@pytest.fixture
def hasty(monkeypatch):
    """No pauses between the tries of a task."""
    monkeypatch.setattr(retrying, "_PAUSES", [0, 0, 0])


@pytest.mark.usefixtures("hasty")
def test_a_database_that_is_down_is_named_without_its_password(tmp_path, command, monkeypatch):
    monkeypatch.setattr(retrying, "_WAIT_SECONDS", 0.3)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    place = make_place(tmp_path / "down", f"postgresql://me:s3cret@127.0.0.1:{port}/daycast")
    place.define()
    done = command(place, "run", "--as-of", AS_OF.isoformat())
    assert done.code == 1
    assert f"127.0.0.1:{port}" in done.out
    assert "s3cret" not in done.out + done.err
    assert "Traceback" not in done.out + done.err
    _nothing_written(place)
    for arguments in (["status"], ["forecasts"], ["models", "list"]):
        asked = command(place, *arguments)
        assert asked.code == 1
        _one_message(asked.err)
        assert "s3cret" not in asked.err


def test_a_database_of_a_newer_schema_is_left_alone(place, command):
    with Database.open(place.database_url) as db, db.transaction() as connection:
        connection.exec_driver_sql("UPDATE daycast_schema SET version_num = '9999'")
    done = command(place, "run", "--as-of", AS_OF.isoformat())
    assert done.code == 1
    assert "9999" in done.out
    assert "Upgrade daycast" in done.out
    asked = command(place, "status")
    assert asked.code == 1
    _one_message(asked.err)
    assert not (place.root / "data" / "lake").exists()


def test_a_storage_folder_that_cannot_be_written_is_named(place, command, sqlite_url):
    (place.root / "data").write_text("a file in the way")
    done = command(place, "run", "--as-of", AS_OF.isoformat(), DAYCAST_DATABASE_URL=sqlite_url)
    assert done.code == 1
    assert "Traceback" not in done.out + done.err
    assert "storage folder must be" in done.out
    assert str(place.root / "data") in done.out
    assert (place.root / "data").read_text() == "a file in the way"


def test_a_sqlite_file_whose_folder_cannot_be_made_is_named(place, command):
    (place.root / "data").write_text("a file in the way")
    done = command(place, "status")
    assert done.code == 1
    _one_message(done.err)


def test_a_tampered_model_is_refused_by_every_command_that_would_use_it(trained, command):
    place = trained
    (version,) = (row["version"] for row in place.table("model_versions"))
    model = place.root / "data" / "models" / "mine" / version / "model.keras"
    model.write_bytes(model.read_bytes() + b"x")
    verified = command(place, "models", "verify")
    assert verified.code == 1
    assert f"mine/{version}/model.keras" in verified.out
    promoted = command(place, "models", "promote", "mine", version)
    assert promoted.code == 1
    _one_message(promoted.err)
    assert "SHA-256" in promoted.err
    run = command(place, "run", "--train", "reuse", "--as-of", AS_OF.isoformat())
    assert run.code == 0
    assert "SHA-256" in run.out
    assert "No version is left: naive serves" in run.out
    newest = [row for row in place.table("forecasts") if row["as_of"] != EARLIER]
    assert {(row["forecaster"], row["version"], row["quality"]) for row in newest} == {("naive", None, "baseline")}


def test_an_unknown_version_or_pipeline_is_named(place, command):
    for arguments in (["models", "show", "mine"], ["models", "show", "mine", "v0"], ["models", "rollback", "mine"]):
        done = command(place, *arguments)
        assert done.code == 1
        _one_message(done.err)
        assert "mine" in done.err
    done = command(place, "models", "promote", "mine", "../../etc")
    assert done.code == 1
    _one_message(done.err)


def test_the_module_runs_as_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "daycast.flows.command.cli", "--help"], capture_output=True, text=True, check=True
    )
    assert "daily job" in done.stdout
    assert done.stderr == ""
