"""An answer beside what was known: a history that moved as a whole, in part, or in a single row."""

import numpy as np
import pandas as pd
import pytest

from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.intake.rebasing import Judgement, judge
from daycast.storage.lake.folder import Folder
from daycast.storage.lake.observations import Observations
from daycast.storage.terms.words import BASIS

FIRST = pd.Timestamp("2024-01-01", tz="UTC")
DAY = pd.Timedelta(days=1)


def spec(**keys):
    defaults = {"symbols": ["A"], "target": "close", "features": ["close"], "calendar": "1D", "difference": "log"}
    return parse_pipeline("mine", {"feed": "yahoo", "lookback": 5, "horizon": 1, **defaults, **keys})


def rows(values, *, first=0, **columns) -> pd.DataFrame:
    at = pd.date_range(FIRST + first * DAY, periods=len(values), freq="D", unit="us")
    frame = pd.DataFrame({"symbol": "A", "observed_at": at, "available_at": at + pd.Timedelta(hours=21)})
    return frame.assign(close=np.asarray(values, dtype=float), **columns).astype({"symbol": "str"})


def judged(now, before, **keys) -> Judgement:
    return judge(now, known={"A": before}, spec=spec(**keys))


WALK = 100.0 + np.arange(40.0)


@pytest.mark.parametrize("factor", [0.25, 4.0, 1 / 7, 0.985, 0.999])
def test_a_history_that_moved_by_one_factor_is_taken_whole(factor):
    now = rows(np.append(WALK * factor, 141.0 * factor))
    result = judged(now, rows(WALK))
    assert not result.refused
    assert result.set_aside.empty
    assert f"are {factor:.6g} times what they were" in result.rebased["A"]
    assert "40 of 40 rows" in result.rebased["A"]
    pd.testing.assert_frame_equal(result.good, now)


def test_prices_rounded_to_cents_are_one_factor_all_the_same():
    assert judged(rows(np.round(WALK / 4, 2)), rows(WALK)).rebased


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values,
        lambda values: np.append(values[:-1], values[-1] * 1.02),  # a last bar that was provisional
        lambda values: np.append(values[:-1], values[-1] * 0.8),
        lambda values: values * np.linspace(0.9, 1.1, 40),  # revised throughout, by no one factor
        lambda values: np.where(np.arange(40) < 12, values * 0.985, values),  # a dividend whose seam lay in the history
    ],
)
def test_revisions_are_no_other_basis(change):
    result = judged(rows(change(WALK)), rows(WALK))
    assert (result.rebased, result.refused, len(result.set_aside)) == ({}, {}, 0)
    assert len(result.good) == 40


@pytest.mark.parametrize("part", [slice(0, 12), slice(0, 30), slice(20, 40), slice(10, 30)])
@pytest.mark.parametrize("factor", [0.25, 2.0])
def test_a_part_of_a_history_that_moved_is_refused(part, factor):
    now = WALK.copy()
    now[part] *= factor
    result = judged(rows(now), rows(WALK))
    assert result.good.empty
    assert "only a part of the history has moved to another basis" in result.refused["A"]
    assert "rows (2024-01" in result.refused["A"]


def test_a_step_that_closes_is_a_split_adjusted_late():
    before = np.append(WALK[:20] * 4, WALK[20:])
    result = judged(rows(WALK), rows(before))
    assert "20 of 40 rows are 0.25 times" in result.rebased["A"]
    assert len(result.good) == 40


def test_a_value_that_jumps_alone_is_set_aside_and_the_others_stay():
    now = WALK.copy()
    now[15] /= 4
    result = judged(rows(now), rows(WALK))
    assert len(result.good) == 39
    assert result.set_aside["reason"].item() == (
        "close is 28.75 where 115 was known, and its neighbours did not move so"
    )
    assert result.set_aside["raw"].item() == "close=28.75"
    assert not result.rebased


def test_the_last_known_bar_on_another_basis_before_new_ones_is_a_part():
    now = np.append(WALK, [140.0, 141.0])
    now[39:] /= 4
    assert judged(rows(now), rows(WALK)).refused


def test_new_rows_that_a_moved_history_has_left_behind_are_set_aside():
    now = np.append(WALK / 4, [140.0, 141.0 / 4])
    result = judged(rows(now), rows(WALK))
    assert result.rebased
    assert result.set_aside["reason"].tolist() == ["close stands on the basis that the history before it has left"]
    assert len(result.good) == 41


def test_little_in_common_says_nothing():
    assert not judged(rows(WALK[:4] / 4), rows(WALK[:4])).rebased
    assert not judged(rows(WALK / 4), rows(WALK).head(0)).rebased


def test_what_is_no_price_may_jump_as_it_likes():
    now = WALK.copy()
    now[10:20] *= 5
    assert not judged(rows(now), rows(WALK), calendar="1h", difference="none").refused


def test_another_ticker_in_the_file_is_refused():
    other = 20.0 * np.exp(np.random.default_rng(1).normal(scale=0.05, size=400).cumsum())
    mine = 90.0 * np.exp(np.random.default_rng(2).normal(scale=0.05, size=400).cumsum())
    assert judged(rows(other), rows(mine)).refused


def test_the_store_reads_one_basis_at_a_time(tmp_path):
    store = Observations(Folder(tmp_path), "mine")
    when = [FIRST + 40 * DAY, FIRST + 41 * DAY, FIRST + 42 * DAY, FIRST + 43 * DAY]
    series = [WALK, np.append(WALK, 140.0) / 4, np.append(WALK, [140.0, 141.0]), np.append(WALK, [140.0, 141.0, 142.0])]
    for at, values in zip(when, series, strict=True):
        result = judge(rows(values), known={"A": store.read("A")}, spec=spec())
        store.add(result.good, fetched_at=at, rebased=result.rebased)
    assert store.read("A")["close"].tolist() == series[3].tolist()
    for at, values in zip(when, series, strict=True):
        assert store.read("A", as_of=at)["close"].tolist() == values.tolist()
    between = store.read("A", as_of=when[1] - pd.Timedelta(seconds=1))
    assert between["close"].tolist() == WALK.tolist(), "the bar of the new basis waits for its history"
    assert store.read("A")[BASIS].nunique() == 1


def test_rows_that_the_feed_gives_no_more_are_read_no_more(tmp_path):
    store = Observations(Folder(tmp_path), "mine")
    store.add(rows(WALK), fetched_at=FIRST + 40 * DAY)
    result = judge(rows(WALK[10:] / 4, first=10), known={"A": store.read("A")}, spec=spec())
    assert "10 rows that the feed does not give on it count no longer" in result.rebased["A"]
    store.add(result.good, fetched_at=FIRST + 41 * DAY, rebased=result.rebased)
    assert store.read("A")["close"].tolist() == (WALK[10:] / 4).tolist()
    assert len(store.read("A", as_of=FIRST + 40 * DAY)) == 40
    # an older beginning that comes later is of the new basis, and not known before it
    store.add(rows(WALK / 4), fetched_at=FIRST + 42 * DAY)
    assert len(store.read("A")) == 40
    assert store.read("A", as_of=FIRST + 40 * DAY)["close"].tolist() == WALK.tolist()


def test_a_lake_of_an_earlier_daycast_has_no_basis(tmp_path):
    from daycast.storage.lake import parquet

    store = Observations(Folder(tmp_path), "mine")
    old = rows(WALK).assign(fetched_at=FIRST + 40 * DAY)
    parquet.write_frame(Folder(tmp_path) / "observations/mine/A", "a.parquet", old)
    assert len(store.read("A")) == 40
    store.add(rows(np.append(WALK, 140.0)), fetched_at=FIRST + 41 * DAY)
    assert len(store.read("A")) == 41
    store.add(rows(np.append(WALK, 140.0) / 4), fetched_at=FIRST + 42 * DAY, rebased=["A"])
    assert store.read("A")["close"].max() < 50


@pytest.mark.real_data
@pytest.mark.parametrize("symbol", ["AMZN", "KO"])
def test_recorded_vintages_are_revisions_or_another_basis_and_no_seam(symbol):
    from pathlib import Path

    path = Path(__file__).parents[4] / "shared" / "data" / "prices" / "vintages" / f"{symbol}_vintages.csv"
    if not path.exists():
        pytest.skip(f"the recorded data are not there: {path}")
    told = pd.read_csv(path, parse_dates=["as_of", "date"])
    wanted = spec(calendar="XNYS")
    known, rebased = pd.DataFrame(), 0
    for _, part in told.groupby("as_of"):
        at = pd.DatetimeIndex(part["date"]).tz_localize("UTC").as_unit("us")
        frame = pd.DataFrame({"symbol": "A", "observed_at": at, "available_at": at, "close": part["close"].to_numpy()})
        result = judge(frame.sort_values("observed_at"), known={"A": known}, spec=wanted)
        assert not result.refused
        assert result.set_aside.empty
        rebased += bool(result.rebased)
        known = pd.concat([known, frame]).drop_duplicates("observed_at", keep="last").sort_values("observed_at")
    assert rebased == (1 if symbol == "KO" else 0)
