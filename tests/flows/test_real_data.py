"""The daily job on real data, by the command line: from files, and through the real clients from HTTP on loopback."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

from tests.loopback import Answer, Asked, served
from tests.prefect_homes import prefect_home

# A whole job trains; on a machine that does other work too it takes its time.
pytestmark = [pytest.mark.real_data, pytest.mark.slow, pytest.mark.timeout(900)]

DATA = Path(__file__).parents[3] / "shared" / "data"
ETT_END = "2018-06-26T20:00Z"
AMZN_END = "2026-08-21T22:00Z"
TAG = '"etth1"'
YEAR = slice("2021-02-01", "2022-01-31")

Query = Callable[..., list[dict[str, Any]]]


@dataclass
class Loopback:
    """A server of the recorded data.

    Attributes:
        url: its address.
        log: path, status and bytes of each answer.
    """

    url: str
    log: list[tuple[str, int, int]] = field(default_factory=list)

    def answers(self, part: str) -> list[tuple[int, int]]:
        """Status and bytes of the answers to requests whose path holds this."""
        return [(status, size) for path, status, size in self.log if part in path]


def _etth1(asked: Asked) -> Answer:
    known = asked.headers.get("If-None-Match") == TAG
    body = b"" if known else (DATA / "etth" / "ETTh1.csv").read_bytes()
    return Answer(body, status=304 if known else 200, headers={"ETag": TAG})


def _fred(asked: Asked) -> Answer:
    (file,) = (DATA / "wire" / "fred").glob(f"{parse_qs(urlsplit(asked.path).query)['id'][0]}.*.csv")
    return Answer(file.read_bytes())


def _yahoo(asked: Asked) -> Answer:
    return Answer(json.dumps(_chart(urlsplit(asked.path).path.rsplit("/", 1)[1])).encode())


def _chart(symbol: str) -> Any:
    """A recorded answer; for AMZN, of which a single bar was recorded, the others' year in the same format."""
    folder = DATA / "wire" / "yahoo_chart_v8"
    if symbol != "AMZN":
        (file,) = folder.glob(f"historical-via-chart-{symbol}-*.json")
        return json.loads(file.read_text())["response"]["bodyJson"]
    answer = json.loads((folder / "chart-AMZN-2020-01-01-to-2020-01-03.json").read_text())["response"]["bodyJson"]
    bars = _prices().loc[YEAR]
    opens = (bars.index + pd.Timedelta(hours=9, minutes=30)).tz_localize("America/New_York")
    (result,) = answer["chart"]["result"]
    result["timestamp"] = [int(at.timestamp()) for at in opens]
    quote = {name: bars[name].tolist() for name in ("open", "high", "low", "close", "volume")}
    result["indicators"] = {"quote": [quote], "adjclose": [{"adjclose": quote["close"]}]}
    return answer


def _prices() -> pd.DataFrame:
    return pd.read_csv(DATA / "prices" / "AMZN.csv", parse_dates=["date"], index_col="date")


@pytest.fixture(scope="module", autouse=True)
def _recorded() -> None:
    if not DATA.is_dir():
        pytest.skip(f"the recorded data are not there: {DATA}")


@pytest.fixture(scope="module")
def loopback(_recorded) -> Iterator[Loopback]:
    with served() as server:
        known = Loopback(server.url)

        def noted(make: Callable[[Asked], Answer]) -> Callable[[Asked], Answer]:
            def answer(asked: Asked) -> Answer:
                said = make(asked)
                known.log.append((asked.path, said.status, len(said.body)))  # type: ignore[arg-type]
                return said

            return answer

        server.say("/ETTh1.csv", noted(_etth1))
        server.say("/graph/fredgraph.csv", noted(_fred))
        for symbol in ("AMZN", "NVDA", "MSFT"):
            server.say(f"/v8/finance/chart/{symbol}", noted(_yahoo))
        yield known


# ruff: noqa: E501 — a pipeline file has lines of its own length
SHARED = """
[etth1_hour]
feed = "ett"
url = "{url}/ETTh1.csv"
symbols = ["OT"]
target = "OT"
features = ["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"]
calendar = "1h"
difference = "absolute"
lookback = 10
horizon = 1
split = {{ training = 8640, validation = 2880, test = 2880 }}
model = {{ cell = "gru", units = [32], dropout = 0.3, loss = "huber", epochs = 8, batch_size = 256, learning_rate = 2e-3 }}

[etth1_day]
feed = "ett"
url = "{url}/ETTh1.csv"
symbols = ["OT"]
target = "OT"
features = ["OT"]
calendar = "1h"
difference = "absolute"
lookback = 96
horizon = 24
split = {{ training = 8640, validation = 2880, test = 2880 }}
model = {{ cell = "gru", units = [16], epochs = 4, batch_size = 128, learning_rate = 4e-3 }}

[amzn_lstm]
feed = "files"
path = "{data}/prices/{{symbol}}.csv"
symbols = ["AMZN"]
target = "close"
features = ["close"]
calendar = "XNYS"
difference = "log"
lookback = 50
horizon = 5
model = {{ cell = "lstm", units = [8], epochs = 2, batch_size = 256 }}

[amzn_gru]
feed = "files"
path = "{data}/prices/{{symbol}}.csv"
symbols = ["AMZN"]
target = "close"
features = ["close"]
calendar = "XNYS"
difference = "log"
lookback = 50
horizon = 5
model = {{ cell = "gru", units = [8], epochs = 2, batch_size = 256 }}

[yahoo]
feed = "yahoo"
url = "{url}"
symbols = ["AMZN", "NVDA", "MSFT"]
target = "close"
features = ["close", "volume"]
calendar = "XNYS"
difference = {{ close = "log" }}
stale_after_days = 36500  # the records have ended
lookback = 5
horizon = 2
model = {{ cell = "simple_rnn", units = [4], epochs = 1 }}

[fred]
feed = "datareader"
source = "fred"
url = "{url}"
symbols = ["DEXUSEU"]
target = "value"
stale_after_days = 36500
features = ["value"]
calendar = "B"
difference = "log"
lookback = 10
horizon = 3
model = {{ cell = "gru", units = [4], epochs = 1, batch_size = 256 }}
"""


@pytest.fixture(scope="module")
def run(loopback, tmp_path_factory) -> Callable[..., str]:
    """Runs ``daycast run`` with these arguments; returns what it printed."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "pipelines.toml").write_text(SHARED.format(url=loopback.url, data=DATA.resolve()))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DAYCAST_", "PREFECT_"))}
    environment |= {
        "DAYCAST_STORAGE": str(folder / "data"),
        "DAYCAST_PIPELINES": str(folder / "pipelines.toml"),
        "PREFECT_HOME": prefect_home(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "XDG_CACHE_HOME": str(folder / "cache"),  # yfinance keeps time zones there
        "NO_PROXY": "127.0.0.1",
    }

    def call(*arguments: str) -> str:
        command = [sys.executable, "-m", "daycast.flows.command.cli", "run", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=840)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout

    call.folder = folder  # type: ignore[attr-defined]
    return call


@pytest.fixture(scope="module")
def query(run) -> Query:
    """Asks the database of the runs."""

    def ask(statement: str, *parameters: object) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(run.folder / "data" / "daycast.sqlite")) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement, parameters)]

    return ask


@pytest.fixture(scope="module")
def score(query) -> Callable[..., float]:
    """A metric of a pipeline over all series and leads, on the test part."""

    def ask(pipeline: str, forecaster: str, metric: str, column: str = "value") -> float:
        (row,) = query(
            "SELECT value, n FROM evaluations WHERE pipeline = ? AND forecaster = ? AND metric = ? AND split = 'test' "
            "AND series_id = '*' AND lead = 0",
            *(pipeline, forecaster, metric),
        )
        return float(row[column])

    return ask


@pytest.fixture(scope="module")
def etth1(run, loopback) -> list[tuple[int, int]]:
    """Both tasks on ETTh1 have run once; what the server answered."""
    run("etth1_hour", "etth1_day", "--as-of", ETT_END)
    return loopback.answers("ETTh1.csv")


@pytest.fixture(scope="module")
def prices(run) -> str:
    """Everything else has run once."""
    return run("amzn_lstm", "amzn_gru", "yahoo", "fred", "--as-of", AMZN_END)


def _temperatures() -> pd.Series:
    return pd.read_csv(DATA / "etth" / "ETTh1.csv", parse_dates=["date"], index_col="date")["OT"]


@pytest.mark.usefixtures("etth1")
def test_one_hour_ahead_the_network_beats_the_last_value(score):
    moves = _temperatures().diff().iloc[8640 + 2880 : 8640 + 2880 + 2880]
    naive = float((moves**2).mean() ** 0.5)
    assert naive == pytest.approx(0.593, abs=0.001)
    assert score("etth1_hour", "naive", "rmse") == pytest.approx(naive, rel=1e-6)
    assert score("etth1_hour", "naive", "rmse", "n") == 2880
    assert score("etth1_hour", "network", "rmse") < 0.593


@pytest.mark.usefixtures("etth1")
def test_a_day_ahead_the_network_beats_the_last_value_too(score, query):
    values = _temperatures().iloc[8640 + 2880 - 1 : 8640 + 2880 + 2880]
    errors = pd.concat([(values.shift(-lead) - values).iloc[: 2880 - 24 + 1].abs() for lead in range(1, 25)])
    assert score("etth1_day", "naive", "mae", "n") == len(errors) == 24 * 2857
    assert score("etth1_day", "naive", "mae") == pytest.approx(float(errors.mean()), rel=1e-6)
    assert score("etth1_day", "network", "mae") < score("etth1_day", "naive", "mae")
    assert score("etth1_day", "network", "skill") > 0
    rows = query("SELECT * FROM forecasts WHERE pipeline = 'etth1_day' ORDER BY lead")
    hours = pd.date_range("2018-06-26T20:00", periods=24, freq="1h")
    assert [row["lead"] for row in rows] == list(range(1, 25))
    assert [pd.Timestamp(row["valid_at"]) for row in rows] == list(hours)
    assert {pd.Timestamp(row["origin"]) for row in rows} == {pd.Timestamp("2018-06-26T19:00")}
    assert all(row["lower_95"] < row["lower_80"] < row["mean"] < row["upper_80"] < row["upper_95"] for row in rows)


def test_a_file_that_has_not_changed_is_not_downloaded_again(etth1, run, loopback, query):
    assert etth1 == [(200, (DATA / "etth" / "ETTh1.csv").stat().st_size)] * 2
    tables = {
        "forecasts": "SELECT * FROM forecasts ORDER BY 1, 2, 3",
        "evaluations": "SELECT * FROM evaluations ORDER BY 1, 2, 3, 4, 5, 6, 7",
        "model_versions": "SELECT * FROM model_versions ORDER BY 1, 2",
        "actuals": "SELECT count(*), sum(value) FROM actuals WHERE series_id LIKE 'etth1%'",
    }
    before = {name: query(statement) for name, statement in tables.items()}
    run("etth1_hour", "--as-of", ETT_END)
    assert loopback.answers("ETTh1.csv")[len(etth1) :] == [(304, 0)]
    assert {name: query(statement) for name, statement in tables.items()} == before


@pytest.mark.usefixtures("prices")
@pytest.mark.parametrize("pipeline", ["amzn_lstm", "amzn_gru"])
def test_on_a_share_the_honest_result_is_no_skill_and_naive_serves(pipeline, query, score):
    assert abs(score(pipeline, "network", "skill")) < 0.05
    rows = query("SELECT * FROM latest_forecasts WHERE pipeline = ? ORDER BY lead", pipeline)
    close = float(_prices()["close"].iloc[-1])
    assert [row["forecaster"] for row in rows] == ["naive"] * 5
    assert [row["quality"] for row in rows] == ["baseline"] * 5
    assert [row["mean"] for row in rows] == pytest.approx([close] * 5, rel=1e-9)
    days = ["2026-08-24", "2026-08-25", "2026-08-26", "2026-08-27", "2026-08-28"]
    assert [row["valid_at"][:10] for row in rows] == days
    assert 0.6 < score(pipeline, "naive", "coverage_80") < score(pipeline, "naive", "coverage_95") < 1


@pytest.mark.usefixtures("prices")
def test_the_same_prices_come_through_yahoo_as_from_the_file(query, loopback):
    ask = "SELECT valid_at, value FROM actuals WHERE series_id = ? AND valid_at BETWEEN ? AND ? ORDER BY valid_at"
    from_file = query(ask, "amzn_gru/AMZN", YEAR.start, "2022-02-01")
    assert query(ask, "yahoo/AMZN", "1990-01-01", "2099-01-01") == from_file
    assert len(from_file) == len(_prices().loc[YEAR]) > 250
    assert {status for status, _ in loopback.answers("/v8/finance/chart/AMZN")} == {200}


@pytest.mark.usefixtures("prices")
@pytest.mark.parametrize("symbol", ["NVDA", "MSFT"])
def test_recorded_answers_of_yahoo_become_forecasts(symbol, query):
    bars = _chart(symbol)["chart"]["result"][0]
    actuals = query("SELECT value FROM actuals WHERE series_id = ? ORDER BY valid_at", f"yahoo/{symbol}")
    assert [row["value"] for row in actuals] == bars["indicators"]["quote"][0]["close"]
    rows = query("SELECT * FROM latest_forecasts WHERE series_id = ? ORDER BY lead", f"yahoo/{symbol}")
    assert [row["lead"] for row in rows] == [1, 2]
    assert rows[0]["mean"] == pytest.approx(actuals[-1]["value"], rel=0.1)


@pytest.mark.usefixtures("prices")
def test_recorded_answers_of_fred_become_forecasts(query, loopback):
    (file,) = (DATA / "wire" / "fred").glob("DEXUSEU.*.csv")
    values = [line.split(",")[1] for line in file.read_text().splitlines()[1:]]
    actuals = query("SELECT value FROM actuals WHERE series_id = 'fred/DEXUSEU' ORDER BY valid_at")
    assert [row["value"] for row in actuals] == [float(value) for value in values if value]
    assert len(query("SELECT * FROM latest_forecasts WHERE pipeline = 'fred'")) == 3
    assert loopback.answers("id=DEXUSEU") == [(200, file.stat().st_size)]


@pytest.mark.usefixtures("etth1", "prices")
def test_every_run_ended_well(query):
    runs = query("SELECT pipeline, status FROM runs ORDER BY pipeline")
    names = ["amzn_gru", "amzn_lstm", "etth1_day", "etth1_hour", "fred", "yahoo"]
    assert [row["pipeline"] for row in runs] == names
    assert {row["status"] for row in runs} == {"succeeded"}
