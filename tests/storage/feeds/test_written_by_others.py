"""What pandas, polars, DuckDB, PostgreSQL, a spreadsheet and yfinance write from one frame comes back as that frame.

Or it is refused with the key that settles it, and comes back with that key. Never is a value another one, and never
does it stand at another instant.
"""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb
import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.feeds.catalog import open_feed
from daycast.storage.feeds.feed import Span

SPAN = Span(start=None, end=datetime(2200, 1, 1, tzinfo=UTC))
ZONES = (
    None,
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "America/St_Johns",
    "Africa/Casablanca",
)
VALUES = st.floats(allow_nan=False, allow_infinity=False, width=64)
Write = Callable[[pd.DataFrame], str]


@dataclass(frozen=True)
class Written:
    """A frame of observations: its index of times, naive or aware, and whether they are days."""

    frame: pd.DataFrame
    days: bool

    @property
    def instants(self) -> list[pd.Timestamp]:
        """Where each row belongs: a day at 00:00 UTC of its own date."""
        index = pd.DatetimeIndex(self.frame.index)
        if self.days:
            wall = index if index.tz is None else index.tz_localize(None)
            return wall.normalize().tz_localize("UTC").tolist()
        return (index.tz_localize("UTC") if index.tz is None else index.tz_convert("UTC")).tolist()


@st.composite
def frames(draw: Any) -> Written:
    """Days as local midnights, or hours, in any zone."""
    days, zone = draw(st.booleans()), draw(st.sampled_from(ZONES))
    count = draw(st.integers(2, 40))
    start = pd.Timestamp("1975-01-01") + pd.Timedelta(hours=draw(st.integers(0, 24 * 365 * 60)))
    if days:
        index = pd.date_range(start.normalize(), periods=count, freq="D")
        index = index if zone is None else index.tz_localize(zone, ambiguous=True, nonexistent="NaT")
    else:
        index = pd.date_range(start, periods=count, freq="h", tz=None if zone is None else "UTC")
        index = index if zone is None else index.tz_convert(zone)
    values = draw(st.lists(VALUES, min_size=count, max_size=count))
    frame = pd.DataFrame({"close": values}, index=index.as_unit("us").rename("date"))
    return Written(frame=frame[frame.index.notna()], days=days)


def by_pandas(frame: pd.DataFrame) -> str:
    return frame.to_csv()


def by_pandas_without_a_name(frame: pd.DataFrame) -> str:
    return frame.rename_axis(None).to_csv()


def by_pandas_with_a_number_a_row(frame: pd.DataFrame) -> str:
    return frame.reset_index().to_csv()


def by_polars(frame: pd.DataFrame) -> str:
    return pl.from_pandas(frame.reset_index()).write_csv()


def by_duckdb(frame: pd.DataFrame) -> str:
    """``COPY`` of a table with a time of its own kind; DuckDB writes aware times in the session's zone."""
    table, zone = frame.reset_index(), frame.index.tz
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = '{zone or 'UTC'}'")
        connection.register("bars", table)
        rows = connection.execute("SELECT date::VARCHAR, close::VARCHAR FROM bars").fetchall()
    return "\n".join(["date,close", *(",".join(row) for row in rows), ""])


def by_postgresql(frame: pd.DataFrame) -> str:
    """As ``COPY … CSV HEADER`` writes timestamps and doubles: the shortest offset, a blank for the T."""

    def stamp(at: pd.Timestamp) -> str:
        return re.sub(r":00$", "", str(at)) if at.tzinfo else str(at)

    rows = [f"{stamp(at)},{value!r}" for at, value in zip(frame.index, frame["close"].tolist(), strict=True)]
    return "\n".join(["date,close", *rows, ""])


def by_a_spreadsheet(frame: pd.DataFrame) -> str:
    """Through a workbook, which knows no zones: its cells' texts, a byte order mark, CRLF, empty columns beside."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["date", "close"])
    for at, value in zip(frame.index, frame["close"].tolist(), strict=True):
        sheet.append([at.isoformat(sep=" "), value])
    file = io.BytesIO()
    book.save(file)
    out = io.StringIO()
    csv.writer(out).writerows([*row, None] for row in openpyxl.load_workbook(file).active.iter_rows(values_only=True))
    return "\ufeff" + out.getvalue()


def by_a_german_spreadsheet(frame: pd.DataFrame) -> str:
    rows = [f"{at};{value!r}".replace(".", ",") if "." not in str(at) else "" for at, value in frame["close"].items()]
    return "\r\n".join(["date;close", *rows, ""])


def by_yfinance(frame: pd.DataFrame) -> str:
    wide = frame.rename(columns={"close": "Close"})
    wide.columns = pd.MultiIndex.from_product([["Close"], ["AMZN"]], names=["Price", "Ticker"])
    return wide.rename_axis("Date").to_csv()


WRITERS: dict[Write, dict[str, Any]] = {
    by_pandas: {},
    by_pandas_without_a_name: {"time": ""},
    by_pandas_with_a_number_a_row: {},
    by_polars: {},
    by_duckdb: {},
    by_postgresql: {},
    by_a_spreadsheet: {},
    by_a_german_spreadsheet: {"decimal": ","},
    by_yfinance: {},
}
"""Each with the keys that it needs."""
KEPT: dict[Write, Callable[[float], float]] = {by_a_spreadsheet: lambda value: float(f"{value:.16g}")}
"""What a writer keeps of a number, where it does not keep all of it: a workbook holds sixteen digits."""


def fetch(folder, text: str, *, days: bool, **keys: Any):
    (folder / "AMZN.csv").write_text(text, newline="")
    table = {"feed": "files", "symbols": ["AMZN"], "target": "close", "features": ["close"], "lookback": 2}
    table |= {"horizon": 1, "calendar": "1D" if days else "1h", "path": str(folder / "AMZN.csv"), **keys}
    spec = parse_pipeline("mine", table)
    return open_feed(spec).fetch(spec.symbols, SPAN)


@pytest.mark.slow
@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=frames())
def test_what_others_write_comes_back(write, tmp_path, written):
    fetched = fetch(tmp_path, write(written.frame), days=written.days, **WRITERS[write])
    if fetched.failures and "timezone = " in str(fetched.failures["AMZN"]):
        assert written.days, "only days that were turned into UTC are a guess"
        zone = str(written.frame.index.tz)
        fetched = fetch(tmp_path, write(written.frame), days=True, timezone=zone, **WRITERS[write])
    assert not fetched.failures
    assert fetched.rejected.empty, fetched.rejected["reason"].iloc[0]
    got = dict(zip(fetched.frame["observed_at"].tolist(), fetched.frame["close"].tolist(), strict=True))
    assert got == dict(zip(written.instants, map(KEPT.get(write, float), written.frame["close"].tolist()), strict=True))


@pytest.mark.parametrize("write", [write for write, keys in WRITERS.items() if keys], ids=lambda write: write.__name__)
def test_what_needs_a_key_is_refused_with_it(write, tmp_path):
    index = pd.date_range("2026-01-01", periods=20, freq="D", name="date")
    frame = pd.DataFrame({"close": np.arange(20) / 8 + 1.5}, index=index)
    fetched = fetch(tmp_path, write(frame), days=True)
    (key,) = WRITERS[write]
    assert f"{key} " in str(fetched.failures["AMZN"]) or f"set {key}" in str(fetched.failures["AMZN"])
