"""Windows in the lake: written once, only what is new, and never seen before their targets were known."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from daycast.storage.lake.folder import Folder
from daycast.storage.lake.windows import WindowStore, preparation
from daycast.storage.terms.pipeline import Pipeline

SPEC = Pipeline(
    name="p", feed="files", symbols=("A",), target="y", features=("y",), calendar="1h",
    lookback=3, horizon=2, season=2,
)  # fmt: skip
T0 = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = np.timedelta64(1, "h")


def arrays(count: int, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Windows of the first ``count`` origins of one path of values."""
    values = np.random.default_rng(seed).normal(size=1000).astype(np.float32)
    origin = np.datetime64(T0.replace(tzinfo=None), "us") + HOUR * (2 + np.arange(count))
    return {
        "origin": origin,
        "end": origin + 2 * HOUR,
        "inputs": np.lib.stride_tricks.sliding_window_view(values, 3)[:count].copy(),
        "targets": np.lib.stride_tricks.sliding_window_view(values[3:], 2)[:count].copy(),
        "base": values[2 : 2 + count].astype(np.float64),
    }


def end_of(count: int) -> datetime:
    """The last instant of the first ``count`` windows' targets."""
    return T0 + timedelta(hours=2 + count - 1 + 2)


@pytest.fixture
def store(tmp_path: Path) -> WindowStore:
    return WindowStore(Folder(tmp_path), SPEC)


def files(tmp_path: Path) -> dict[str, bytes]:
    return {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*.parquet")}


def same(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> bool:
    return set(left) == set(right) and all(np.array_equal(left[name], right[name]) for name in left)


def test_what_goes_in_comes_out(store: WindowStore) -> None:
    assert store.sync("A", arrays(50)) == 50
    assert same(store.read({"A": end_of(50)})["p/A"], arrays(50))


def test_unchanged_data_write_nothing(store: WindowStore, tmp_path: Path) -> None:
    store.sync("A", arrays(50))
    before = files(tmp_path)
    assert store.sync("A", arrays(50)) == 0
    assert files(tmp_path) == before


def test_a_days_data_write_only_the_new_windows(store: WindowStore, tmp_path: Path) -> None:
    store.sync("A", arrays(50))
    before = files(tmp_path)
    assert store.sync("A", arrays(74)) == 24
    after = files(tmp_path)
    assert len(after) == 2
    assert before.items() <= after.items()
    assert same(store.read({"A": end_of(74)})["p/A"], arrays(74))


def test_an_earlier_instant_sees_no_later_window_and_writes_nothing(store: WindowStore, tmp_path: Path) -> None:
    store.sync("A", arrays(74))
    before = files(tmp_path)
    assert store.sync("A", arrays(50)) == 0
    assert files(tmp_path) == before
    assert same(store.read({"A": end_of(50)})["p/A"], arrays(50))


def test_windows_that_no_longer_agree_are_written_anew(store: WindowStore) -> None:
    store.sync("A", arrays(50))
    store.sync("A", arrays(74))
    revised = arrays(74)
    revised["inputs"][60] += 1
    assert store.sync("A", revised) == 24
    assert same(store.read({"A": end_of(74)})["p/A"], revised)


def test_a_window_that_fell_away_is_not_kept(store: WindowStore) -> None:
    store.sync("A", arrays(50))
    kept = np.arange(50) != 20
    fewer = {name: array[kept] for name, array in arrays(50).items()}
    store.sync("A", fewer)
    assert same(store.read({"A": end_of(50)})["p/A"], fewer)


def test_a_symbol_without_windows_has_none(store: WindowStore) -> None:
    assert store.read({"B": end_of(1)}) == {"p/B": {}}


def test_another_way_of_preparing_lies_beside(store: WindowStore, tmp_path: Path) -> None:
    store.sync("A", arrays(50))
    other = SPEC.model_copy(update={"difference": "absolute"})
    assert preparation(other) != preparation(SPEC)
    assert WindowStore(Folder(tmp_path), other).sync("A", arrays(50)) == 50
    assert preparation(SPEC.model_copy(update={"unit": "°C", "symbols": ("A", "B")})) == preparation(SPEC)


def test_latest_windows_are_kept_by_state_of_the_data(store: WindowStore, tmp_path: Path) -> None:
    latest = {"series_id": np.array(["p/A"]), "inputs": np.ones((1, 3), dtype=np.float32)}
    store.keep_latest(latest, data_hash="abc")
    before = files(tmp_path)
    store.keep_latest(latest, data_hash="abc")
    assert files(tmp_path) == before
    assert store.read_latest(data_hash="abc")["inputs"].tolist() == [[1, 1, 1]]
