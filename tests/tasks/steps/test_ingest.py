"""A file that has not changed is not read again, and what was told of it stands."""

import os
from datetime import timedelta

import pytest

from daycast.storage.feeds.files import FilesFeed
from daycast.tasks.handover.results import Ingested
from daycast.tasks.handover.telling import damaged
from daycast.tasks.steps.ingest import ingest
from tests.places import AS_OF, Place, make_place

DAY = timedelta(days=1)


@pytest.fixture
def place(tmp_path, monkeypatch) -> tuple[Place, list[str]]:
    """A place, and the symbols that its feed is asked for, as they are asked for."""
    asked: list[str] = []
    fetch = FilesFeed.fetch

    def heard(self, symbols, span):
        asked.extend(symbols)
        return fetch(self, symbols, span)

    monkeypatch.setattr(FilesFeed, "fetch", heard)
    place = make_place(tmp_path)
    with (tmp_path / "A.csv").open("a") as file:
        file.write("2024-06-07,nothing\n")
    place.define(symbols=["A", "B", "LOST"])
    return place, asked


def _ingest(place: Place, *, days: int = 0, asked: list[str]) -> tuple[Ingested, list[str]]:
    asked.clear()
    found = ingest.fn(place.job(as_of=AS_OF + days * DAY))
    return found, list(asked)


def test_a_second_night_reads_what_has_changed_and_what_is_lacking(place):
    place, asked = place
    first, read = _ingest(place, asked=asked)
    assert read == ["A", "B", "LOST"]
    assert first.set_aside == 1
    again, read = _ingest(place, days=1, asked=asked)
    assert read == ["LOST"]
    assert (again.new, again.set_aside, again.reasons) == (0, 1, first.reasons)
    with (place.root / "B.csv").open("a") as file:
        file.write("2024-06-09,50.0\n")
    later, read = _ingest(place, days=2, asked=asked)
    assert read == ["B", "LOST"]
    assert later.new == 1


def test_bytes_count_and_not_the_time_of_a_file(place):
    place, asked = place
    _ingest(place, asked=asked)
    path = place.root / "B.csv"
    before = path.stat()
    path.write_bytes(path.read_bytes())
    assert _ingest(place, days=1, asked=asked)[1] == ["LOST"]
    text = path.read_text()
    path.write_text(text.replace("50.", "51.", 1))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert _ingest(place, days=2, asked=asked)[1] == ["B", "LOST"]


def test_rows_that_are_still_to_come_have_a_file_read_again(place):
    place, asked = place
    _, read = _ingest(place, days=-9, asked=asked)
    assert read == ["A", "B", "LOST"]
    found, read = _ingest(place, asked=asked)
    assert read == ["A", "B", "LOST"]
    assert found.new == 2 * 9


def test_another_way_to_read_has_a_file_read_again(place):
    place, asked = place
    _ingest(place, asked=asked)
    (place.root / "pipelines.toml").unlink()
    place.define(symbols=["A", "B", "LOST"], fill_limit=5)
    assert _ingest(place, days=1, asked=asked)[1] == ["A", "B", "LOST"]
    (place.root / "pipelines.toml").unlink()
    place.define(symbols=["B", "A"], fill_limit=5, lookback=9)
    assert _ingest(place, days=1, asked=asked)[1] == []


def test_a_lake_that_has_lost_its_rows_has_them_read_again(place):
    place, asked = place
    _ingest(place, asked=asked)
    for path in (place.root / "data" / "lake" / "observations").rglob("*.parquet"):
        path.unlink()
    found, read = _ingest(place, days=1, asked=asked)
    assert read == ["A", "B", "LOST"]
    assert found.new == 2 * 160


def test_what_a_damaged_file_of_the_lake_held_is_read_again(place):
    place, asked = place
    _ingest(place, asked=asked)
    with (place.root / "A.csv").open("a") as file:
        file.write("2024-06-09,50.0\n")
    _ingest(place, days=2, asked=asked)
    before = {symbol: place.job().observations().read(symbol)["close"].tolist() for symbol in "AB"}
    first = min((place.root / "data" / "lake" / "observations" / "mine" / "_0000").glob("*.parquet"))
    first.write_bytes(first.read_bytes()[: first.stat().st_size // 2])

    mended, read = _ingest(place, days=2, asked=asked)
    assert read == ["A", "B", "LOST"]
    (aside,) = mended.damaged
    assert aside.endswith(f"lake/damaged/mine/_0000/{first.name}")
    assert {symbol: place.job().observations().read(symbol)["close"].tolist() for symbol in "AB"} == before
    (remark,) = damaged(mended)
    assert remark.degrades
    assert aside in remark.message

    after, read = _ingest(place, days=2, asked=asked)
    assert (read, after.damaged, damaged(after)) == (["LOST"], (), [])
