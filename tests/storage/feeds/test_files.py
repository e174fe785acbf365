"""Files: what is sure is read, what is doubtful is set aside or refused, and no value ever changes silently."""

from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daycast.storage.feeds.catalog import open_feed
from daycast.storage.feeds.feed import Span
from daycast.storage.feeds.reading.csv_table import read_csv
from daycast.storage.feeds.reading.layout import Layout
from daycast.storage.intake.rules import inspect
from daycast.storage.terms.errors import FeedRefused, FeedUnavailable

SPAN = Span(start=None, end=datetime(2030, 1, 1, tzinfo=UTC))
HEADER = "date,open,close,volume"
LINES = [
    "2020-01-02,93.75,94.900497,80580000",
    "2020-01-03,93.224998,93.748497,75288000",
    "2020-01-06,93.0,95.143997,81236000",
    "2020-01-07,95.224998,95.343002,80898000",
    "2020-01-08,94.902,94.598503,70160000",
]
CLOSES = [94.900497, 93.748497, 95.143997, 95.343002, 94.598503]
GOOD = "\n".join([HEADER, *LINES]) + "\n"
CLEAN = pd.DataFrame({"date": [line.split(",")[0] for line in LINES], "close": CLOSES})


@pytest.fixture
def fetch(tmp_path, make_spec):
    def get(content, *, name="AMZN.csv", span=SPAN, **keys):
        if isinstance(content, pd.DataFrame):
            content.to_parquet(tmp_path / name)
        elif content is not None:
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        suffix = name.rpartition(".")[2]
        path = f"{tmp_path}/{{symbol}}.{suffix}"
        spec = make_spec("mine", feed="files", **{"path": path, **keys})
        return open_feed(spec).fetch(spec.symbols, span)

    return get


def test_rows_as_they_are_written(fetch):
    fetched = fetch(GOOD)
    assert not fetched.failures
    assert fetched.frame["close"].tolist() == CLOSES
    assert list(fetched.frame.columns) == ["symbol", "observed_at", "available_at", "open", "close", "volume"]
    assert str(fetched.frame["observed_at"].iloc[0]) == "2020-01-02 00:00:00+00:00"
    assert str(fetched.frame["available_at"].iloc[0]) == "2020-01-02 21:00:00+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "﻿" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        GOOD.replace("\n", "\n\n"),
        GOOD.replace("close", "Close").replace("date", " Date "),
        GOOD.replace("94.900497", '"94.900497"'),
        GOOD.replace("94.900497", " 94.900497 "),
        GOOD.replace("94.900497", "9.4900497e1"),
        GOOD.replace("2020-01-02", "2020-01-02T00:00:00"),
        "\n".join([HEADER, *reversed(LINES)]) + "\n",
    ],
)
def test_other_ways_to_write_the_same(fetch, text):
    fetched = fetch(text)
    assert fetched.rejected.empty
    assert fetched.frame["close"].tolist() == CLOSES


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "an empty answer"),
        ("\n \n", "an empty answer"),
        (HEADER + "\n", "a header alone"),
        ("\n".join(LINES) + "\n", "no header with the column 'date'"),
        ("<html><body>Sign in</body></html>", "an HTML page instead of data"),
        ('{"finance": {"error": {"code": "Unauthorized"}}}', "a JSON answer instead of a table"),
        ("Exceeded the daily hits limit", "a message instead of data"),
        ("No data", "a message instead of data"),
        (GOOD.replace("date", "day"), "no header with the column 'date'"),
        (GOOD.replace("close", "last"), "no column 'close'; the columns there are: date, open, last, volume"),
        (GOOD.replace("open", "close"), "columns that are there twice: 'close'"),
        (GOOD.replace("open", "Close").replace(",close", ",CLOSE"), "more than one column for 'close'"),
        (GOOD.replace("2020-01-0", "1/0/202"), "not ISO 8601"),
        (GOOD.replace("2020-01-0", "4383"), "not ISO 8601"),
        (GOOD.replace("2020-01-02", "2020-01-02T00:00Z").replace("2020-01-03", "2020-01-03T00:00"), "with a zone"),
        (b"\xff\xfe" + GOOD.encode("utf-16-le"), "no UTF-8 text"),
        (GOOD.encode().replace(b"94", b"\x00\x00"), "no UTF-8 text"),
        (b"\x1f\x8b\x08\x00" + b"gzip", "no UTF-8 text"),
    ],
)
def test_what_is_ambiguous_is_refused(fetch, text, reason):
    fetched = fetch(text)
    assert fetched.frame.empty
    assert isinstance(fetched.failures["AMZN"], FeedRefused)
    assert reason in fetched.failures["AMZN"].reason


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("94.900497", "94,900497", "5 fields where the header has 4"),
        ("94.900497", '"94,900497"', "close is not a number: '94,900497'"),
        ("94.900497", "1_000", "close is not a number"),
        ("94.900497", "0x5e", "close is not a number"),
        ("94.900497", "94.9 USD", "close is not a number"),
        ("94.900497", "94.90.0497", "close is not a number"),
        ("94.900497", "٩٤", "close is not a number"),
        ("2020-01-02,", ",", "the time is missing"),
        ("2020-01-02", "2020-02-30", "no such time"),
        ("2020-01-02", "2020-1-2", "not ISO 8601"),
        ("2020-01-02", "02.01.2020", "not ISO 8601"),
        ("2020-01-02", "0001-01-01", "no such time"),
        (LINES[0], "2020-01-02,93.75,94.9", "3 fields where the header has 4"),
        (LINES[0], HEADER, "a header among the rows"),
        (LINES[0], '{"finance": {"error": {"code": "Unauthorized"}}}', "1 fields"),
        (LINES[0], "<html><body>Too many requests</body></html>", "1 fields"),
        (LINES[0], "Exceeded the daily hits limit", "1 fields"),
    ],
)
def test_a_row_that_cannot_be_read_is_rejected_with_its_text(fetch, old, new, reason):
    fetched = fetch(GOOD.replace(old, new))
    assert fetched.frame["close"].tolist() == CLOSES[1:]
    assert len(fetched.rejected) == 1
    assert reason in fetched.rejected["reason"].item()
    assert new in fetched.rejected["raw"].item()


@pytest.mark.parametrize("missing", ["", "null", "NaN", "N/A", ".", "-", "None"])
def test_a_missing_value_is_left_to_the_checks(fetch, missing):
    fetched = fetch(GOOD.replace("94.900497", missing))
    assert fetched.rejected.empty
    assert fetched.frame["close"].isna().tolist() == [True, False, False, False, False]


def test_a_last_line_without_an_end_is_rejected(fetch):
    for cut in range(1, 12):
        fetched = fetch(GOOD[:-cut])
        assert fetched.frame["close"].tolist() == CLOSES[:4]
        assert "may be cut" in fetched.rejected["reason"].item()


def test_a_column_of_words_that_nobody_needs_is_left_out(fetch):
    words = "\n".join([HEADER + ",currency", *[line + ",USD" for line in LINES]]) + "\n"
    fetched = fetch(words)
    assert "currency" not in fetched.frame.columns
    assert fetched.frame["close"].tolist() == CLOSES


def test_lines_before_the_header_are_rejected(fetch):
    fetched = fetch('{\n "error": 1\n}\n' + GOOD)
    assert fetched.frame["close"].tolist() == CLOSES
    assert fetched.rejected["reason"].unique().tolist() == ["a line before the header"]


def test_another_tickers_rows_are_rejected(fetch):
    marked = [f"{line},{'AAPL' if '01-06' in line else 'AMZN'}" for line in LINES]
    fetched = fetch("\n".join([HEADER + ",ticker", *marked]) + "\n")
    assert len(fetched.frame) == 4
    assert fetched.rejected["reason"].item() == "a row of another symbol"
    assert fetched.rejected["raw"].item() == marked[2]
    alone = "\n".join([HEADER + ",ticker", *[line + ",AAPL" for line in LINES]]) + "\n"
    assert "no row of it" in fetch(alone).failures["AMZN"].reason


def test_one_file_with_many_symbols(tmp_path, fetch):
    lines = [f"{line},{symbol}" for line in LINES for symbol in ("AMZN", "MSFT")]
    (tmp_path / "all.csv").write_text("\n".join([HEADER + ",ticker", *lines]) + "\n")
    keys = {"path": str(tmp_path / "all.csv"), "symbol_column": "ticker", "symbols": ["AMZN", "MSFT", "GONE"]}
    fetched = fetch(None, **keys)
    assert fetched.frame["symbol"].tolist() == ["AMZN"] * 5 + ["MSFT"] * 5
    assert list(fetched.failures) == ["GONE"]
    assert fetched.rejected.empty


def test_a_file_that_is_not_there_spoils_no_other(fetch):
    fetched = fetch(GOOD, symbols=["GONE", "AMZN"])
    assert isinstance(fetched.failures["GONE"], FeedUnavailable)
    assert len(fetched.frame) == 5


def test_times_are_taken_in_the_zone_given_and_changes_of_the_clock_are_rejected(fetch):
    text = "at,close\n2020-03-29 01:30,1.0\n2020-03-29 02:30,2.0\n2020-03-29 03:30,3.0\n2020-10-25 02:30,4.0\n"
    fetched = fetch(text, time="at", timezone="Europe/Berlin", calendar="1h")
    assert [str(at) for at in fetched.frame["observed_at"]] == [
        "2020-03-29 00:30:00+00:00",
        "2020-03-29 01:30:00+00:00",
    ]
    assert fetched.frame["close"].tolist() == [1.0, 3.0]
    assert len(fetched.rejected) == 2
    assert fetched.rejected["reason"].str.contains("no such time in Europe/Berlin").all()


def test_times_with_a_zone_name_the_session_of_that_zone(fetch):
    text = "date,close\n2020-01-03T02:00:00Z,1.0\n2020-01-03T21:00:00+00:00,2.0\n"
    fetched = fetch(text, timezone="America/New_York")
    assert [str(at.date()) for at in fetched.frame["observed_at"]] == ["2020-01-02", "2020-01-03"]


@pytest.mark.parametrize(
    "dates",
    [
        CLEAN["date"],
        pd.to_datetime(CLEAN["date"]),
        pd.to_datetime(CLEAN["date"]).dt.tz_localize("UTC"),
        pd.to_datetime(CLEAN["date"]).dt.date,
    ],
)
def test_parquet_with_times_of_any_kind(fetch, dates):
    fetched = fetch(CLEAN.assign(date=dates), name="AMZN.parquet")
    assert not fetched.failures
    assert fetched.frame["close"].tolist() == CLOSES
    assert str(fetched.frame["observed_at"].iloc[0]) == "2020-01-02 00:00:00+00:00"


def test_parquet_with_the_time_as_index_and_with_words_for_numbers(fetch):
    indexed = CLEAN.set_index(pd.DatetimeIndex(CLEAN["date"], name="date"))[["close"]]
    assert fetch(indexed, name="AMZN.parquet").frame["close"].tolist() == CLOSES
    words = CLEAN.assign(close=[*map(str, CLOSES[:4]), "n.a.?"])
    fetched = fetch(words, name="AMZN.parquet")
    assert fetched.frame["close"].tolist() == CLOSES[:4]
    assert "close is not a number" in fetched.rejected["reason"].item()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PAR1 no parquet", "no whole Parquet file"),
        (b"", "no whole Parquet file"),
        (CLEAN.assign(date=range(5)), "numbers in the time column"),
        (CLEAN[["date"]], "no column 'close'"),
        (CLEAN.head(0), "without rows"),
    ],
)
def test_parquet_that_is_refused(fetch, content, reason):
    assert reason in fetch(content, name="AMZN.parquet").failures["AMZN"].reason


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64), min_size=1, max_size=30))
def test_what_goes_in_comes_out(values):
    days = pd.date_range("2020-01-01", periods=len(values), freq="D").strftime("%Y-%m-%d")
    text = "date,close\n" + "".join(f"{day},{value!r}\n" for day, value in zip(days, values, strict=True))
    table = read_csv(text, layout=Layout(time="date", columns=("close",), calendar="1D"))
    assert table.rows["close"].tolist() == values
    assert not table.rejects


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("symbol", "good", "rejected", "kinds"),
    [
        ("AMZN", 6188, 0, {"duplicate", "missing_instants", "jump"}),
        ("MSFT", 6138, 357, {"duplicate", "missing_instants"}),
        ("FB", 2569, 0, {"duplicate", "missing_instants"}),
        ("KLAC_split_seam", 11560, 0, {"jump", "stuck"}),
    ],
)
def test_recorded_dirty_files(data, make_spec, symbol, good, rejected, kinds):
    spec = make_spec("mine", feed="files", path=str(data / "prices" / "dirty" / "{symbol}.csv"), symbols=[symbol])
    fetched = open_feed(spec).fetch(spec.symbols, SPAN)
    result = inspect(fetched.frame, spec=spec)
    assert len(result.good) == good
    assert len(fetched.rejected) == rejected
    assert {finding.kind for finding in result.findings} == kinds
    rows = (data / "prices" / "dirty" / f"{symbol}.csv").read_text().splitlines()[1:]
    written = {line.split(",")[0]: line.split(",")[4] for line in rows if line[:2] in {"19", "20"}}
    read = dict(zip(result.good["observed_at"].dt.strftime("%Y-%m-%d"), result.good["close"], strict=True))
    assert all(float(written[day]) == close for day, close in read.items())


@pytest.mark.real_data
@pytest.mark.parametrize("symbol", ["SIVB", "TSLA"])
def test_recorded_files_without_a_header_are_refused(data, make_spec, symbol):
    spec = make_spec("mine", feed="files", path=str(data / "prices" / "dirty" / "{symbol}.csv"), symbols=[symbol])
    fetched = open_feed(spec).fetch(spec.symbols, SPAN)
    assert isinstance(fetched.failures[symbol], FeedRefused)


@pytest.mark.real_data
def test_a_spreadsheets_dates_are_refused(data, make_spec):
    path = str(data / "wire" / "defects" / "{symbol}_excel_dates_rounded.csv")
    keys = {"symbols": ["ETTm1"], "target": "OT", "features": ["OT"], "calendar": "15min"}
    spec = make_spec("mine", feed="files", path=path, **keys)
    assert "not ISO 8601" in open_feed(spec).fetch(spec.symbols, SPAN).failures["ETTm1"].reason
