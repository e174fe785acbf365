"""Files as people have them: each kind is read as it is written, or refused with the key that would settle it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from daycast.storage.feeds.catalog import open_feed
from daycast.storage.feeds.feed import Span
from daycast.storage.intake.rules import inspect
from daycast.storage.terms.errors import ConfigError

SPAN = Span(start=None, end=datetime(2030, 1, 1, tzinfo=UTC))
CASES = Path(__file__).parents[4] / "shared" / "data" / "cases"
DAYS = [f"{day:%Y-%m-%d}" for day in pd.bdate_range("2024-01-02", periods=12) if f"{day:%m-%d}" != "01-15"]
CLOSES = [300.68, 298.8, 297.32, 1288.74, 295.04, 299.12, 301.0, 302.5, 303.25, 304.0, 305.5]
HOURS = pd.date_range("2026-03-28 20:00", periods=12, freq="h")
TEMPERATURES = [20.044 + step for step in range(12)]
BARS = {"features": ["close"], "target": "close"}
HOURLY = {"calendar": "1h", "target": "temp", "features": ["temp"]}


@pytest.fixture
def fetch(tmp_path, make_spec):
    def get(content, *, name="AMZN.csv", **keys):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        spec = make_spec("mine", feed="files", **{"path": str(tmp_path / name), **BARS, **keys})
        return open_feed(spec).fetch(spec.symbols, SPAN)

    return get


def reason(fetched, symbol="AMZN"):
    said = str(fetched.failures[symbol])
    assert len(said.replace(str(fetched.failures[symbol].symbol), "")) <= 500
    return said


def lines(header, *columns, end="\n"):
    return end.join([header, *(",".join(row) for row in zip(*columns, strict=True)), ""])


def observed(fetched):
    return [f"{at:%Y-%m-%d}" for at in fetched.frame["observed_at"]]


CLOSE_TEXTS = [repr(close) for close in CLOSES]
PLAIN = lines("date,close", DAYS, CLOSE_TEXTS)


def offset_days(zone):
    midnights = pd.DatetimeIndex(pd.bdate_range("2023-01-02", "2023-12-29")).tz_localize(zone)
    return [str(each) for each in midnights], [f"{each:%Y-%m-%d}" for each in midnights]


@pytest.mark.parametrize("zone", ["Europe/Paris", "Asia/Tokyo", "Asia/Kolkata", "Australia/Sydney", "America/New_York"])
@pytest.mark.parametrize("calendar", ["B", "24/5", "1D"])
@pytest.mark.parametrize("set_to", [None, "America/New_York", "Asia/Tokyo"])
def test_local_midnight_with_its_offset_is_the_date_as_written(fetch, zone, calendar, set_to):
    written, days = offset_days(zone)
    values = [f"{100 + place / 7:.4f}" for place in range(len(days))]
    keys = {"calendar": calendar, **({"timezone": set_to} if set_to else {})}
    with_offset, plain = (fetch(lines("Date,Close", texts, values), time="Date", **keys) for texts in (written, days))
    assert not with_offset.failures
    assert with_offset.rejected.empty
    pd.testing.assert_frame_equal(with_offset.frame, plain.frame)


@pytest.mark.parametrize("zone", ["Europe/Paris", "Asia/Tokyo", "UTC", "America/New_York"])
def test_an_aware_index_of_parquet_is_the_date_as_written(tmp_path, make_spec, zone):
    days = pd.bdate_range("2023-01-02", "2023-12-29", name="Date", unit="us")
    frame = pd.DataFrame({"Close": np.arange(len(days)) / 7 + 100}, index=days.tz_localize(zone))
    frame.to_parquet(tmp_path / "AMZN.parquet")
    spec = make_spec("mine", feed="files", path=str(tmp_path / "{symbol}.parquet"), time="Date", calendar="B", **BARS)
    fetched = open_feed(spec).fetch(spec.symbols, SPAN)
    assert observed(fetched) == [f"{day:%Y-%m-%d}" for day in days]


def test_days_that_were_turned_into_utc_are_refused_with_the_key_and_taken_with_it(fetch):
    days = pd.bdate_range("2023-01-02", periods=200)
    for zone in ("Europe/Paris", "Asia/Tokyo", "America/New_York"):
        written = [str(each) for each in days.tz_localize(zone).tz_convert("UTC")]
        text = lines("Date,Close", written, ["1.5"] * 200)
        assert "timezone = " in reason(fetch(text, time="Date", calendar="B"))
        told = fetch(text, time="Date", calendar="B", timezone=zone)
        assert observed(told) == [f"{day:%Y-%m-%d}" for day in days]


def test_a_close_with_its_own_offset_is_of_the_date_as_written(fetch):
    written = [f"{day}T16:00:00-05:00" for day in DAYS]
    assert observed(fetch(lines("date,close", written, CLOSE_TEXTS))) == DAYS


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d %H:%M:%S+00",
        "%Y-%m-%d %H:%M:%S+00:00",
        "%Y-%m-%dT%H:%M:%S+0000",
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%dT%H:%M:%Sz",
        "%Y-%m-%dt%H:%MZ",
        "%Y-%m-%dT%H:%M:%S.000Z",
        "%Y-%m-%dT%H:%M:%S.000000Z",
        "%Y-%m-%dT%H:%M:%S.000000000Z",
        "%Y-%m-%d %H:%M:%S.000000000",
        "%Y-%m-%d %H:%M:%S,000",
        "%Y-%m-%d %H:%M:%S UTC",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H",
        "%Y%m%dT%H%M%S",
        "%Y%m%dT%H%M%SZ",
    ],
)
def test_iso_8601_in_all_its_ways(fetch, form):
    text = lines("date,temp", [f'"{hour.strftime(form)}"' for hour in HOURS], [repr(value) for value in TEMPERATURES])
    fetched = fetch(text, **HOURLY)
    assert not fetched.failures
    assert fetched.rejected.empty
    assert fetched.frame["observed_at"].tolist() == HOURS.tz_localize("UTC").tolist()
    assert fetched.frame["temp"].tolist() == TEMPERATURES


@pytest.mark.parametrize(
    ("written", "ahead"), [("+0530", 330), ("+05:30", 330), ("-03", -180), ("+05:53:28", 353 + 28 / 60)]
)
def test_an_offset_is_taken_off(fetch, written, ahead):
    wall = HOURS + pd.Timedelta(minutes=ahead)
    text = lines("date,temp", [f"{each:%Y-%m-%d %H:%M:%S}{written}" for each in wall], ["1.5"] * 12)
    assert fetch(text, **HOURLY).frame["observed_at"].tolist() == HOURS.tz_localize("UTC").tolist()


def test_24_00_is_the_next_days_midnight_of_hours_and_no_day_of_days(fetch):
    text = "date,temp\n2026-03-28 23:00,1.0\n2026-03-28 24:00,2.0\n2026-03-29T01:00:00,3.0\n"
    fetched = fetch(text, **HOURLY)
    assert [f"{at:%m-%d %H}" for at in fetched.frame["observed_at"]] == ["03-28 23", "03-29 00", "03-29 01"]
    days = fetch(PLAIN.replace(DAYS[1], f"{DAYS[1]} 24:00"))
    assert "24:00 is the end of one day" in days.rejected["reason"].item()


@pytest.mark.parametrize(("written", "form"), [("2024-W05-3", "%G-W%V-%u"), ("2024-032", "%Y-%j")])
def test_week_and_ordinal_dates_are_declared(fetch, written, form):
    text = lines("date,close", [pd.Timestamp(day).strftime(form) for day in DAYS], CLOSE_TEXTS)
    assert f'time_format = "{form}"' in reason(fetch(text))
    assert observed(fetch(text, time_format=form)) == DAYS
    assert written


def test_a_spreadsheets_empty_columns_are_none(fetch):
    text = "\ufeff" + lines("date,close,,", DAYS, CLOSE_TEXTS, [""] * 11, [""] * 11, end="\r\n")
    fetched = fetch(text)
    assert fetched.frame["close"].tolist() == CLOSES
    assert list(fetched.frame.columns)[3:] == ["close"]
    filled = fetch(text.replace(",,\r\n2024-01-04", ",note,\r\n2024-01-04"))
    assert "a column without a name: 'note'" in reason(filled)
    trailing = lines("date,close", DAYS, CLOSE_TEXTS, [""] * 11)
    assert fetch(trailing).frame["close"].tolist() == CLOSES


def test_the_header_of_yfinance(fetch):
    head = "Price,Close,High\nTicker,AMZN,AMZN\nDate,,\n"
    body = lines("", DAYS, CLOSE_TEXTS, CLOSE_TEXTS).lstrip("\n")
    fetched = fetch(head + body, time="Date")
    assert fetched.rejected.empty
    assert fetched.frame["close"].tolist() == CLOSES
    assert {"close", "high"} <= set(fetched.frame.columns)
    assert "no column of 'AMZN'; there are: MSFT" in reason(fetch((head + body).replace("AMZN", "MSFT"), time="Date"))


def test_many_tickers_in_one_file_of_yfinance(fetch):
    head = "Ticker,AMZN,AMZN,MSFT,MSFT\nPrice,Close,Volume,Close,Volume\nDate,,,,\n"
    other = [repr(close + 1) for close in CLOSES]
    body = lines("", DAYS, CLOSE_TEXTS, ["1"] * 11, ["", *other[1:]], ["2"] * 11).lstrip("\n")
    fetched = fetch(head + body, time="Date", symbols=["AMZN", "MSFT"], symbols_as="columns")
    assert not fetched.failures
    rows = fetched.frame.groupby("symbol")["close"].agg(list)
    assert rows["AMZN"] == CLOSES
    assert np.isnan(rows["MSFT"][0])
    assert rows["MSFT"][1:] == [close + 1 for close in CLOSES[1:]]


def test_a_decimal_comma_is_declared(fetch):
    text = PLAIN.replace(",", ";").replace(".", ",").replace("\n", "\r\n")
    assert 'set decimal = ","' in reason(fetch(text))
    assert fetch(text, decimal=",").frame["close"].tolist() == CLOSES
    both = text.replace("1288,74", "1.288,74")
    assert fetch(both, decimal=",", thousands=".").frame["close"].tolist() == CLOSES


def test_a_decimal_comma_between_commas_needs_another_separator(fetch):
    text = PLAIN.replace(".", ",")
    assert "3 fields where the header has 2; separator, decimal" in reason(fetch(text))


def test_thousands_are_declared(fetch):
    text = lines("date,close", DAYS, [f'"{10 * close:,.2f}"' for close in CLOSES])
    assert 'set thousands = ","' in reason(fetch(text))
    assert fetch(text, thousands=",").frame["close"].tolist() == [round(10 * close, 2) for close in CLOSES]
    lakhs = fetch(lines("date,close", DAYS, ['"12,34,567.5"'] * 11), thousands=",")
    assert lakhs.frame["close"].tolist() == [1234567.5] * 11
    wrong = fetch(lines("date,close", DAYS, ['"1,2345"', '"1,234.5"', *CLOSE_TEXTS[2:]]), thousands=",")
    assert wrong.rejected["reason"].tolist() == ["close is not a number: '1,2345'"]
    french = fetch(
        lines("date;close", DAYS, CLOSE_TEXTS).replace(",", ";").replace("1288.74", "1\u202f288,74").replace(".", ","),
        decimal=",",
        thousands=" ",
    )
    assert french.frame["close"].tolist() == CLOSES


def test_another_separator_is_declared_or_found(fetch):
    assert fetch(PLAIN.replace(",", "|")).frame["close"].tolist() == CLOSES
    text = PLAIN.replace(",", "~")
    assert "separator" in reason(fetch(text)) or "a message" in reason(fetch(text))
    assert fetch(text, separator="~").frame["close"].tolist() == CLOSES


def test_date_and_time_in_two_columns(fetch):
    text = lines(
        "Date;Time;temp",
        [f"{hour:%Y-%m-%d}" for hour in HOURS],
        [f"{hour:%H:%M:%S}" for hour in HOURS],
        [repr(value) for value in TEMPERATURES],
    ).replace(",", ";")
    fetched = fetch(text, time=["Date", "Time"], **HOURLY)
    assert fetched.frame["observed_at"].tolist() == HOURS.tz_localize("UTC").tolist()
    german = text.replace("2026-03-28", "28/03/2026").replace("2026-03-29", "29/03/2026")
    assert 'time_format = "%d/%m/%Y %H:%M:%S"' in reason(fetch(german, time=["Date", "Time"], **HOURLY))
    told = fetch(german, time=["Date", "Time"], time_format="%d/%m/%Y %H:%M:%S", **HOURLY)
    assert told.frame["observed_at"].tolist() == HOURS.tz_localize("UTC").tolist()


@pytest.mark.parametrize("form", ["%Y%m%d", "%d-%b-%Y", "%d.%m.%Y", "%b %d, %Y", "%d/%m/%Y"])
def test_other_dates_are_declared(fetch, form):
    text = lines("date,close", [f'"{date.fromisoformat(day).strftime(form)}"' for day in DAYS], CLOSE_TEXTS)
    assert f'time_format = "{form}"' in reason(fetch(text))
    assert observed(fetch(text, time_format=form)) == DAYS


def test_a_date_that_could_be_two_names_both_formats(fetch):
    text = lines("date,close", [date.fromisoformat(day).strftime("%d/%m/%Y") for day in DAYS[:7]], CLOSE_TEXTS[:7])
    assert 'time_format = "%d/%m/%Y" or "%m/%d/%Y"' in reason(fetch(text))


@pytest.mark.parametrize(("form", "unit"), [("unix", 1), ("unix_ms", 1000)])
def test_an_epoch_is_declared(fetch, tmp_path, make_spec, form, unit):
    stamps = [int(hour.tz_localize("UTC").timestamp()) * unit for hour in HOURS]
    text = lines("date,temp", [str(stamp) for stamp in stamps], [repr(value) for value in TEMPERATURES])
    assert f'time_format = "{form}"' in reason(fetch(text, **HOURLY))
    assert fetch(text, time_format=form, **HOURLY).frame["observed_at"].tolist() == HOURS.tz_localize("UTC").tolist()
    pd.DataFrame({"date": stamps, "temp": TEMPERATURES}).to_parquet(tmp_path / "x.parquet")
    keys = {"feed": "files", "path": str(tmp_path / "x.parquet"), **HOURLY}
    assert f'time_format = "{form}"' in reason(open_feed(make_spec("mine", **keys)).fetch(["AMZN"], SPAN))
    fetched = open_feed(make_spec("mine", **keys, time_format=form)).fetch(["AMZN"], SPAN)
    assert fetched.frame["observed_at"].tolist() == HOURS.tz_localize("UTC").tolist()


@pytest.mark.parametrize("encoding", ["gbk", "utf-16", "big5", "gb18030"])
def test_another_encoding_and_other_names_are_declared(fetch, encoding):
    text = lines("日期,收盤", DAYS, CLOSE_TEXTS) if encoding == "big5" else lines("日期,收盘", DAYS, CLOSE_TEXTS)
    body = text.encode(encoding)
    close = "收盤" if encoding == "big5" else "收盘"
    assert "encoding = " in reason(fetch(body, time="日期"))
    assert 'columns = { close = "…" } names it' in reason(fetch(body, time="日期", encoding=encoding))
    fetched = fetch(body, time="日期", encoding=encoding, columns={"close": close})
    assert fetched.frame["close"].tolist() == CLOSES


def test_a_column_a_symbol(fetch):
    text = lines("Date,AAPL,MSFT", DAYS, CLOSE_TEXTS, ["n.a.?", "", *CLOSE_TEXTS[2:]])
    fetched = fetch(text, time="Date", symbols_as="columns", symbols=["AAPL", "MSFT", "GONE"])
    assert fetched.frame[fetched.frame["symbol"] == "AAPL"]["close"].tolist() == CLOSES
    assert fetched.frame[fetched.frame["symbol"] == "MSFT"]["close"].tolist()[1:] == CLOSES[2:]
    assert fetched.rejected["symbol"].tolist() == ["MSFT"]
    assert "no column of 'GONE'; there are: AAPL, MSFT" in reason(fetched, "GONE")


def test_a_symbol_that_two_columns_bear_spoils_no_other(fetch):
    text = lines("Date,AAPL,MSFT,AAPL", DAYS, CLOSE_TEXTS, CLOSE_TEXTS, CLOSE_TEXTS[::-1])
    fetched = fetch(text, time="Date", symbols_as="columns", symbols=["AAPL", "MSFT"])
    assert fetched.frame["symbol"].unique().tolist() == ["MSFT"]
    assert fetched.frame["close"].tolist() == CLOSES
    assert reason(fetched, "AAPL").endswith("holds more than one column 'AAPL'; leave one of them")
    twice = fetch(text.replace("Date,AAPL", "Date,Date"), time="Date", symbols_as="columns", symbols=["MSFT"])
    assert "columns that are there twice: 'Date'" in reason(twice, "MSFT")


def test_one_symbol_needs_no_placeholder_and_two_do(fetch):
    assert fetch(PLAIN).frame["close"].tolist() == CLOSES
    with pytest.raises(ConfigError, match=r'symbols_as = "columns"'):
        fetch(PLAIN, symbols=["AMZN", "MSFT"])


def test_an_exchanges_own_export_with_an_ampersand(fetch):
    header = '\ufeff"Date ","series ","close ","VOLUME "'
    days = [date.fromisoformat(day).strftime('"%d-%b-%Y"') for day in DAYS]
    text = lines(header, days, ['"EQ"'] * 11, [f'"{10 * close:,.2f}"' for close in CLOSES], ['"1,000,000"'] * 11)
    keys = {"symbols": ["M&M.NS"], "time": "Date", "time_format": "%d-%b-%Y", "thousands": ","}
    fetched = fetch(text, name="M&M.NS.csv", **keys)
    assert fetched.frame["close"].tolist() == [round(10 * close, 2) for close in CLOSES]
    assert fetched.frame["volume"].tolist() == [1_000_000.0] * 11
    assert observed(fetched) == DAYS


def test_a_folder_of_parquet_parts_is_one_file(tmp_path, make_spec):
    frame = pd.DataFrame({"date": DAYS, "close": CLOSES})
    folder = tmp_path / "prices"
    for place, part in enumerate((frame.iloc[:4], frame.iloc[4:8], frame.iloc[8:])):
        (folder / f"symbol={'AMZN' if place < 2 else 'MSFT'}").mkdir(parents=True, exist_ok=True)
        part.to_parquet(folder / f"symbol={'AMZN' if place < 2 else 'MSFT'}" / f"part-0000{place}.snappy.parquet")
    (folder / "_SUCCESS").write_bytes(b"")
    (folder / "_temporary").mkdir()
    (folder / "_temporary" / "part.parquet").write_bytes(b"half")
    keys = {"feed": "files", "path": str(folder), **BARS}
    spec = make_spec("mine", **keys, symbols=["AMZN", "MSFT"], symbol_column="symbol")
    fetched = open_feed(spec).fetch(spec.symbols, SPAN)
    assert fetched.frame.groupby("symbol")["close"].agg(list).to_dict() == {"AMZN": CLOSES[:8], "MSFT": CLOSES[8:]}
    empty = tmp_path / "empty"
    empty.mkdir()
    alone = make_spec("mine", **{**keys, "path": str(empty)})
    assert "no part of a Parquet file" in reason(open_feed(alone).fetch(["AMZN"], SPAN))


def jitter(count=400):
    late = np.random.default_rng(1).integers(0, 50, count)
    at = pd.date_range("2026-01-01", periods=count, freq="5min") + pd.to_timedelta(late, unit="s")
    return at, [round(20 + float(np.sin(step / 20)), 3) for step in range(count)]


def test_times_that_keep_to_no_grid_are_refused_with_the_key_and_resampled_with_it(fetch):
    at, values = jitter()
    text = lines("date,temp", [f"{each:%Y-%m-%d %H:%M:%S}" for each in at], [repr(value) for value in values])
    keys = {**HOURLY, "calendar": "5min"}
    assert "keep to no grid of 5min" in reason(fetch(text, **keys))
    assert 'resample = "mean" or "last"' in reason(fetch(text, **keys))
    for how in ("mean", "last"):
        for calendar in ("5min", "15min", "1h"):
            fetched = fetch(text, **{**keys, "calendar": calendar}, resample=how)
            wanted = pd.Series(values, index=at.tz_localize("UTC")).resample(calendar).agg(how)
            assert fetched.frame["temp"].to_list() == pytest.approx(wanted.to_list(), rel=1e-12)
            assert fetched.frame["observed_at"].tolist() == wanted.index.tolist()
            step = pd.Timedelta(calendar)
            assert (fetched.frame["available_at"] == fetched.frame["observed_at"] + step).all()


def test_a_calendar_that_is_too_wide_names_the_one_that_the_times_keep_to(fetch):
    at = pd.date_range("2026-01-01", periods=400, freq="15min")
    text = lines("date,temp", [f"{each:%Y-%m-%d %H:%M:%S}" for each in at], ["1.5"] * 400)
    assert 'calendar = "15min" takes them as they are' in reason(fetch(text, **HOURLY))


def test_readings_become_days_weeks_and_months(fetch):
    at, values = jitter(6000)
    text = lines("date,temp", [f"{each:%Y-%m-%d %H:%M:%S}" for each in at], [repr(value) for value in values])
    for calendar, rule in {"1D": "D", "W-FRI": "W-FRI", "MS": "MS"}.items():
        fetched = fetch(text, **{**HOURLY, "calendar": calendar}, resample="last")
        wanted = pd.Series(values, index=at).resample(rule).last()
        assert fetched.frame["temp"].to_list() == wanted.to_list()
        assert fetched.frame["observed_at"].tolist() == wanted.index.tz_localize("UTC").tolist()
        assert (fetched.frame["available_at"] >= fetched.frame["observed_at"] + timedelta(days=1)).all()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"encoding": "klingon"}, "an encoding is one that Python knows"),
        ({"encoding": "base64"}, "an encoding is one that Python knows"),
        ({"time_format": "%H:%M"}, "with year, month and day"),
        ({"time_format": "today"}, "with year, month and day"),
        ({"separator": ";;"}, "separator"),
        ({"thousands": "."}, "must differ"),
        ({"time": []}, "time is a column"),
        ({"symbols_as": "rows"}, "symbols_as"),
        ({"symbols_as": "columns", "symbol_column": "x"}, "no symbol_column"),
        ({"resample": "sum"}, "resample"),
    ],
)
def test_a_key_that_means_nothing_is_refused(fetch, keys, words):
    with pytest.raises(ConfigError, match=words) as refused:
        fetch(PLAIN, **keys)
    assert len(str(refused.value)) <= 500


CASE_KEYS = {
    "plain_MC.PA.csv": {"calendar": "XPAR", "time": "Date"},
    "offset_midnight_MC.PA.csv": {"calendar": "XPAR", "time": "Date"},
    "offset_midnight_MC.PA.parquet": {"calendar": "XPAR", "time": "Date"},
    "XSHG_600519.SS.csv": {"calendar": "XSHG"},
    "XBOM_RELIANCE.BO.csv": {"calendar": "XBOM"},
    "meter.csv": {"calendar": "1h", "target": "kwh", "features": ["kwh"]},
    "postgres_copy.csv": HOURLY,
    "nanoseconds.csv": HOURLY,
    "excel_empty_columns.csv": {},
    "yfinance_header.csv": {"symbols": ["MSFT"], "time": "Date"},
    "decimal_comma.csv": {"decimal": ","},
    "date_and_time.csv": {
        "calendar": "1h",
        "target": "global_active_power",
        "features": ["global_active_power"],
        "time": ["Date", "Time"],
    },
    "compact_dates_600519.csv": {"calendar": "XSHG", "time": "trade_date", "time_format": "%Y%m%d"},
    "gbk_600519.csv": {"calendar": "XSHG", "time": "日期", "encoding": "gbk", "columns": {"close": "收盘"}},
    "wide.csv": {"symbols": ["AAPL", "MSFT", "SPY"], "time": "Date", "symbols_as": "columns"},
    "M&M.NS.csv": {
        "calendar": "XBOM",
        "symbols": ["M&M.NS"],
        "time": "Date",
        "time_format": "%d-%b-%Y",
        "thousands": ",",
    },
    "pegged_USDAED.csv": {"calendar": "B"},
}


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("name", CASE_KEYS)
def test_the_cases_files_are_read_whole(make_spec, name):
    if not CASES.exists():
        pytest.skip("needs ../shared/data/cases")
    spec = make_spec("mine", feed="files", **{"path": str(CASES / name), **BARS, **CASE_KEYS[name]})
    fetched = open_feed(spec).fetch(spec.symbols, SPAN)
    assert not fetched.failures
    assert fetched.rejected.empty
    judged = inspect(fetched.frame, spec=spec)
    assert len(judged.set_aside) <= 0.1 * len(fetched.frame), judged.set_aside["reason"].value_counts()
