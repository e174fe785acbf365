"""ETTh1 by URL and by path."""

from datetime import UTC, datetime

import pytest

from daycast.storage.feeds.catalog import open_feed
from daycast.storage.feeds.ett import COLUMNS
from daycast.storage.feeds.feed import Span
from daycast.storage.terms.errors import ConfigError, FeedRefused, FeedUnavailable

END = datetime(2016, 7, 2, tzinfo=UTC)
SPAN = Span(start=None, end=END)
HEADER = "date,HUFL,HULL,MUFL,MULL,LUFL,LULL,OT"
ROWS = [f"2016-07-01 {hour:02d}:00:00,5.8,2.0,1.6,0.5,4.2,1.3,{30 + hour}.531" for hour in range(5)]
GOOD = "\n".join([HEADER, *ROWS]) + "\n"


@pytest.fixture
def etth1(make_spec):
    def make(**keys):
        defaults = {"symbols": ["OT"], "target": "OT", "features": list(COLUMNS), "calendar": "1h"}
        return make_spec("etth1", feed="ett", **{**defaults, **keys})

    return make


@pytest.fixture
def fetch(server, etth1, limits):
    def get(span=SPAN, *, validators=None, **keys):
        place = {} if "path" in keys else {"url": server.url + "/ETTh1.csv"}
        spec = etth1(**place, **keys)
        return open_feed(spec, validators=validators or {}, limits=limits).fetch(spec.symbols, span)

    return get


def test_rows_carry_all_columns_and_the_symbols_own_as_value(server, fetch):
    server.say("/ETTh1.csv", GOOD)
    frame = fetch(symbols=["HUFL", "OT"]).frame
    assert list(frame.columns) == ["symbol", "observed_at", "available_at", *COLUMNS, "value"]
    oil = frame[frame["symbol"] == "OT"]
    assert oil["value"].tolist() == oil["OT"].tolist() == [30.531, 31.531, 32.531, 33.531, 34.531]
    assert frame[frame["symbol"] == "HUFL"]["value"].tolist() == [5.8] * 5
    assert str(frame["observed_at"].iloc[1]) == "2016-07-01 01:00:00+00:00"
    assert (frame["available_at"] == frame["observed_at"]).all()


def test_an_unchanged_file_is_not_downloaded(server, fetch, answer):
    url = server.say("/ETTh1.csv", answer(body=GOOD, headers={"ETag": '"abc"'}), answer(status=304))
    first = fetch()
    assert first.validators == {url: '"abc"'}
    second = fetch(validators=first.validators)
    assert second.frame.empty
    assert not second.failures
    assert second.validators == first.validators
    assert server.asked[1][1]["If-None-Match"] == '"abc"'


def test_a_date_validates_where_there_is_no_tag(server, fetch, answer):
    stamp = "Fri, 01 Jul 2016 00:00:00 GMT"
    url = server.say("/ETTh1.csv", answer(body=GOOD, headers={"Last-Modified": stamp}))
    assert fetch().validators == {url: stamp}
    fetch(validators={url: stamp})
    assert server.asked[1][1]["If-Modified-Since"] == stamp


def test_rows_after_the_span_leave_no_validator_or_they_would_never_come(server, fetch, answer):
    server.say("/ETTh1.csv", answer(body=GOOD, headers={"ETag": '"abc"'}))
    early = fetch(Span(start=None, end=datetime(2016, 7, 1, 2, tzinfo=UTC)))
    assert len(early.frame) == 3
    assert early.validators == {}


def test_another_start_of_the_pipeline_asks_anew(server, fetch, answer):
    server.say("/ETTh1.csv", answer(body=GOOD, headers={"ETag": '"abc"'}))
    known = fetch(start="2016-07-01").validators
    fetch(validators=known)
    assert "If-None-Match" not in server.asked[1][1]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<html><title>Not here</title></html>", "an HTML page instead of data: 'Not here'"),
        ("", "an empty answer"),
        ("404: Not Found", "a message instead of data"),
        ('{"message": "API rate limit exceeded"}', "a JSON answer instead of a table"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:abc\n", "a message instead of data"),
        (HEADER + "\n", "a header alone"),
        (GOOD[:-5], "cut in its last line"),
        ("\n".join(ROWS) + "\n", "no header with the column 'date'"),
        (GOOD.replace(",OT", ",Oil"), "no column 'OT'"),
        (GOOD.replace("2016-07-01 ", "7/1/2016 "), "not ISO 8601"),
        (b"\x00\x01", "no UTF-8 text"),
    ],
)
def test_a_200_that_is_no_data_is_refused(server, fetch, body, reason):
    server.say("/ETTh1.csv", body)
    fetched = fetch()
    assert fetched.frame.empty
    assert fetched.validators == {}
    assert isinstance(fetched.failures["OT"], FeedRefused)
    assert reason in fetched.failures["OT"].reason


def test_a_damaged_row_is_rejected_and_the_others_stay(server, fetch):
    lines = GOOD.replace("33.531", "3e3.531").splitlines()
    lines.insert(3, "oops")
    server.say("/ETTh1.csv", "\n".join(lines) + "\n")
    fetched = fetch()
    assert len(fetched.frame) == 4
    assert fetched.rejected["raw"].tolist()[0] == "oops"
    assert "OT is not a number: '3e3.531'" in fetched.rejected["reason"].tolist()


def test_by_path(tmp_path, fetch):
    (tmp_path / "a.csv").write_text(GOOD)
    assert len(fetch(path=str(tmp_path / "a.csv")).frame) == 5
    missing = fetch(path=str(tmp_path / "b.csv")).failures["OT"]
    assert isinstance(missing, FeedUnavailable)
    assert "there is no file" in missing.reason


def test_a_symbol_that_is_no_column(etth1):
    with pytest.raises(ConfigError, match="Received: \\['XX'\\]"):
        open_feed(etth1(symbols=["XX"]))


@pytest.mark.real_data
def test_the_real_file(data, fetch):
    span = Span(start=None, end=datetime(2018, 7, 1, tzinfo=UTC))
    fetched = fetch(span, path=str(data / "etth" / "ETTh1.csv"))
    assert len(fetched.frame) == 17_420
    assert fetched.rejected.empty
    assert fetched.frame["OT"].iloc[0] == 30.5310001373291
