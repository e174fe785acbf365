"""Many small files become one, and nothing is lost."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daycast.storage.lake import parquet
from daycast.storage.lake.compaction import compact_rows
from daycast.storage.lake.folder import Folder
from daycast.storage.lake.observations import Observations
from daycast.storage.lake.rows import Rows, compact_files
from daycast.storage.lake.windows import WindowStore
from daycast.storage.terms.pipeline import Pipeline

NOW = datetime(2026, 8, 21, tzinfo=UTC)
DAY = timedelta(days=1)


def age(root: Path, *, days: float) -> None:
    for path in root.rglob("*.parquet"):
        os.utime(path, times=((NOW - days * DAY).timestamp(),) * 2)


def fetched(values: list[float], *, adjusted: float = 1.0) -> pd.DataFrame:
    days = pd.date_range("2026-01-01", periods=len(values), tz="UTC", unit="us")
    close = np.array(values) * adjusted
    return pd.DataFrame({"symbol": "A", "observed_at": days, "available_at": days + DAY, "close": close})


@settings(max_examples=8, deadline=None)
@given(revisions=st.lists(st.lists(st.floats(1, 2), min_size=1, max_size=5), min_size=2, max_size=6))
def test_every_vintage_is_as_it_was(tmp_path_factory: pytest.TempPathFactory, revisions: list[list[float]]) -> None:
    root = tmp_path_factory.mktemp("lake")
    store = Observations(Folder(root), "p")
    for number, values in enumerate(revisions):
        store.add(fetched(values), fetched_at=NOW + number * DAY)
    instants = [None, *(NOW + number * DAY for number in range(len(revisions)))]
    before = [store.read("A", as_of=at) for at in instants]
    vintages = store.vintages("A", column="close")
    age(root, days=2)
    merged = store.compact(before=NOW - DAY, files=1)
    assert len(list(root.rglob("*.parquet"))) == 1
    assert merged <= len(revisions)
    for at, rows in zip(instants, before, strict=True):
        pd.testing.assert_frame_equal(store.read("A", as_of=at), rows)
    columns = ["observed_at", "available_at", "fetched_at"]
    after = store.vintages("A", column="close")
    pd.testing.assert_frame_equal(
        after.sort_values(columns, ignore_index=True), vintages.sort_values(columns, ignore_index=True)
    )
    assert store.compact(before=NOW - DAY, files=1) == 0


def test_after_compaction_the_same_fetch_is_no_news(tmp_path: Path) -> None:
    store = Observations(Folder(tmp_path), "p")
    for number in range(1, 6):
        store.add(fetched([1.0 + step for step in range(number)]), fetched_at=NOW + number * DAY)
    age(tmp_path, days=2)
    assert store.compact(before=NOW, files=2) == 5
    added = store.add(fetched([1.0 + step for step in range(6)]), fetched_at=NOW + 9 * DAY)
    assert (added.new, added.revised) == (1, 0)


def test_few_files_and_young_ones_are_left_as_they_are(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for number in range(4):
        parquet.write_frame(folder, f"2026010{number}T000000Z-a.parquet", pd.DataFrame({"x": [number]}))
    age(tmp_path, days=2)
    assert compact_rows(folder, before=NOW - DAY, files=4) == 0
    assert compact_rows(folder, before=NOW - 3 * DAY, files=1) == 0
    os.utime(tmp_path / "20260103T000000Z-a.parquet", times=(NOW.timestamp(),) * 2)
    assert compact_rows(folder, before=NOW - DAY, files=2) == 3
    assert folder.names() == ["20260102T000000Z-0000003-whole.parquet", "20260103T000000Z-a.parquet"]


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_a_kill_between_writing_and_removing_loses_and_doubles_nothing(tmp_path: Path, kept: int) -> None:
    folder = Folder(tmp_path)
    rows = [pd.DataFrame({"x": [number, number + 10]}) for number in range(3)]
    names = [f"2026010{number}T000000Z-a.parquet" for number in range(3)]
    for name, frame in zip(names, rows, strict=True):
        parquet.write_frame(folder, name, frame)
    age(tmp_path, days=2)
    compact_rows(folder, before=NOW, files=1)
    for name, frame in list(zip(names, rows, strict=True))[3 - kept :]:
        parquet.write_frame(folder, name, frame)
    age(tmp_path, days=2)
    compact_rows(folder, before=NOW, files=1)
    found = parquet.read_frames(folder, folder.names())
    assert sorted(found["x"]) == [0, 1, 2, 10, 11, 12]
    assert len(folder.names()) == 1


SPEC = Pipeline(
    name="p",
    feed="sample",
    symbols=("A",),
    target="close",
    features=("close",),
    calendar="1D",
    lookback=2,
    horizon=1,
)


def windows(count: int) -> Rows:
    step = np.arange(count)
    columns = {
        "series_id": np.zeros(count, dtype=np.int32),
        "observed_at": np.datetime64("2026-01-01", "us") + step * np.timedelta64(1, "D"),
        "level": step.astype(float),
        "inputs": step[:, np.newaxis].astype(np.float32),
        "target": step.astype(float),
        "ready": step > 1,
    }
    return Rows(("p/A",), columns)


@pytest.fixture
def store(tmp_path: Path) -> WindowStore:
    made = WindowStore(Folder(tmp_path), SPEC)
    for count in range(3, 9):
        made.sync("_0000", windows(count))
    age(tmp_path, days=2)
    return made


def read(store: WindowStore) -> Any:
    latest = {"series_id": np.array(["p/A"]), "origin": np.array(["2027-01-01"], dtype="datetime64[us]")}
    return store.read("_0000", latest)


def same(one: Any, other: Any) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(one[name].reshape(-1), other[name].reshape(-1)) for name in one
    )


def test_windows_read_the_same_from_one_file(store: WindowStore, tmp_path: Path) -> None:
    before = read(store)
    assert len(before["observed_at"]) == 8
    assert store.compact(before=NOW - DAY, files=3) == 6
    assert len(list(tmp_path.rglob("*.parquet"))) == 1
    assert same(read(store), before)
    assert store.sync("_0000", windows(8)) == 0
    assert store.sync("_0000", windows(9)) == 1
    age(tmp_path, days=2)
    assert store.compact(before=NOW - DAY, files=0) == 2
    age(tmp_path, days=2)
    assert store.compact(before=NOW - DAY, files=0) == 0
    assert same(read(store), windows(9).columns)


@pytest.mark.parametrize("revised", ["", "revised"])
def test_rows_that_stand_twice_after_a_kill_are_read_once(store: WindowStore, tmp_path: Path, revised: str) -> None:
    if revised:  # the last file says otherwise than the first
        rows = windows(8)
        rows.columns["level"][0] = 99.0
        store.sync("_0000", rows)
        age(tmp_path, days=2)
    parts = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    before = read(store)
    store.compact(before=NOW - DAY, files=1)
    for path, data in list(parts.items())[2:]:
        path.write_bytes(data)
    assert same(read(store), before)
    age(tmp_path, days=2)
    store.compact(before=NOW - DAY, files=1)
    assert len(list(tmp_path.rglob("*.parquet"))) == 1
    assert same(read(store), before)


def test_rows_that_a_run_revises_meanwhile_stay_the_runs(store: WindowStore, tmp_path: Path) -> None:
    (folder,) = (Folder(path) for path in tmp_path.rglob("_0000") if path.is_dir())
    names = folder.names()
    revised = windows(8)
    revised.columns["target"][:] += 1
    whole = compact_files(folder, names, time="observed_at")
    store.sync("_0000", revised)
    for name in names:
        if name != whole:
            folder.remove(name)
    assert same(read(store), revised.columns)


def test_a_reader_whose_files_are_put_together_meanwhile_looks_again(
    store: WindowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, plain = read(store), parquet.read_table

    def read_after_compaction(*arguments: Any) -> Any:
        monkeypatch.setattr(parquet, "read_table", plain)
        store.compact(before=NOW - DAY, files=1)
        return plain(*arguments)

    monkeypatch.setattr(parquet, "read_table", read_after_compaction)
    assert same(read(store), before)
