"""What versions predict, window by window: kept once, found again, and not where the window reads something else."""

from pathlib import Path

import numpy as np
import pytest

from daycast.storage.lake.compaction import MOST_FILES
from daycast.storage.lake.folder import Folder
from daycast.storage.lake.predictions import Predictions
from daycast.storage.lake.rows import Rows

T0 = np.datetime64("2026-01-01", "us")
DAY = np.timedelta64(1, "D")


def keys(days: list[int], *, stamp: int = 1, names: tuple[str, ...] = ("p/A", "p/B")) -> Rows:
    """A window of each series on each day."""
    columns = {
        "series_id": np.repeat(np.arange(len(names), dtype=np.int32), len(days)),
        "origin": np.tile(T0 + DAY * np.array(days), len(names)),
        "stamp": np.full(len(names) * len(days), stamp, dtype=np.uint64),
    }
    return Rows(names, columns)


def rows(of: Rows, *, mean: float) -> Rows:
    count = len(of)
    means = mean + np.arange(count * 2, dtype=float).reshape(count, 2)
    return Rows(of.names, {**of.columns, "part": np.full(count, "test"), "mean": means})


@pytest.fixture
def store(tmp_path: Path) -> Predictions:
    return Predictions(Folder(tmp_path), "p")


def test_what_goes_in_comes_out_in_the_order_asked_for(store: Predictions) -> None:
    of = keys([1, 2, 3])
    assert store.missing("v1", "_0000", of).all()
    store.add("v1", "_0000", rows(of, mean=0.0))
    assert not store.missing("v1", "_0000", of).any()
    backwards = of.at(np.arange(len(of))[::-1])
    assert store.means("v1", "_0000", backwards, horizon=2)[:, 0].tolist() == [10, 8, 6, 4, 2, 0]
    assert store.missing("v2", "_0000", of).all()
    assert store.missing("v1", "_0001", of).all()


def test_a_window_that_reads_something_else_has_none(store: Predictions) -> None:
    store.add("v1", "_0000", rows(keys([1, 2]), mean=0.0))
    other = keys([1, 2], stamp=2)
    assert store.missing("v1", "_0000", other).all()
    assert np.isnan(store.means("v1", "_0000", other, horizon=2)).all()
    store.add("v1", "_0000", rows(other, mean=50.0))
    assert store.means("v1", "_0000", other, horizon=2)[0].tolist() == [50, 51]


def test_many_nights_become_few_files_and_nothing_is_lost(store: Predictions, tmp_path: Path) -> None:
    nights = range(MOST_FILES + 8)
    for night in nights:
        store.add("v1", "_0000", rows(keys([night]), mean=100.0 * night))
    assert len(list(tmp_path.rglob("*.parquet"))) < 12
    found = store.means("v1", "_0000", keys(list(nights)), horizon=2)
    assert found[: len(nights), 0].tolist() == [100.0 * night for night in nights]


def test_one_step_ahead_of_some_series(store: Predictions) -> None:
    store.add("v1", "_0000", rows(keys([1, 2]), mean=0.0))
    found = store.one_ahead("v1", "_0000", series=["p/B"])
    assert found["series_id"].tolist() == ["p/B", "p/B"]
    assert found["mean"].tolist() == [4.0, 6.0]
    assert store.one_ahead("v1", "_0000", series=["p/C"]).empty
    assert store.one_ahead("v2", "_0000", series=["p/B"]).empty


def test_what_a_damaged_file_held_is_missing(store: Predictions, tmp_path: Path) -> None:
    store.add("v1", "_0000", rows(keys([1]), mean=0.0))
    store.add("v1", "_0000", rows(keys([2]), mean=9.0))
    first = min(tmp_path.rglob("*.parquet"))
    first.write_bytes(first.read_bytes()[:99])
    assert store.missing("v1", "_0000", keys([1, 2], names=("p/A",))).tolist() == [True, False]
    store.add("v1", "_0000", rows(keys([1]), mean=0.0))
    assert not store.missing("v1", "_0000", keys([1, 2])).any()
