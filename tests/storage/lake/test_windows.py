"""Rows in the lake: written once, only what is new, and never seen before they were known."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from daycast.storage.lake.folder import Folder
from daycast.storage.lake.rows import Rows
from daycast.storage.lake.windows import WindowStore, preparation
from daycast.storage.terms.pipeline import Pipeline

SPEC = Pipeline(
    name="p", feed="files", symbols=("A",), target="y", features=("y",), calendar="1h",
    lookback=3, horizon=2, season=2,
)  # fmt: skip
T0 = np.datetime64(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None), "us")
HOUR = np.timedelta64(1, "h")


def rows(counts: dict[str, int], *, seed: int = 0, first: int = 0) -> Rows:
    """The first rows of one path of values a series."""
    values = np.random.default_rng(seed).normal(size=(10, 1000))
    parts = []
    for code, count in enumerate(counts.values()):
        inside = slice(first, count)
        parts.append(
            {
                "series_id": np.full(count - first, code, dtype=np.int32),
                "observed_at": (T0 + HOUR * np.arange(count))[inside],
                "level": values[code, inside],
                "inputs": values[code, inside].astype(np.float32)[:, np.newaxis],
                "target": np.where(np.arange(count) % 7, values[code, :count], np.nan)[inside],
                "ready": (np.arange(count) > 3)[inside],
            }
        )
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Rows(tuple(counts), columns)


def until(counts: dict[str, int]) -> dict[str, np.ndarray]:
    """What the latest windows say of how far each series was known."""
    last = T0 + HOUR * (np.array(list(counts.values())) - 1)
    return {"series_id": np.array(list(counts)), "origin": last}


@pytest.fixture
def store(tmp_path: Path) -> WindowStore:
    return WindowStore(Folder(tmp_path), SPEC)


def files(tmp_path: Path) -> dict[str, bytes]:
    return {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*.parquet")}


def same(left: dict[str, np.ndarray], right: Rows) -> bool:
    def alike(ours: np.ndarray, theirs: np.ndarray) -> bool:
        return np.array_equal(ours.reshape(-1), theirs.reshape(-1), equal_nan=ours.dtype.kind == "f")

    return left.keys() == right.columns.keys() and all(alike(left[name], right.columns[name]) for name in left)


BOTH = {"p/A": 50, "p/B": 40}


def test_what_goes_in_comes_out(store: WindowStore) -> None:
    assert store.sync("_0000", rows(BOTH)) == 90
    assert same(store.read("_0000", until(BOTH)), rows(BOTH))


def test_series_come_in_the_order_asked_for(store: WindowStore) -> None:
    store.sync("_0000", rows(BOTH))
    found = store.read("_0000", until({"p/B": 40, "p/A": 50}))
    assert found["series_id"].tolist() == [0] * 40 + [1] * 50
    assert found["level"][0] == rows(BOTH).columns["level"][50]


def test_unchanged_data_write_nothing(store: WindowStore, tmp_path: Path) -> None:
    store.sync("_0000", rows(BOTH))
    before = files(tmp_path)
    assert store.sync("_0000", rows(BOTH)) == 0
    assert files(tmp_path) == before


def test_a_days_data_write_only_the_new_rows(store: WindowStore, tmp_path: Path) -> None:
    store.sync("_0000", rows(BOTH))
    before = files(tmp_path)
    assert store.sync("_0000", rows({"p/A": 51, "p/B": 42})) == 3
    after = files(tmp_path)
    assert len(after) == 2
    assert before.items() <= after.items()
    assert same(store.read("_0000", until({"p/A": 51, "p/B": 42})), rows({"p/A": 51, "p/B": 42}))


def test_an_earlier_instant_sees_no_later_row_and_writes_nothing(store: WindowStore, tmp_path: Path) -> None:
    store.sync("_0000", rows(BOTH))
    before = files(tmp_path)
    earlier = {"p/A": 30, "p/B": 40}
    assert store.sync("_0000", rows(earlier)) == 0
    assert files(tmp_path) == before
    assert same(store.read("_0000", until(earlier)), rows(earlier))


def test_rows_that_are_no_longer_the_same_are_written_anew_and_the_later_ones_count(store: WindowStore) -> None:
    store.sync("_0000", rows(BOTH))
    revised = rows(BOTH)
    revised.columns["inputs"][[20, 70]] += 1
    assert store.sync("_0000", revised) == 2
    assert same(store.read("_0000", until(BOTH)), revised)
    assert store.sync("_0000", rows(BOTH)) == 2, "a run of an earlier instant finds its own again"
    assert same(store.read("_0000", until(BOTH)), rows(BOTH))


def test_a_row_that_fell_away_is_there_no_more(store: WindowStore, tmp_path: Path) -> None:
    store.sync("_0000", rows(BOTH))
    later = rows(BOTH, first=10)
    assert store.sync("_0000", later) == 0
    found = store.read("_0000", until(BOTH))
    assert np.isnan(found["level"][:10]).all()
    assert not found["ready"][:10].any()
    kept = np.isfinite(found["level"])
    assert same({name: column[kept] for name, column in found.items()}, later)
    before = files(tmp_path)
    assert store.sync("_0000", later) == 0
    assert files(tmp_path) == before


def test_a_shard_without_rows_has_none(store: WindowStore) -> None:
    assert store.read("_0001", until(BOTH)) == {}


def test_another_way_of_preparing_lies_beside(store: WindowStore, tmp_path: Path) -> None:
    store.sync("_0000", rows(BOTH))
    other = SPEC.model_copy(update={"difference": "absolute"})
    assert preparation(other) != preparation(SPEC)
    assert WindowStore(Folder(tmp_path), other).sync("_0000", rows(BOTH)) == 90
    assert preparation(SPEC.model_copy(update={"unit": "°C", "symbols": ("A", "B")})) == preparation(SPEC)


def test_latest_windows_are_kept_by_state_of_the_data(store: WindowStore, tmp_path: Path) -> None:
    latest = {"series_id": np.array(["p/A"]), "inputs": np.ones((1, 3), dtype=np.float32)}
    store.keep_latest("_0000", latest, data_hash="abc")
    before = files(tmp_path)
    store.keep_latest("_0000", latest, data_hash="abc")
    assert files(tmp_path) == before
    assert store.holds("_0000", data_hash="abc")
    assert not store.holds("_0001", data_hash="abc")
    assert store.read_latest("_0000", data_hash="abc")["inputs"].tolist() == [[1, 1, 1]]


@pytest.mark.parametrize("damage", [bytes.upper, lambda data: data[:99]])
def test_rows_of_a_damaged_file_are_made_anew(store: WindowStore, tmp_path: Path, damage: Callable[..., bytes]) -> None:
    store.sync("_0000", rows({"p/A": 50}))
    store.sync("_0000", rows({"p/A": 60}))
    first = min(tmp_path.rglob("*.parquet"))
    first.write_bytes(damage(first.read_bytes()))
    assert store.sync("_0000", rows({"p/A": 61})) == 51
    assert same(store.read("_0000", until({"p/A": 61})), rows({"p/A": 61}))
    assert store.sync("_0000", rows({"p/A": 61})) == 0


def test_latest_windows_that_are_damaged_are_kept_anew(store: WindowStore, tmp_path: Path) -> None:
    store.keep_latest("_0000", {"x": np.arange(9.0)}, data_hash="h")
    (path,) = tmp_path.rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:50])
    assert not store.holds("_0000", data_hash="h")
    store.keep_latest("_0000", {"x": np.arange(9.0)}, data_hash="h")
    assert store.read_latest("_0000", data_hash="h")["x"].tolist() == list(range(9))
