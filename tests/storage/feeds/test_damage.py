"""Random damage at good files and answers: a named error, or true rows and an account of the others.

``DAYCAST_TEST_EXAMPLES`` sets how many examples are tried of each feed; by default few, and always the same ones.
"""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from daycast.storage.feeds.catalog import open_feed
from daycast.storage.feeds.feed import Fetched, Span
from daycast.storage.feeds.wire.limits import Limits
from daycast.storage.intake.rules import inspect
from daycast.storage.terms.errors import DaycastError
from tests.storage.feeds.broken import chart, csv_lines, ett_lines, frame, fred_lines, parquet, said, text
from tests.storage.feeds.damage import Damaged, damages

EXAMPLES = int(os.environ.get("DAYCAST_TEST_EXAMPLES", "100"))
SPAN = Span(start=None, end=datetime(2262, 1, 1, tzinfo=UTC))
ONCE = Limits(tries=1, connect=2.0, read=2.0, whole=5.0, max_bytes=2_000_000)

tried = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="DAYCAST_TEST_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

CSV, ETT, FRED = (text(lines()).encode() for lines in (csv_lines, ett_lines, fred_lines))
CHART = said(chart()).encode()
PARQUET = parquet(frame(), write_page_checksum=True)


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory):
    import yfinance

    yfinance.set_tz_cache_location(str(tmp_path_factory.mktemp("yfinance")))


def _fetch(spec):
    """What the feed gives, and what of it is good; a failure must be a named one."""
    fetched = open_feed(spec, limits=ONCE).fetch(spec.symbols, SPAN)
    assert all(isinstance(failure, DaycastError) for failure in fetched.failures.values())
    assert bool(fetched.failures) == fetched.frame.empty
    return fetched, inspect(fetched.frame, spec=spec)


def _true(good: bytes, column: int) -> dict[str, tuple[int, int, float]]:
    """Of each row by its date: where its line begins and ends, and its value."""
    found, start = {}, 0
    for number, line in enumerate(good.splitlines(keepends=True)):
        fields = line.decode().split(",")
        if number:
            found[str(pd.Timestamp(fields[0]))] = (start, start + len(line), float(fields[column]))
        start += len(line)
    return found


def _lines_are_true(result, damaged: Damaged, *, good: bytes, column: int, target: str) -> None:
    """A row whose line is whole has its value, and every other one a number that stands in the file."""
    true = _true(good, column)
    header = good.index(b"\n") + 1
    whole_header = damaged.find(0, header)
    said = damaged.data.decode("utf-8-sig").replace('"', "")
    numbers = {float(word) for word in re.findall(r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?", said) if _is_float(word)}
    for at, value in zip(result.good["observed_at"], result.good[target], strict=True):
        start, end, was = true.get(str(at.tz_localize(None)), (-1, -1, 0.0))
        untouched = start >= 0 and any(_begins_a_line(damaged, place) for place in damaged.find(start, end))
        assert value == was if untouched and whole_header else value in numbers


def _begins_a_line(damaged: Damaged, place: int) -> bool:
    return place == 0 or damaged.data[place - 1 : place] in {b"\n", b"\r"}


def _is_float(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _lines_are_accounted_for(fetched: Fetched, result, damaged: Damaged) -> None:
    """Rows in are rows taken, rows set aside, and rows that say the same twice."""
    lines = [line for line in re.split(r"\r\n|\n|\r", damaged.data.decode("utf-8-sig")) if line.strip()]
    repeats = sum(finding.count for finding in result.findings if finding.kind == "duplicate")
    header = 1
    assert len(lines) - header == len(result.good) + repeats + len(fetched.rejected) + len(result.set_aside)


@pytest.mark.slow
@tried
@given(damages(CSV))
def test_a_damaged_csv(tmp_path, make_spec, damaged):
    (tmp_path / "AMZN.csv").write_bytes(damaged.data)
    fetched, result = _fetch(make_spec("mine", feed="files", path=f"{tmp_path}/{{symbol}}.csv"))
    if not fetched.failures:
        _lines_are_true(result, damaged, good=CSV, column=2, target="close")
        _lines_are_accounted_for(fetched, result, damaged)


@pytest.mark.slow
@tried
@given(damages(ETT))
def test_a_damaged_file_of_the_ett_feed(tmp_path, make_spec, damaged):
    (tmp_path / "ETTh1.csv").write_bytes(damaged.data)
    keys = {"symbols": ["OT"], "target": "OT", "features": ["MUFL", "OT"], "calendar": "1h"}
    fetched, result = _fetch(make_spec("etth1", feed="ett", path=str(tmp_path / "ETTh1.csv"), **keys))
    if not fetched.failures:
        _lines_are_true(result, damaged, good=ETT, column=7, target="OT")
        _lines_are_accounted_for(fetched, result, damaged)


@settings(tried, max_examples=EXAMPLES // 4)  # the text is read as that of the file is
@given(damages(ETT))
def test_a_damaged_answer_of_the_ett_feed(server, make_spec, damaged):
    server.say("/ETTh1.csv", damaged.data)
    keys = {"symbols": ["OT"], "target": "OT", "features": ["OT"], "calendar": "1h", "url": f"{server.url}/ETTh1.csv"}
    fetched, result = _fetch(make_spec("etth1", feed="ett", **keys))
    if not fetched.failures:
        _lines_are_true(result, damaged, good=ETT, column=7, target="OT")
        _lines_are_accounted_for(fetched, result, damaged)


@pytest.mark.slow
@tried
@given(damages(FRED))
def test_a_damaged_answer_of_fred(server, make_spec, damaged):
    server.say("/graph/fredgraph.csv", damaged.data)
    keys = {"symbols": ["SP500"], "target": "value", "features": ["value"], "calendar": "B", "url": server.url}
    fetched, result = _fetch(make_spec("fred", feed="datareader", **keys))
    if not fetched.failures:
        _lines_are_true(result, damaged, good=FRED, column=1, target="value")


@pytest.mark.slow
@tried
@given(damages(CHART, most=2))
def test_a_damaged_answer_of_yahoo(server, make_spec, damaged):
    server.say("/v8/finance/chart/AMZN", damaged.data)
    fetched, result = _fetch(make_spec(feed="yahoo", url=server.url))
    if fetched.failures:
        return
    answer = json.loads(damaged.data)["chart"]["result"][0]
    numbers = {float(value) for value in answer["indicators"]["quote"][0]["close"] if value is not None}
    assert set(result.good["close"]) <= numbers
    for row, (at, was) in enumerate(_bars(json.loads(CHART)["chart"]["result"][0])):
        found = result.good.loc[result.good["observed_at"] == at, "close"].tolist()
        if found and _is_whole(damaged, row):
            assert found == [was]


def _bars(result) -> list[tuple[pd.Timestamp, float]]:
    days = pd.to_datetime(result["timestamp"], unit="s", utc=True).tz_convert("America/New_York")
    closes = result["indicators"]["quote"][0]["close"]
    return list(zip(days.tz_localize(None).normalize().tz_localize("UTC"), closes, strict=True))


def _is_whole(damaged: Damaged, row: int) -> bool:
    """Whether a bar's time and close stand whole in their lists, at their place: the place says whose they are."""
    return all(_stands(damaged, name, row) for name in (b'"timestamp": [', b'"close": ['))


def _stands(damaged: Damaged, name: bytes, row: int) -> bool:
    start = CHART.index(name)
    first = start + len(name)
    tokens = CHART[first : CHART.index(b"]", first)].split(b", ")
    at = first + sum(len(token) + 2 for token in tokens[:row])
    for head in damaged.find(start, first):
        for place in damaged.find(at - 1, at + len(tokens[row]) + 1):
            between = damaged.data[head + len(name) : place + 1]
            if place >= head and between.count(b",") == row and b"]" not in between:
                return True
    return False


@tried
@given(damages(PARQUET))
def test_a_damaged_parquet_file(tmp_path, make_spec, damaged):
    """Its pages bear checksums: what is read is true, but for the names and counts that its end says."""
    (tmp_path / "AMZN.parquet").write_bytes(damaged.data)
    fetched, result = _fetch(make_spec("mine", feed="files", path=f"{tmp_path}/{{symbol}}.parquet"))
    true = frame().set_index("date")["close"]
    if damaged.data.endswith(PARQUET[-200:]) and not fetched.failures:
        for at, value in zip(result.good["observed_at"], result.good["close"], strict=True):
            assert value == true[at.tz_localize(None)]


@tried
@given(st.binary(max_size=400))
def test_bytes_of_any_kind(tmp_path, make_spec, data):
    for name in ("csv", "parquet"):
        Path(tmp_path / f"AMZN.{name}").write_bytes(data)
        fetched, _ = _fetch(make_spec("mine", feed="files", path=f"{tmp_path}/{{symbol}}.{name}"))
        assert fetched.failures


@pytest.mark.parametrize("good", [CSV, CHART, PARQUET], ids=["csv", "chart", "parquet"])
def test_the_damage_is_real(good):
    assert find(damages(good), lambda damaged: len(damaged.data) < len(good) // 2)
    assert find(damages(good), lambda damaged: -1 in damaged.origin)
