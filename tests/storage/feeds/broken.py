"""What the corpus of broken answers is made of: good answers, ways to break them, and words for what must happen."""

import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd

from daycast.storage.feeds.ett import COLUMNS
from daycast.storage.terms.errors import FeedError, FeedRefused

DAYS = pd.bdate_range("2020-01-02", periods=12)  # to 2020-01-17: no holiday of XNYS lies in them
CLOSES = [94.900497, 93.748497, 95.143997, 95.343002, 94.598503, 95.052498, 94.157997, 94.565002, 93.472, 93.100998]
CLOSES += [93.897003, 93.236]
HOURS = pd.date_range("2016-07-01", periods=12, freq="h")
OILS = [30.531, 27.787, 27.787, 25.044, 21.948, 21.174, 22.792, 23.144, 21.667, 17.446, 19.979, 20.119]

Body = bytes | str | Callable[[], Iterator[bytes]]


@dataclass(frozen=True, kw_only=True)
class Said:
    """An answer over HTTP that is more than a body with status 200."""

    body: Body = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    drip: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Nothing of the answer is taken: the error, and a part of its message."""

    says: str
    error: type[FeedError] = FeedRefused


@dataclass(frozen=True, kw_only=True)
class Rows:
    """How many rows are good, how many are set aside by (a part of) the reason, and what is reported."""

    good: int
    aside: Mapping[str, int] = field(default_factory=dict)
    findings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One broken answer.

    Attributes:
        name: of the case.
        feed: ``yahoo``, ``fred``, ``ett`` (by URL), ``ett file``, ``csv`` or ``parquet``.
        answer: what comes.
        must: what must happen.
        keys: of the pipeline, beside what the feed needs.
    """

    name: str
    feed: str
    answer: bytes | str | Said
    must: Refused | Rows
    keys: Mapping[str, Any] = field(default_factory=dict)


# --- good answers, to be broken ---------------------------------------------------------------------------------


def csv_lines() -> list[str]:
    """A CSV of bars: the header, then twelve sessions."""
    rows = [f"{day:%Y-%m-%d},{close - 1:.6f},{close!r},{80000 + place}" for place, (day, close) in bars()]
    return ["date,open,close,volume", *rows]


def fred_lines(name: str = "SP500") -> list[str]:
    """FRED's CSV."""
    return [f"observation_date,{name}", *(f"{day:%Y-%m-%d},{close!r}" for _, (day, close) in bars())]


def ett_lines() -> list[str]:
    """A CSV as ETTh1's: the header, then twelve hours."""
    rows = [f"{at:%Y-%m-%d %H:%M:%S},5.8,2.0,1.6,0.5,4.2,1.3,{oil!r}" for at, oil in zip(HOURS, OILS, strict=True)]
    return [f"date,{','.join(COLUMNS)}", *rows]


def text(lines: list[str]) -> str:
    """Lines as a file."""
    return "\n".join(lines) + "\n"


def chart(symbol: str = "AMZN", *, close: Any = CLOSES, days: Any = DAYS, **changes: Any) -> dict[str, Any]:
    """A chart as Yahoo's JSON has it."""
    stamps = [int(pd.Timestamp(f"{day:%Y-%m-%d} 09:30", tz="America/New_York").timestamp()) for day in days]
    period = {"timezone": "EST", "start": 1578061800, "end": 1578085200, "gmtoffset": -18000}
    meta = {
        "symbol": symbol,
        "currency": "USD",
        "instrumentType": "EQUITY",
        "dataGranularity": "1d",
        "priceHint": 2,
        "exchangeTimezoneName": "America/New_York",
        "timezone": "EST",
        "gmtoffset": -18000,
        "validRanges": ["1d"],
        "currentTradingPeriod": {"pre": period, "regular": period, "post": period},
    }
    prices = {name: list(close) for name in ("open", "high", "low", "close")}
    volume = [80000 + place for place in range(len(stamps))]
    adjusted = [{"adjclose": list(close)}]
    return {
        "meta": meta,
        "timestamp": stamps,
        "indicators": {"quote": [{**prices, "volume": volume}], "adjclose": adjusted},
        **changes,
    }


def said(result: Any = None, **error: Any) -> str:
    """A chart in Yahoo's envelope."""
    return json.dumps({"chart": {"result": None if result is None else [result], "error": error or None}})


def bars() -> Iterator[tuple[int, tuple[pd.Timestamp, float]]]:
    """Place, day and close of each bar."""
    return enumerate(zip(DAYS, CLOSES, strict=True))


def frame(**columns: Any) -> pd.DataFrame:
    """A table of bars for Parquet."""
    return pd.DataFrame({"date": DAYS, "close": CLOSES} | columns)


def parquet(table: pd.DataFrame, **options: Any) -> bytes:
    """A table as a Parquet file's bytes."""
    file = io.BytesIO()
    table.to_parquet(file, index=False, **options)
    return file.getvalue()


# --- ways to break them -----------------------------------------------------------------------------------------


def with_line(lines: list[str], at: int, *new: str) -> str:
    """The lines with others in the place of one."""
    return text([*lines[:at], *new, *lines[at + 1 :]])


def insert(lines: list[str], at: int, *new: str) -> str:
    """The lines with others between them."""
    return text([*lines[:at], *new, *lines[at:]])


def field_of(lines: list[str], at: int, place: int, value: str) -> str:
    """The lines with one field replaced."""
    fields = lines[at].split(",")
    return with_line(lines, at, ",".join([*fields[:place], value, *fields[place + 1 :]]))


def changed(place: int, value: Any, *, names: tuple[str, ...] = ("open", "high", "low", "close")) -> str:
    """A chart with a value replaced in the columns named."""
    made = chart()
    for name in names:
        made["indicators"]["quote"][0][name][place] = value
    made["indicators"]["adjclose"][0]["adjclose"][place] = value
    return said(made)


def dropped(name: str) -> str:
    """A chart with one value missing from a list."""
    made = chart()
    (made if name == "timestamp" else made["indicators"]["quote"][0])[name].pop(3)
    return said(made)


def endless(head: str, *, size: int = 2 * 1024**3) -> Callable[[], Iterator[bytes]]:
    """A body of 2 GB, made as it is sent."""

    def pieces() -> Iterator[bytes]:
        yield head.encode()
        for _ in range(size // 65536):
            yield b"7" * 65536

    return pieces


@cache
def bomb(layers: int = 1, *, size: int = 60_000_000) -> bytes:
    """Zeros, compressed, and compressed again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = b"".join([*(packer.compress(b"0" * 1_000_000) for _ in range(size // 1_000_000)), packer.flush()])
    for _ in range(layers - 1):
        data = gzip.compress(data)
    return data


def ten_years_twice() -> str:
    """Ten years of sessions, the whole file sent two times over."""
    days = pd.bdate_range("2010-01-04", "2019-12-31")
    rows = [f"{day:%Y-%m-%d},{50 + place / 100:.2f}" for place, day in enumerate(days)]
    return text(["date,close", *rows]) * 2


CSV, FRED, ETT = csv_lines(), fred_lines(), ett_lines()
HTML = "<!DOCTYPE html><html><head><title>Just a moment…</title></head><body>Too many requests</body></html>"
YAHOO_ERROR = '{"finance": {"result": null, "error": {"code": "Unauthorized", "description": "Invalid Cookie"}}}'


def one_bad(reason: str, findings: Mapping[str, int]) -> Rows:
    """All rows but one."""
    return Rows(good=11, aside={reason: 1}, findings=findings)
