"""FRED's answers through the real pandas-datareader, from a mirror on loopback."""

from datetime import UTC, datetime

import pytest

from daycast.storage.feeds.catalog import open_feed
from daycast.storage.feeds.datareader import sources
from daycast.storage.feeds.feed import Span
from daycast.storage.terms.errors import ConfigError, FeedRefused, FeedUnavailable

SPAN = Span(start=datetime(2020, 1, 1, tzinfo=UTC), end=datetime(2020, 1, 31, tzinfo=UTC))
PATH = "/graph/fredgraph.csv"
GOOD = "observation_date,SP500\n2020-01-02,3257.85\n2020-01-03,3234.85\n2020-01-06,\n2020-01-07,3237.18\n"


@pytest.fixture
def fetch(server, make_spec, limits):
    def get(symbol="SP500", span=SPAN, **keys):
        keys = {"target": "value", "features": ["value"], "url": server.url, **keys}
        spec = make_spec(feed="datareader", symbols=[symbol], **keys)
        return open_feed(spec, limits=limits).fetch([symbol], span)

    return get


def test_a_series_is_value_without_the_days_that_have_none(server, fetch):
    server.say(PATH, GOOD)
    fetched = fetch()
    assert not fetched.failures
    assert fetched.frame["value"].tolist() == [3257.85, 3234.85, 3237.18]
    assert str(fetched.frame["available_at"].iloc[0]) == "2020-01-02 21:00:00+00:00"
    assert server.asked[0][0] == f"{PATH}?id=SP500"


def test_the_old_header_and_dots(server, fetch):
    server.say(PATH, GOOD.replace("observation_date", "DATE").replace("2020-01-06,\n", "2020-01-06,.\n"))
    assert fetch().frame["value"].tolist() == [3257.85, 3234.85, 3237.18]


def test_the_span_limits_the_rows(server, fetch):
    server.say(PATH, GOOD)
    day = datetime(2020, 1, 3, tzinfo=UTC)
    assert fetch(span=Span(start=day, end=day)).frame["value"].tolist() == [3234.85]
    assert len(fetch(span=Span(start=None, end=day)).frame) == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<!DOCTYPE html><html><title>Just a moment</title></html>", "an HTML page instead of data: 'Just a moment'"),
        ("", "an empty answer"),
        ("No data", "a message instead of data: 'No data'"),
        ("Exceeded the daily hits limit", "a message instead of data"),
        ('{"error_code":400,"error_message":"Bad Request."}', "a JSON answer instead of a table"),
        ("observation_date,SP500\n", "a header alone"),
        ("observation_date,DJIA\n2020-01-02,1.0\n", "data of another series: 'DJIA'"),
        ("date,open,close\n2020-01-02,1.0,2.0\n", "another header than FRED's"),
        ("2020-01-02,3257.85\n2020-01-03,3234.85\n", "another header than FRED's"),
        (GOOD[:-4], "cut in its last line"),
        (GOOD.replace("3234.85", "error"), "not a date and a number: '2020-01-03,error'"),
        (GOOD.replace("2020-01-03", "Error 500"), "not a date and a number: 'Error 500,3234.85'"),
        (GOOD.replace("2020-01-03", "2020-02-31"), "pandas-datareader cannot read"),
        (b"\xff\xfe\x00", "no UTF-8 text"),
    ],
)
def test_a_200_that_is_no_data_is_refused(server, fetch, body, reason):
    server.say(PATH, body)
    fetched = fetch()
    assert fetched.frame.empty
    assert isinstance(fetched.failures["SP500"], FeedRefused)
    assert reason in fetched.failures["SP500"].reason


def test_throttling_is_waited_out_in_spite_of_the_library(server, fetch, answer):
    server.say(PATH, answer(status=429, headers={"Retry-After": "60"}), answer(status=504), GOOD)
    assert len(fetch().frame) == 3


def test_a_lasting_outage_is_unavailable_and_others_still_come(server, make_spec, limits, answer):
    server.say(PATH, answer(status=504), answer(status=504), answer(status=504), GOOD)
    keys = {"target": "value", "features": ["value"], "url": server.url}
    spec = make_spec(feed="datareader", symbols=["DJIA", "SP500"], **keys)
    fetched = open_feed(spec, limits=limits).fetch(spec.symbols, SPAN)
    assert isinstance(fetched.failures["DJIA"], FeedUnavailable)
    assert len(fetched.frame) == 3


def test_a_source_that_is_gone_is_named_with_those_there_are(make_spec):
    with pytest.raises(ConfigError, match="fred.*Received: 'stooq'"):
        open_feed(make_spec(feed="datareader", source="stooq"))
    assert {"fred", "famafrench", "eurostat"} <= set(sources())


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "symbol"),
    [("DEXUSEU.new-header-blank-missing", "DEXUSEU"), ("VIXCLS.old-header-dot-missing", "VIXCLS")],
)
def test_recorded_answers(data, server, fetch, name, symbol):
    body = (data / "wire" / "fred" / f"{name}.csv").read_text()
    server.say(PATH, body)
    fetched = fetch(symbol, Span(start=None, end=datetime(2026, 1, 1, tzinfo=UTC)), calendar="B")
    assert not fetched.failures
    lines = [line.split(",") for line in body.splitlines()[1:]]
    recorded = [float(value) for day, value in lines if value not in {"", "."} and day <= "2026-01-01"]
    assert fetched.frame["value"].tolist() == recorded


def test_a_symbol_with_an_ampersand_stands_escaped_in_the_url(server, fetch):
    server.say(PATH, GOOD.replace("SP500", "M&M"))
    assert fetch("M&M").failures == {}
    assert server.asked[0][0] == f"{PATH}?id=M%26M"


def test_a_month_of_fred_is_known_when_it_is_over(server, fetch):
    server.say(PATH, "observation_date,UNRATE\n2020-01-01,3.6\n2020-02-01,3.5\n2020-03-01,4.4\n")
    fetched = fetch("UNRATE", calendar="MS", span=Span(start=None, end=datetime(2021, 1, 1, tzinfo=UTC)))
    assert [f"{at:%Y-%m-%d}" for at in fetched.frame["observed_at"]] == ["2020-01-01", "2020-02-01", "2020-03-01"]
    assert [f"{at:%Y-%m-%d}" for at in fetched.frame["available_at"]] == ["2020-02-01", "2020-03-01", "2020-04-01"]
