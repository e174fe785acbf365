"""Forecasts beside what came of them, a shard after the other."""

from datetime import UTC, datetime, timedelta

import pandas as pd

from daycast.storage.lake.folder import Folder
from daycast.storage.lake.observations import Observations
from daycast.tasks.handover.vintages import resolved

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
SYMBOLS = ("C", "A", "B")


def _rows(symbol, values):
    observed = pd.date_range(START, periods=len(values), freq="D", unit="us")
    return pd.DataFrame({"symbol": symbol, "observed_at": observed, "available_at": observed, "close": values})


def _outcomes(folder):
    store = Observations(Folder(folder), "p")
    for number, symbol in enumerate(SYMBOLS, start=1):
        store.add(_rows(symbol, [float(number * (10 + day)) for day in range(8)]), fetched_at=START + 8 * DAY)
    store.add(_rows("A", [float(2 * (10 + day) * 2) for day in range(9)]), fetched_at=START + 9 * DAY)  # a split
    made = pd.DataFrame(
        [
            {"series_id": f"p/{symbol}", "origin": START + origin * DAY, "valid_at": START + (origin + 1) * DAY,
             "as_of": START + 8 * DAY, "lead": 1, "mean": 1.0, "forecaster": "naive", "version": "v1",
             "lower_80": 0.0, "upper_80": 9.0, "lower_95": 0.0, "upper_95": 9.0}
            for origin in (5, 6, 7)
            for symbol in (*SYMBOLS, "GONE")
        ]
    )  # fmt: skip
    times = dict.fromkeys(["origin", "valid_at", "as_of"], "datetime64[us, UTC]")
    targets = dict.fromkeys(SYMBOLS, "close")
    return len(store.shards().names), resolved(store, "p", made.astype(times), targets=targets, as_of=START + 10 * DAY)


def test_shards_of_one_come_to_what_one_shard_does(tmp_path, monkeypatch):
    count, whole = _outcomes(tmp_path / "whole")
    assert count == 1
    assert whole.index.is_monotonic_increasing
    assert whole["series_id"].tolist() == ["p/C", "p/A", "p/B"] * 2 + ["p/A"]
    assert whole["actual"].tolist()[:3] == [16.0, 32.0, 48.0], "each on the basis on which it was made"
    monkeypatch.setattr("daycast.storage.lake.observations.MOST_SERIES", 1)
    count, apart = _outcomes(tmp_path / "apart")
    assert count == 3
    pd.testing.assert_frame_equal(apart, whole)


def test_nothing_was_made(tmp_path):
    _, whole = _outcomes(tmp_path)
    store = Observations(Folder(tmp_path), "p")
    columns = [name for name in whole.columns if name not in {"actual", "base", "factor"}]
    none = resolved(store, "p", whole[columns][:0], targets={"A": "close"}, as_of=START)
    assert none.empty
    assert list(none.columns) == list(whole.columns)
