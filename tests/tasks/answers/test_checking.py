"""What ``daycast check`` finds, and the table that it ends with: the first thing that a new user types."""

import tomllib
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from daycast.flows.command.check_command import lines as told
from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.tasks.answers.checking import check

AT = datetime(2026, 11, 24, 22, tzinfo=UTC)
DAYS = [f"{day:%Y-%m-%d}" for day in pd.bdate_range("2025-01-01", "2026-11-20")]
CLOSES = [round(100 + place % 7 + place / 10, 2) for place in range(len(DAYS))]
TABLE = {
    "feed": "files",
    "symbols": ["AMZN"],
    "target": "close",
    "features": ["close"],
    "calendar": "B",
    "lookback": 10,
    "horizon": 2,
}


@pytest.fixture
def checked(tmp_path):
    """Checks a file with a plain pipeline, and gives what was found and what the advised table says of it."""

    def ask(content, *, name="AMZN.csv", **keys):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        before = sorted(tmp_path.rglob("*"))
        spec = parse_pipeline("mine", {**TABLE, "path": str(tmp_path / name), **keys})
        found = check(spec, at=AT)
        assert sorted(tmp_path.rglob("*")) == before, "nothing is written"
        if not found.advice:
            return found, None, {}
        (pair,) = tomllib.loads(found.advice).items()
        again = check(parse_pipeline(*pair), at=AT)
        told = {key: value for key, value in pair[1].items() if key not in spec.model_fields_set | {"columns"}}
        return found, again, {**told, **({"columns": pair[1]["columns"]} if "columns" in pair[1] else {})}

    return ask


def lines(header, *columns):
    return "\n".join([header, *(",".join(map(str, row)) for row in zip(*columns, strict=True)), ""])


PLAIN = lines("date,close", DAYS, CLOSES)


def test_a_plain_file_is_good(checked):
    found, _, _ = checked(PLAIN)
    (series,) = found.series
    assert found.good
    assert (series.rows, series.missing, series.windows) == (len(DAYS), 0, len(DAYS) - 10 - 2 + 1)
    assert (f"{series.first:%Y-%m-%d}", f"{series.last:%Y-%m-%d}") == (DAYS[0], DAYS[-1])
    assert found.advice == ""


def test_rows_of_no_symbol_are_told_beside_the_symbols(checked):
    rows = PLAIN.replace("date,close", "date,symbol,close").replace(",1", ",AMZN,1")
    found, _, _ = checked(f"{rows}2026-11-23,AMZN,1", symbol_column="symbol")  # without a line end
    assert found.series[0].set_aside == {}
    assert list(found.set_aside.values()) == [1]
    assert "of no symbol: set aside: 1 row, the last line does not end" in "\n".join(told(found))


def test_what_stands_for_no_value_is_told_or_set_aside(checked):
    found, _, _ = checked(PLAIN.replace(f"{DAYS[30]},{CLOSES[30]}", f"{DAYS[30]},-9999"))
    (finding,) = found.series[0].findings
    assert finding.startswith(f"1 value of close far from all others, as what stands for no value is ({DAYS[30]}")
    found, _, _ = checked(PLAIN.replace(f"{DAYS[30]},{CLOSES[30]}", f"{DAYS[30]},-3.4028235e38"))
    assert found.series[0].set_aside == {"close is beyond 1e30, as what stands for no value often is": 1}
    grown = [round(1.01**place, 4) for place in range(len(DAYS))]
    found, _, _ = checked(lines("date,close", DAYS, grown))
    assert found.series[0].findings == ()


def test_gaps_and_rows_set_aside_are_counted(checked):
    rows = PLAIN.splitlines(keepends=True)
    text = "".join([*rows[:20], *rows[25:40], rows[40].replace(DAYS[39], "2025-03-01"), *rows[41:]])
    found, _, _ = checked(text)
    (series,) = found.series
    assert (series.missing, series.longest) == (6, 5)
    assert series.set_aside == {"there is no such instant in the calendar B": 1}


@pytest.mark.parametrize(
    ("content", "keys", "told"),
    [
        (PLAIN.replace(",", ";").replace(".", ","), {}, {"decimal": ","}),
        (PLAIN.replace(",", "~"), {}, {"separator": "~"}),
        (
            PLAIN.replace("date,close", "日期,收盘").encode("gbk"),
            {},
            {"encoding": "gbk", "time": "日期", "columns": {"close": "收盘"}},
        ),
        (PLAIN.replace("close", "收盘").encode("utf-16"), {}, {"encoding": "utf-16", "columns": {"close": "收盘"}}),
        (
            lines("trade_date,close", [day.replace("-", "") for day in DAYS], CLOSES),
            {},
            {"time": "trade_date", "time_format": "%Y%m%d"},
        ),
        (
            lines(
                "Date,close",
                [date.fromisoformat(day).strftime("%d-%b-%Y") for day in DAYS],
                [f'"{100 * close:,.2f}"' for close in CLOSES],
            ),
            {},
            {"time_format": "%d-%b-%Y", "thousands": ","},
        ),
        (
            lines("Date,AMZN,MSFT", DAYS, CLOSES, CLOSES),
            {},
            {"symbols_as": "columns"},
        ),
        (lines(",close", DAYS, CLOSES), {}, {"time": ""}),
        (lines("Date,kwh", DAYS, CLOSES), {}, {"columns": {"close": "kwh"}}),
        (
            lines("Date;Time;kwh", [day[:10] for day in DAYS], ["12:00:00"] * len(DAYS), CLOSES).replace(",", ";"),
            {},
            {"time": ["Date", "Time"], "columns": {"close": "kwh"}},
        ),
    ],
)
def test_the_table_at_the_end_reads_the_file(checked, content, keys, told):
    found, again, said = checked(content, **keys)
    assert not found.good
    assert again.good, again
    assert again.series[0].rows == len(DAYS)
    assert said == told


def test_times_that_keep_to_another_grid_name_it(checked):
    at = pd.date_range("2026-01-01", periods=600, freq="15min")
    found, again, said = checked(lines("date,close", at.strftime("%Y-%m-%d %H:%M:%S"), [1.5, 2.5] * 300), calendar="1h")
    assert "keep to no grid of 1h" in found.series[0].trouble
    assert again.good
    assert tomllib.loads(found.advice)["mine"]["calendar"] == "15min"
    assert said == {}


def test_a_sensor_that_is_late_is_resampled(checked):
    at = pd.date_range("2026-01-01", periods=600, freq="1h") + pd.to_timedelta(
        [(7 * step) % 50 for step in range(600)], "s"
    )
    found, again, said = checked(lines("date,close", at.strftime("%Y-%m-%d %H:%M:%S"), [1.5, 2.5] * 300), calendar="1h")
    assert said == {"resample": "mean"}
    assert again.good
    assert not found.good


def test_a_series_that_is_too_short_says_what_a_window_takes(checked):
    found, _, _ = checked("".join(PLAIN.splitlines(keepends=True)[:8]))
    assert not found.good
    assert "a window takes 12 instants in a row" in found.series[0].trouble


def test_a_file_that_is_not_there_is_named(tmp_path):
    spec = parse_pipeline("mine", {**TABLE, "path": str(tmp_path / "none.csv")})
    found = check(spec, at=AT)
    assert "there is no file" in found.series[0].trouble


@pytest.mark.parametrize("clock", ["", " 03:00:00", "T03:00Z"])
def test_rows_without_a_header_ask_for_one_and_none_is_taken_for_it(checked, clock):
    found, _, _ = checked(lines("date,close", [f"{day}{clock}" for day in DAYS], CLOSES).removeprefix("date,close\n"))
    assert "the first line is data" in found.series[0].trouble
    assert "put a line with the names of the columns above it" in found.series[0].trouble
    assert found.advice == ""


def test_a_clock_of_twelve_hours_beside_an_iso_date_is_told(checked):
    days = [f"{day} 03:00 PM" for day in DAYS]
    _, _, told = checked(lines("time,close", days, CLOSES))
    assert told["time_format"] == "%Y-%m-%d %I:%M %p"


def test_no_key_is_advised_that_does_not_help(checked):
    found, _, _ = checked(lines("date,close", DAYS, [f'"${close:,}"' for close in CLOSES]))
    assert "close is not a number: '$10" in found.series[0].trouble
    assert "thousands" not in found.series[0].trouble + found.advice


def test_symbols_that_are_numbers_are_no_data(checked):
    """As Shanghai, Hong Kong and Tokyo have them: a column a symbol."""
    wide = lines("交易日期,600519,000001", DAYS, CLOSES, CLOSES)
    found, again, told = checked(wide, symbols=["600519", "000001"], symbols_as="columns")
    assert "first line is data" not in found.series[0].trouble
    assert told == {"time": "交易日期"}
    assert [each.rows for each in again.series] == [len(DAYS)] * 2


def test_a_word_among_the_numbers_hides_no_key(checked):
    written = [f'"{1000 * close:,.2f}"' for close in CLOSES]
    written[3:5] = ["n/a", "halted"]
    _, again, told = checked(lines("date,close", DAYS, written))
    assert told == {"thousands": ","}
    assert again.series[0].rows == len(DAYS) - 2
