"""Yahoo's answers through the real yfinance client, from a mirror on loopback."""

import copy
import json
from datetime import UTC, datetime

import pandas as pd
import pytest

from daycast.storage.feeds.catalog import open_feed
from daycast.storage.feeds.feed import Span
from daycast.storage.intake.rebasing import judge
from daycast.storage.intake.rules import inspect
from daycast.storage.lake.folder import Folder
from daycast.storage.lake.observations import Observations
from daycast.storage.terms.errors import ConfigError, FeedRefused, FeedUnavailable

SPAN = Span(start=datetime(2020, 1, 1, tzinfo=UTC), end=datetime(2020, 1, 10, tzinfo=UTC))
CHART = "/v8/finance/chart/AMZN"


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory):
    import yfinance

    yfinance.set_tz_cache_location(str(tmp_path_factory.mktemp("yfinance")))


@pytest.fixture
def fetch(server, make_spec, limits):
    def get(symbol="AMZN", span=SPAN, **keys):
        spec = make_spec(feed="yahoo", symbols=[symbol], url=server.url, **keys)
        return open_feed(spec, limits=limits).fetch([symbol], span)

    return get


def chart(symbol="AMZN", days=("2020-01-02", "2020-01-03", "2020-01-06"), close=(94.9, 93.7, 95.1), **changes):
    """A chart as Yahoo's JSON has it, made here."""
    stamps = [int(pd.Timestamp(f"{day} 09:30", tz="America/New_York").timestamp()) for day in days]
    columns = {name: list(close) for name in ("open", "high", "low", "close")}
    meta = {"symbol": symbol, "currency": "USD", "instrumentType": "EQUITY", "dataGranularity": "1d", "priceHint": 2}
    meta |= {"exchangeTimezoneName": "America/New_York", "timezone": "EST", "gmtoffset": -18000, "validRanges": ["1d"]}
    period = {"timezone": "EST", "start": 1578061800, "end": 1578085200, "gmtoffset": -18000}
    meta["currentTradingPeriod"] = {"pre": period, "regular": period, "post": period}
    result = {
        "meta": meta,
        "timestamp": stamps,
        "indicators": {
            "quote": [{**columns, "volume": [1000 + place for place in range(len(stamps))]}],
            "adjclose": [{"adjclose": [value / 2 for value in close]}],
        },
        **changes,
    }
    return {"chart": {"result": [result], "error": None}}


def test_bars_are_sessions_adjusted_for_splits_alone(server, fetch):
    server.say(CHART, json.dumps(chart()))
    fetched = fetch()
    assert not fetched.failures
    frame = fetched.frame
    assert [str(at) for at in frame["observed_at"]] == [f"2020-01-0{day} 00:00:00+00:00" for day in (2, 3, 6)]
    assert [str(at) for at in frame["available_at"]] == [f"2020-01-0{day} 21:00:00+00:00" for day in (2, 3, 6)]
    assert frame["close"].tolist() == [94.9, 93.7, 95.1]
    assert frame["adj_close"].tolist() == [47.45, 46.85, 47.55]
    assert str(frame["observed_at"].dtype) == "datetime64[us, UTC]"
    assert str(frame["volume"].dtype) == "float64"


def test_the_span_limits_the_rows(server, fetch):
    server.say(CHART, json.dumps(chart()))
    day = datetime(2020, 1, 3, tzinfo=UTC)
    assert fetch(span=Span(start=day, end=day)).frame["close"].tolist() == [93.7]
    assert len(fetch(span=Span(start=None, end=day)).frame) == 2


def test_every_request_goes_to_the_mirror_and_no_answer_is_remembered(server, fetch):
    server.say(CHART, json.dumps(chart()))
    fetch()
    server.say(CHART, json.dumps(chart(close=(1.0, 2.0, 3.0))))
    assert fetch().frame["close"].tolist() == [1.0, 2.0, 3.0]
    assert server.count("period1=") == 2


@pytest.mark.parametrize(("symbol", "path"), [("M&M.NS", "M&M.NS"), ("BRK-B", "BRK-B"), ("^GSPC", "%5EGSPC")])
def test_a_symbol_stands_escaped_in_the_url(server, fetch, symbol, path):
    for place in {path, symbol}:
        server.say(CHART.replace("AMZN", place), json.dumps(chart(symbol=symbol)))
    fetched = fetch(symbol)
    assert not fetched.failures
    assert fetched.frame["close"].tolist() == [94.9, 93.7, 95.1]
    paths = {str(asked[0]).partition("?")[0] for asked in server.asked} - {"/", "/v1/test/getcrumb"}
    assert paths <= {CHART.replace("AMZN", place) for place in (path, symbol)}


def test_one_bad_symbol_does_not_spoil_the_others(server, make_spec, limits):
    server.say(CHART, json.dumps(chart()))
    server.say("/v8/finance/chart/GONE", '{"chart":{"result":null,"error":{"description":"No data found"}}}')
    spec = make_spec(feed="yahoo", symbols=["GONE", "AMZN"], url=server.url)
    fetched = open_feed(spec, limits=limits).fetch(spec.symbols, SPAN)
    assert list(fetched.failures) == ["GONE"]
    assert fetched.failures["GONE"].reason == "an error in JSON: 'No data found'"
    assert set(fetched.frame["symbol"]) == {"AMZN"}


def test_a_missing_volume_stays_missing(server, fetch):
    answer = chart()
    answer["chart"]["result"][0]["indicators"]["quote"][0]["volume"][1] = None
    server.say(CHART, json.dumps(answer))
    assert fetch().frame["volume"].isna().tolist() == [False, True, False]


def test_a_bar_of_nulls_is_kept_for_the_checks(server, fetch):
    answer = chart()
    nulls = {name: [94.9, None, 95.1] for name in ("open", "high", "low", "close")}
    answer["chart"]["result"][0]["indicators"] = {"quote": [{**nulls, "volume": [1, None, 3]}]}
    server.say(CHART, json.dumps(answer))
    assert fetch().frame["close"].isna().tolist() == [False, True, False]


def test_two_bars_of_one_day_that_differ_are_both_rejected(server, fetch):
    days = ("2020-01-02", "2020-01-02", "2020-01-03")
    server.say(CHART, json.dumps(chart(days=days, close=(94.9, 50.0, 95.1))))
    fetched = fetch()
    assert fetched.frame["close"].tolist() == [95.1]
    assert fetched.rejected["reason"].unique().tolist() == ["another bar of the same day, which differs"]
    assert len(fetched.rejected) == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<html><title>Sign in</title></html>", "an HTML page instead of data: 'Sign in'"),
        ("", "an empty answer"),
        ("Exceeded the daily hits limit", "a message instead of data: 'Exceeded the daily hits limit'"),
        ("Will be right back", "a message instead of data: 'Will be right back'"),
        ('{"finance":{"error":{"code":"Unauthorized","description":"Invalid cookie"}}}', "'Invalid cookie'"),
        ('{"chart":{"result":null,"error":{"code":"Not Found"}}}', "an error in JSON: 'Not Found'"),
        ('{"chart":{"result":[],"error":null}}', "JSON that is no chart"),
        ('{"chart":{"result":null,"error":null}}', "JSON that is no chart"),
        ('{"chart":7}', "JSON that is no chart"),
        ("{}", "JSON that is no chart"),
        ("[]", "a message instead of data"),
        ("null", "a message instead of data"),
        (json.dumps(chart())[:-30], "JSON that breaks off"),
        (json.dumps(chart("AAPL")), "data of another symbol: 'AAPL'"),
        (json.dumps(chart(meta=None)), "data of another symbol: None"),
        (json.dumps(chart(timestamp=[])), "a chart without bars"),
        (json.dumps(chart(indicators={})), "another shape"),
        (json.dumps(chart(indicators={"quote": [{}]})), "no bars|another shape"),
        (json.dumps(chart(timestamp=["x", "y", "z"])), "another shape"),
        (b"\xff\xfe\x00\x01", "no UTF-8 text"),
    ],
)
def test_a_200_that_is_no_data_is_refused(server, fetch, body, reason):
    server.say(CHART, body)
    fetched = fetch()
    assert fetched.frame.empty
    assert isinstance(fetched.failures["AMZN"], FeedRefused)
    assert pd.Series([fetched.failures["AMZN"].reason]).str.contains(reason).item(), fetched.failures["AMZN"].reason


def test_a_cut_list_of_numbers_is_refused(server, fetch):
    answer = copy.deepcopy(chart())
    answer["chart"]["result"][0]["indicators"]["quote"][0]["close"].pop()
    server.say(CHART, json.dumps(answer))
    assert isinstance(fetch().failures["AMZN"], FeedRefused)


def test_throttling_is_waited_out(server, fetch, answer):
    server.say(CHART, answer(status=429, headers={"Retry-After": "60"}), json.dumps(chart()))
    assert len(fetch().frame) == 3


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_lasting_outage_is_unavailable(server, fetch, answer, status):
    server.say(CHART, answer(status=status))
    failure = fetch().failures["AMZN"]
    assert isinstance(failure, FeedUnavailable)
    assert f"HTTP {status}" in failure.reason


def test_hostile_answers_end_at_the_limits(server, fetch, answer, zipped):
    bomb = answer(body=zipped(b"{" + b" " * 50_000_000 + b"}"), headers={"Content-Encoding": "gzip"})
    for each, reason in [
        (bomb, "more than 2,000,000 bytes"),
        (answer(body="{" + " " * 3_000_000 + "}"), "more than 2,000,000 bytes"),
        (answer(body=b"\x1f\x8bno", headers={"Content-Encoding": "gzip"}), "compression is damaged"),
        (answer(status=302, headers={"Location": "ftp://127.0.0.1/a"}), "redirect to another scheme"),
        (answer(status=302, headers={"Location": "file:///etc/passwd"}), "redirect to another scheme"),
        (answer(body=json.dumps(chart()), length=100_000), "broke off"),
    ]:
        server.say(CHART, each)
        assert reason in fetch().failures["AMZN"].reason


def test_a_mirror_that_is_not_there(make_spec, limits):
    spec = make_spec(feed="yahoo", url="http://127.0.0.1:9")
    failure = open_feed(spec, limits=limits).fetch(["AMZN"], SPAN).failures["AMZN"]
    assert isinstance(failure, FeedUnavailable)
    assert "no connection" in failure.reason


def test_hours_are_not_offered(make_spec):
    with pytest.raises(ConfigError, match="gives daily bars"):
        open_feed(make_spec(feed="yahoo", calendar="1h"))


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "symbol", "calendar", "rows", "first_close"),
    [
        ("chart-AMZN-2020-01-01-to-2020-01-03", "AMZN", "XNYS", 1, 94.90049743652344),
        ("chart-AAPL-2020-08-31-to-2020-11-07", "AAPL", "XNYS", 49, None),
        ("chart-BTC-USD-2020-01-01-to-2020-01-03", "BTC-USD", "24/7", 3, None),
        ("historical-via-chart-EURUSD=X-2020-01-01-to-2020-01-03", "EURUSD=X", "B", 3, None),
        ("historical-via-chart-NVDA-split-2021-02-01-to-2022-01-31.csv", "NVDA", "XNYS", 252, None),
        ("historical-via-chart-MSFT-dividends-2021-02-01-to-2022-01-31.csv", "MSFT", "XNYS", 252, None),
    ],
)
def test_recorded_answers(data, server, fetch, name, symbol, calendar, rows, first_close):
    body = json.loads((data / "wire" / "yahoo_chart_v8" / f"{name}.json").read_text())["response"]["bodyJson"]
    server.say(f"/v8/finance/chart/{symbol}", json.dumps(body))
    span = Span(start=None, end=datetime(2022, 2, 5, tzinfo=UTC))
    fetched = fetch(symbol, span, calendar=calendar)
    assert not fetched.failures
    assert len(fetched.frame) == rows
    recorded = body["chart"]["result"][0]["indicators"]["quote"][0]["close"]
    assert fetched.frame["close"].tolist() == pytest.approx(recorded, abs=0)
    if first_close is not None:
        assert fetched.frame["close"].iloc[0] == first_close


def test_a_split_between_yesterday_and_today_is_one_vintage(server, fetch, make_spec, tmp_path):
    """Yahoo tells the whole history anew, at a quarter; the rows of yesterday are read beside none of today's."""
    days = pd.bdate_range("2020-01-02", "2020-01-10")
    closes = [94.9, 93.7, 95.1, 95.3, 94.6, 95.1, 94.2]
    store, spec = Observations(Folder(tmp_path), "prices"), make_spec(feed="yahoo")
    for number, factor in ((6, 1.0), (7, 0.25)):
        told = [close * factor for close in closes[:number]]
        server.say(CHART, json.dumps(chart(days=[f"{day:%Y-%m-%d}" for day in days[:number]], close=told)))
        good = inspect(fetch(span=Span(start=None, end=datetime(2020, 1, 11, tzinfo=UTC))).frame, spec=spec).good
        judged = judge(good, known={"AMZN": store.read("AMZN")}, spec=spec)
        at = datetime(2020, 1, 3 + number, 22, tzinfo=UTC)
        store.add(judged.good, fetched_at=at, rebased=judged.rebased)
    assert "6 of 6 rows are 0.25 times" in judged.rebased["AMZN"]
    assert store.read("AMZN")["close"].tolist() == [close / 4 for close in closes]
    yesterday = store.read("AMZN", as_of=datetime(2020, 1, 9, 23, tzinfo=UTC))
    assert yesterday["close"].tolist() == closes[:6]
