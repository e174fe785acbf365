"""A hostile neighbour: what a configuration, a file or an address says is data, and what is secret is never told."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect as look

from daycast.storage.config.pipeline_file import load_pipelines, parse_pipeline
from daycast.storage.config.settings import Settings
from daycast.storage.feeds.catalog import open_feed
from daycast.storage.feeds.feed import Span
from daycast.storage.feeds.wire.limits import Limits
from daycast.storage.lake.folder import Folder
from daycast.storage.sql.database import Database
from daycast.storage.sql.tables import Base
from daycast.storage.terms.errors import ConfigError, DatabaseError, DaycastError, StorageError
from daycast.tasks.steps.ingest import ingest
from daycast.tasks.steps.prepare import prepare
from daycast.tasks.steps.score import score
from tests.places import AS_OF, make_place

SECRET = "s3cret"  # noqa: S105 — what must be found nowhere
TABLE = {"feed": "yahoo", "symbols": ["A"], "target": "close", "features": ["close"], "calendar": "1D"}
TABLE |= {"lookback": 8, "horizon": 2}
SQL = "x'); DROP TABLE forecasts; --"
HTML = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
SHELL = "$(touch owned)`touch owned`;touch owned|&"


@pytest.mark.parametrize(
    "change",
    [
        *(
            {"symbols": [symbol]}
            for symbol in ("../A", "..", "A/B", "A\\B", "A;B", "A B", "A\nB", "A\0", "'A", SQL, HTML)
        ),
        *({"symbols": [symbol]} for symbol in ("", "-rf", "~", "%2e%2e", "Ａ", "A" * 65, SHELL, "A..B", ".partial-1")),
        *({"target": name} for name in ("a\nb", "a\x1b[2J", "a\0", "x" * 1001, "available_at", "basis", "symbol")),
        *({"features": ["close", name]} for name in ("observed_at", "close", "a\nb")),
        *({"calendar": name} for name in ("../XNYS", "99999999999h", "1h; rm", "", HTML, "0D")),
        *({"timezone": name} for name in ("../../etc/passwd", "/etc/localtime", "", "x" * 5000, "Europe", "a\0b", SQL)),
        *({"unit": unit} for unit in ("a\nb", "\x1b]0;owned\x07")),
        *({"path": path} for path in ("a\0b/{symbol}", "a\nb/{symbol}")),
        *({"url": url} for url in ("file:///etc/passwd", "ftp://h/x", "gopher://h", "javascript:alert(1)", "//h/x")),
        *({"url": url} for url in ("http://", "http:///x", "http://[::1", "http://h:99999999/", "http://h/a b", "x")),
        *({"url": url} for url in ("http://h/\r\nHost: evil", "http://h/\x00", "data:text/csv,a", "HTTP", "\\\\h\\x")),
        {"schedule": {"cron": SHELL}},
        {"schedule": {"cron": "0 12 * * *", "timezone": "../../etc/passwd"}},
        {"start": "0000-00-00"},
        {"source": "a\nb"},
        {"feed": "os.system"},
        {"feed": "daycast.storage.feeds.yahoo.feed:YahooFeed"},
        {"model": {"cell": "__import__('os')"}},
    ],
    ids=lambda change: repr(change)[:60],
)
def test_a_hostile_key_is_refused_in_one_line(change):
    with pytest.raises(ConfigError) as caught:
        parse_pipeline("mine", {**TABLE, **change})
    said = str(caught.value)
    assert said.isprintable()
    assert len(said) < 1500


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "", "a\nb", "x" * 65, SQL, HTML, "sample_x", "_latest", "é"])
def test_a_hostile_name_is_refused_in_one_line(name):
    with pytest.raises(ConfigError) as caught:
        parse_pipeline(name, TABLE)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 5000 + "]" * 5000,
        f'url = "http://user:{SECRET}@h/x"',
        f'[mine]\nurl = "ftp://user:{SECRET}@h/x?apikey={SECRET}"',
        f'[mine]\nurl = ["http://user:{SECRET}@h/x"]',
        f'[mine]\nfeed = "http://user:{SECRET}@h/x"',
        f'[mine]\nfeed = "files"\nsymbols = ["A"]\ntarget = "close"\nfeatures = ["close"]\ncalendar = "1D"\n'
        f'lookback = 3\nhorizon = 1\nurl = "https://user:{SECRET}@h/x"',
        '["a\\nb"]\nfeed = 3',
        "\x00",
    ],
)
def test_a_hostile_pipeline_file_is_refused_and_its_secrets_are_not_told(tmp_path, text):
    (tmp_path / "pipelines.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_pipelines(tmp_path / "pipelines.toml")
    assert SECRET not in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_spec_tells_no_secret_of_its_url():
    spec = parse_pipeline("mine", {**TABLE, "url": f"https://user:{SECRET}@h/x?apikey={SECRET}#{SECRET}"})
    assert SECRET in (spec.url or "")
    told = repr(spec) + str(spec) + json.dumps(spec.model_dump(mode="json")) + spec.model_dump_json()
    assert SECRET not in told
    assert "https://h/x" in told


@pytest.mark.parametrize(
    "changes",
    [
        {"unit": SQL},
        {"unit": HTML},
        {"unit": SHELL},
        {"unit": "'\"\\%s{}%(x)s{{7*7}}"},
        {"target": SQL, "features": [SQL]},
        {"target": "close\"'; DROP TABLE runs", "features": ["close\"'; DROP TABLE runs"]},
        {"target": "../../../etc/passwd", "features": ["../../../etc/passwd"]},
        {"target": HTML, "features": [HTML]},
        {"time": SQL},
        {"symbols": ["^A=F.X-1", "B_"]},
    ],
    ids=lambda change: repr(change)[:60],
)
def test_hostile_words_are_data_in_database_and_folder(tmp_path, database_url, changes):
    place = make_place(tmp_path / "place", database_url)
    spec = place.define(**changes)
    for number, symbol in enumerate(spec.symbols):
        target = spec.target.replace('"', '""')
        rows = (place.root / f"{'AB'[number]}.csv").read_text().splitlines()[1:]
        time = spec.time.replace('"', '""')
        (place.root / f"{symbol}.csv").write_text("\n".join([f'"{time}","{target}"', *rows]) + "\n")
    before = _everything(tmp_path)
    job = place.job(now=AS_OF + timedelta(seconds=5))
    ingest.fn(job)
    prepare.fn(job)
    score.fn(job)
    with Database.open(database_url) as db:
        tables = set(look(db._engine).get_table_names())
        assert {table.name for table in Base.metadata.sorted_tables} <= tables
        stored = db.query("SELECT unit, target, symbol FROM series ORDER BY series_id")
        assert db.query("SELECT COUNT(*) AS n FROM actuals")[0]["n"] == 320
    assert {row["unit"] for row in stored} == {spec.unit}
    assert {row["target"] for row in stored} == {spec.target}
    assert {row["symbol"] for row in stored} == set(spec.symbols)
    new = _everything(tmp_path) - before
    assert new
    assert all(path.startswith(("place/data/", "database/")) or path == "database" for path in new - {"place/data"})


def _everything(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*")}


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/stdin", "/proc/self/mem", "/", "pipe", "http://127.0.0.1:9/x"])
def test_a_path_that_is_no_file_is_named_at_once(tmp_path, name):
    if name == "pipe":
        name = str(tmp_path / "pipe")
        os.mkfifo(name)
    keys = {**TABLE, "feed": "files", "symbol_column": "ticker"}
    fetched = open_feed(parse_pipeline("mine", {**keys, "path": name})).fetch(["A"], Span(start=None, end=AS_OF))
    assert isinstance(fetched.failures["A"], DaycastError)


@pytest.mark.parametrize("feed", ["yahoo", "datareader", "ett"])
@pytest.mark.parametrize("host", ["127.0.0.1:9", "nowhere.invalid"])
def test_a_feed_that_does_not_answer_is_named_without_its_secrets(feed, host):
    keys = {**TABLE, "url": f"http://user:{SECRET}@{host}/{feed}?apikey={SECRET}"}
    if feed == "ett":
        keys |= {"symbols": ["OT"], "target": "OT", "features": ["OT"], "calendar": "1h"}
    spec = parse_pipeline("mine", {**keys, "feed": feed})
    once = Limits(tries=1, connect=2.0, read=1.0, whole=3.0)
    fetched = open_feed(spec, limits=once).fetch(spec.symbols, Span(start=None, end=AS_OF))
    said = repr(fetched.failures) + "".join(str(failure) for failure in fetched.failures.values())
    assert host in said
    assert SECRET not in said
    assert SECRET not in json.dumps(dict(fetched.validators))


@pytest.mark.parametrize("scheme", ["ftp", "nosuch", "s3", "github", "http"])
def test_a_storage_folder_that_cannot_be_used_is_named_without_its_secrets(scheme):
    with pytest.raises(StorageError) as caught:
        Folder(f"{scheme}://user:{SECRET}@127.0.0.1:9/x?token={SECRET}").names()
    assert f"{scheme}://127.0.0.1:9/x" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://user:{SECRET}@127.0.0.1:9/x",
        f"postgresql://127.0.0.1:9/x?user=user&password={SECRET}",
        f"postgresql://user:{SECRET}@127.0.0.1:9/x?connect_timeout=bad",
        f"mysql://user:{SECRET}@127.0.0.1/x",
        f"postgresql+nosuch://user:{SECRET}@127.0.0.1/x",
        f"postgresql://user:{SECRET}@127.0.0.1:port/x",
        f"{SECRET}",
        f"sqlite:////proc/none/{'x' * 300}/{SECRET[0]}.sqlite",
    ],
)
def test_a_database_that_cannot_be_used_is_named_without_its_secrets(url):
    with pytest.raises(DaycastError) as caught:
        Database.open(url)
    assert isinstance(caught.value, DatabaseError | ConfigError)
    told = [caught.value, caught.value.__cause__]
    told += [] if caught.value.__suppress_context__ else [caught.value.__context__]
    assert not any(SECRET in str(error) for error in told)


def test_the_settings_tell_no_secret():
    settings = Settings(database_url=f"postgresql://u:{SECRET}@h/x", alerts=f"json://u:{SECRET}@h")
    assert SECRET in settings.database
    assert SECRET not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../b", "", "a//b", "."])
def test_no_name_leads_out_of_the_storage_folder(tmp_path, name):
    folder = Folder(tmp_path / "data")
    for ask in (folder.read, folder.exists, folder.remove, folder.path, folder.__truediv__):
        with pytest.raises(StorageError, match="inside the storage folder"):
            ask(name)
    with pytest.raises(StorageError):
        folder.write(name, b"x")
    assert not (tmp_path / "x").exists()


def test_nothing_runs_a_shell():
    """Nobody asks for a shell, and nobody evaluates text."""
    rules = "S102,S301,S307,S602,S604,S605"  # exec, pickle, eval, and the ways to a shell
    found = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", rules, "storage", "models", "tasks", "flows"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout
