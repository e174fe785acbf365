"""Broken CSV files, each with what must happen."""

import gzip
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from tests.storage.feeds.broken import (
    CLOSES,
    CSV,
    HTML,
    YAHOO_ERROR,
    Case,
    Refused,
    Rows,
    bars,
    field_of,
    insert,
    one_bad,
    ten_years_twice,
    text,
    with_line,
)

_HOLIDAYS = {"no such instant in the calendar": 2 * 91, "a header among the rows": 1}
_MISSING = {"missing_instants": 1}


def _case(name: str, answer: bytes | str, must: Refused | Rows, **keys: Any) -> Case:
    return Case(feed="csv", name=name, answer=answer, must=must, keys=keys)


def bodies() -> Iterator[Case]:
    """Files that are no table, or that hold something else besides."""
    yield _case("an empty file", "", Refused(says="an empty answer"))
    yield _case("blank lines alone", "\n\n \n", Refused(says="an empty answer"))
    yield _case("a header alone", text(CSV[:1]), Refused(says="a header alone"))
    yield _case("no header", text(CSV[1:]), Refused(says="no header with the column 'date'"))
    yield _case("a header without the target", text(CSV).replace("close", "last"), Refused(says="no column 'close'"))
    yield _case("a header with a column twice", text(CSV).replace("open", "close"), Refused(says="there twice"))
    yield _case("an HTML page", HTML, Refused(says="an HTML page instead of data: 'Just a moment…'"))
    yield _case("a JSON error", YAHOO_ERROR, Refused(says="a JSON answer instead of a table"))
    yield _case("a message", "Exceeded the daily hits limit", Refused(says="a message instead of data"))
    yield _case(
        "compressed", gzip.compress(text(CSV).encode()), Refused(says="a gzip file, which is no UTF-8 text; unpack it")
    )
    yield _case("a workbook", b"PK\x03\x04\xff" * 9, Refused(says="a workbook of a spreadsheet or"))
    yield _case("another encoding", text(CSV).encode("utf-16"), Refused(says="no UTF-8 text"))
    yield _case("zero bytes in it", text(CSV).encode().replace(b"95.", b"\x00\x00."), Refused(says="no UTF-8 text"))
    yield _case("a bad byte", text(CSV).encode().replace(b"95.1", b"95\xff1"), Refused(says="no UTF-8 text"))
    yield _case(
        "an HTML body among the rows",
        insert(CSV, 5, *HTML.replace("><", ">\n<").splitlines()),
        Rows(good=12, aside={"fields where the header has 4": 7}),
    )
    yield _case("a JSON error in front", YAHOO_ERROR + "\n" + text(CSV), Rows(good=12, aside={"before the": 1}))
    yield _case("a message after the rows", text([*CSV, "No data"]), Rows(good=12, aside={"1 fields": 1}))
    yield _case("a header among the rows", insert(CSV, 6, CSV[0]), Rows(good=12, aside={"a header among the rows": 1}))
    yield _case(
        "cut in the middle of a number",
        text(CSV)[:-4],
        Rows(good=11, aside={"may be cut in the middle of a number": 1}),
    )
    yield _case(
        "cut in the middle of a date",
        text(CSV[:7]) + "2020-01-",
        Rows(good=6, aside={"the last line does not end": 1}),
    )


def numbers() -> Iterator[Case]:
    """Numbers that are none."""
    yield _case(
        "a line end in a number",
        text([",".join(line.split(",")[::2]) for line in CSV]).replace("95.143997", "95.1\n43997"),
        Rows(good=11, aside={"rest of its last number": 1, "1 fields": 1}, findings=_MISSING),
    )
    yield _case(
        "a control character in a number",
        text(CSV).replace("95.143997", "95.1\x1c3997"),
        Rows(good=11, aside={"control characters": 1}, findings=_MISSING),
    )
    yield _case(
        "a line separator of Unicode in a number",
        text([",".join(line.split(",")[::2]) for line in CSV]).replace("95.143997", "95.1\u20283997"),
        Rows(good=11, aside={"control characters": 1}, findings=_MISSING),
    )
    yield _case(
        "a comma for the point",
        field_of(CSV, 3, 2, '"95,143997"'),
        Rows(good=11, aside={"close is not a number: '95,143997'": 1}, findings=_MISSING),
    )
    yield _case(
        "an unquoted comma for the point",
        field_of(CSV, 3, 2, "95,143997"),
        Rows(good=11, aside={"5 fields where the header has 4": 1}, findings=_MISSING),
    )
    yield _case(
        "thousands", field_of(CSV, 3, 2, '"1,095.14"'), Rows(good=11, aside={"not a number": 1}, findings=_MISSING)
    )
    yield _case("a unit", field_of(CSV, 3, 2, "95.14 USD"), Rows(good=11, aside={"not a number": 1}, findings=_MISSING))
    yield _case("a sign", field_of(CSV, 3, 2, "$95.14"), Rows(good=11, aside={"not a number": 1}, findings=_MISSING))
    yield _case("Arabic digits", field_of(CSV, 3, 2, "٩٥"), Rows(good=11, aside={"not a number": 1}, findings=_MISSING))
    yield _case("hexadecimal", field_of(CSV, 3, 2, "0x5f"), Rows(good=11, aside={"not a number": 1}, findings=_MISSING))
    yield _case("a formula", field_of(CSV, 3, 2, "=1+1"), Rows(good=11, aside={"not a number": 1}, findings=_MISSING))
    yield _case(
        "a quote that does not end",
        field_of(CSV, 3, 2, '"95.143997'),
        Rows(good=11, aside={"0 fields": 1}, findings=_MISSING),
    )
    yield _case(
        "a quote in a number",
        field_of(CSV, 3, 2, '"95.1"43997'),
        Rows(good=11, aside={"0 fields": 1}, findings=_MISSING),
    )
    yield _case(
        "a field beyond all measure",
        field_of(CSV, 3, 1, '"' + "9" * 200_000 + '"'),
        Rows(good=11, aside={"0 fields": 1}, findings=_MISSING),
    )
    for word in ("", "null", "NaN", "N/A", "#N/A", "."):
        yield _case(
            f"a missing value written {word!r}",
            field_of(CSV, 3, 2, word),
            Rows(good=11, aside={"close is missing": 1}, findings=_MISSING),
        )
    for word in ("inf", "-Infinity", "1e999"):
        yield _case(
            f"an infinite value written {word!r}",
            field_of(CSV, 3, 2, word),
            Rows(good=11, aside={"close is not finite": 1}, findings=_MISSING),
        )
    for word in ("0", "0.000", "-95.14", "-0.0"):
        yield _case(
            f"a price of {word}",
            field_of(CSV, 3, 2, word),
            Rows(good=11, aside={"close is not positive": 1}, findings=_MISSING),
            difference="log",
        )


def rows() -> Iterator[Case]:
    """Rows that contradict, repeat or mislead."""
    for name in ("available_at", "observed_at", "basis", "fetched_at"):
        named = [f"{line},{7 if place else name}" for place, line in enumerate(CSV)]
        yield _case(f"a column named {name}", text(named), Rows(good=12))
    both = [f"{line},{'AMZN,AMZN' if place else 'symbol,ticker'}" for place, line in enumerate(CSV)]
    yield _case("two columns of symbols", text(both), Rows(good=12))
    yield _case("numbers in quotes", text([CSV[0], *_quoted()]), Rows(good=12))
    yield _case("ten years twice", ten_years_twice(), Rows(good=2516, aside=_HOLIDAYS, findings={"duplicate": 2516}))
    yield _case(
        "every row twice",
        text([CSV[0], *CSV[1:], *CSV[1:]]),
        Rows(good=12, findings={"duplicate": 12}),
    )
    yield _case(
        "two rows of a date that differ",
        insert(CSV, 4, CSV[3].replace("95.143997", "95.2")),
        Rows(good=11, aside={"another row of the same instant says otherwise": 2}, findings=_MISSING),
    )
    yield _case(
        "two rows of a date, one without a value",
        insert(CSV, 4, CSV[3].replace("95.143997", "null")),
        Rows(good=12, aside={"close is missing": 1}),
    )
    yield _case("backwards", text([CSV[0], *CSV[:0:-1]]), Rows(good=12))
    yield _case(
        "rows of another ticker",
        _tickers({3: "AAPL", 9: "AAPL"}),
        Rows(good=10, aside={"a row of another symbol": 2}, findings={"missing_instants": 2}),
    )
    yield _case(
        "nothing but another ticker", _tickers(dict.fromkeys(range(1, 13), "AAPL")), Refused(says="holds no row of it")
    )
    yield _case("dates of a spreadsheet", text(CSV).replace("2020-01-", "1/2020/"), Refused(says="not ISO 8601"))
    yield _case(
        "one date of a spreadsheet",
        field_of(CSV, 3, 0, "1/6/2020 0:00"),
        Rows(good=11, aside={"not ISO 8601": 1}, findings=_MISSING),
    )
    yield _case("serial numbers of a spreadsheet", text(CSV).replace("2020-01-", "438"), Refused(says="not ISO 8601"))
    yield _case("a day that does not exist", field_of(CSV, 3, 0, "2020-02-30"), one_bad("no such time", _MISSING))
    yield _case("the year 0001", field_of(CSV, 3, 0, "0001-01-06"), one_bad("no such time", _MISSING))
    yield _case("the year 9999", field_of(CSV, 3, 0, "9999-01-06"), one_bad("no such time", _MISSING))
    yield _case("a Sunday", field_of(CSV, 3, 0, "2020-01-05"), one_bad("no such instant in the calendar", _MISSING))
    yield _case("a missing date", field_of(CSV, 3, 0, ""), one_bad("the time is missing", _MISSING))
    yield _case(
        "times with a zone and without",
        text(CSV).replace("2020-01-06", "2020-01-06T00:00Z").replace("2020-01-07", "2020-01-07T00:00"),
        Refused(says="times with a zone (1) and without one (11)"),
    )
    yield _case(
        "a time with a zone among dates",
        text(CSV).replace("2020-01-06", "2020-01-06T12:00-05:00"),
        Refused(says="times with a zone (1) and without one (11)"),
        timezone="America/New_York",
    )
    yield _case(
        "a delisted ticker that repeats its last bar",
        text([*CSV, *_frozen(15)]),
        Rows(good=27, findings={"stuck": 1}),
    )
    yield _case(
        "a split whose history was not adjusted",
        text([CSV[0], *_split_at(7)]),
        Rows(good=12, findings={"jump": 1}),
    )
    yield _case(
        "a hole of a week",
        text([*CSV[:4], *CSV[9:]]),
        Rows(good=7, findings={"missing_instants": 5}),
    )
    yield _case("columns that end early", with_line(CSV, 3, "2020-01-06,94.1"), one_bad("2 fields", _MISSING))
    wide = [f"{line},{','.join(f'{place}x{n}' for n in range(300))}" for place, line in enumerate(CSV)]
    yield _case("a header of 300 columns without ours", text(wide).replace("close", "last"), Refused(says="299 more"))
    yield _case(
        "a close beyond its bar", text(_beyond()), Rows(good=11, aside={"between low and high": 1}, findings=_MISSING)
    )
    yield _case("a table of semicolons and commas", text(CSV).replace(",", ";"), Rows(good=12))


def _quoted() -> list[str]:
    return [",".join(f'"{part}"' for part in line.split(",")) for line in CSV[1:]]


def _tickers(others: Mapping[int, str]) -> str:
    rows = [f"{line},{others.get(place, 'AMZN')}" for place, line in enumerate(CSV)]
    return text([CSV[0] + ",ticker", *rows[1:]])


def _frozen(count: int) -> list[str]:
    days = pd.bdate_range("2020-01-20", periods=count + 1)
    return [f"{day:%Y-%m-%d},92.0,{CLOSES[-1]},0" for day in days if f"{day:%Y-%m-%d}" != "2020-01-20"]


def _split_at(place: int) -> list[str]:
    return [
        f"{day:%Y-%m-%d},{close * 4 if number < place else close:.6f},{close * 4 if number < place else close!r},1"
        for number, (day, close) in bars()
    ]


def _beyond() -> list[str]:
    rows = [f"{day:%Y-%m-%d},{close + 1:.6f},{close - 1:.6f},{close!r}" for _, (day, close) in bars()]
    rows[2] = rows[2].replace("95.143997", "951.43997")
    return ["date,high,low,close", *rows]
