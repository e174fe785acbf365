"""A pipeline that is told of tomorrow by its feed: it serves by it, and reads of each instant what was known then."""

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from tests.places import AS_OF, DAYS, EARLIER, FIRST, Place

WORDS = ("series_id", "origin", "valid_at", "mean", "lower_80", "upper_95", "forecaster", "version")
KEYS = {"known": ["warmth"], "available_at": "told_at", "lookback": 2, "difference": "none"}
BEGIN = pd.Timestamp(FIRST)
NEWEST = pd.Timestamp(EARLIER)
HORIZON = 2
_BOTH: tuple[tuple[str, dict[str, list[str]]], ...] = (("there", {}), ("without", {"known": []}))
Change = Callable[[pd.DataFrame], pd.DataFrame]


def _rows(seed: int) -> pd.DataFrame:
    """What came of each day: the close, and the warmth that drives it, told one and two days before."""
    random = np.random.default_rng(seed)
    day = BEGIN + pd.to_timedelta(np.arange(DAYS), unit="D")
    warmth = random.normal(size=DAYS)
    observed = pd.DataFrame(
        {"date": day, "told_at": day, "close": 100 + 5 * warmth + random.normal(scale=0.3, size=DAYS), "warmth": warmth}
    )
    told = [
        pd.DataFrame(
            {"date": day, "told_at": day - pd.Timedelta(days=lead), "warmth": warmth + random.normal(0, 0.02, DAYS)}
        )
        for lead in (1, 2)
    ]
    return pd.concat([observed, *told], ignore_index=True).sort_values(["told_at", "date"], ignore_index=True)


def _written(place: Place, change: Change = lambda rows: rows, **keys: object) -> Place:
    for seed, symbol in enumerate("AB"):
        rows = change(_rows(seed)).assign(date=lambda each: each["date"].dt.strftime("%Y-%m-%d"))
        rows.to_csv(place.root / f"{symbol}.csv", index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    place.define("load", **{**KEYS, **keys})
    return place


def _forecasts(place: Place, as_of: datetime = EARLIER) -> list[tuple[object, ...]]:
    return sorted(tuple(row[name] for name in WORDS) for row in place.table("forecasts") if row["as_of"] == as_of)


def _error(place: Place) -> float:
    """Of the network, on the test part, over all series and leads."""
    found = [
        row["value"]
        for row in place.table("evaluations")
        if (row["forecaster"], row["split"], row["metric"]) == ("network", "test", "mae")
    ]
    assert found
    return float(np.mean(found))


def _later_said(rows: pd.DataFrame) -> pd.DataFrame:
    """Every vintage after ``EARLIER`` says something else, of days before it too."""
    again = rows[rows["date"] <= NEWEST + pd.Timedelta(days=HORIZON)].assign(
        told_at=NEWEST + pd.Timedelta(hours=1), close=np.nan, warmth=-40.0
    )
    later = rows["told_at"] > NEWEST
    return pd.concat([rows.assign(warmth=rows["warmth"].where(~later, 70.0)), again.drop_duplicates("date")])


def _measured_otherwise(rows: pd.DataFrame) -> pd.DataFrame:
    """What was measured of each day is not what was said before it: no window's origin knew of it."""
    return rows.assign(warmth=rows["warmth"].where(rows["date"] != rows["told_at"], -30.0))


def _as_it_was(rows: pd.DataFrame) -> pd.DataFrame:
    """The file as it stood at ``EARLIER``."""
    return rows[rows["told_at"] <= NEWEST]


def _said_otherwise(rows: pd.DataFrame) -> pd.DataFrame:
    """What was said at ``EARLIER`` of the next day."""
    newest = (rows["told_at"] == NEWEST) & (rows["date"] == NEWEST + pd.Timedelta(days=1))
    return rows.assign(warmth=rows["warmth"].where(~newest, 3.0))


@pytest.fixture
def load(new_place: Callable[[str], Place], prefect_server: str) -> Place:
    assert prefect_server
    place = _written(new_place("one"))
    assert place.run("load", as_of=EARLIER).status == "succeeded"
    return place


@pytest.mark.slow
def test_a_column_known_ahead_serves_and_what_was_said_later_changes_no_bit(
    load: Place, new_place: Callable[[str], Place]
) -> None:
    rows = _forecasts(load)
    assert len(rows) == 4
    assert {row[6] for row in rows} <= {"network", "ridge", "blend"}
    assert not [row for row in load.table("remarks") if row["kind"] == "known"]
    for number, change in enumerate((_later_said, _measured_otherwise, _as_it_was)):
        other = _written(new_place(f"other{number}"), change)
        other.run("load", as_of=EARLIER)
        assert _forecasts(other) == rows, change.__name__
    other = _written(new_place("told"), _said_otherwise)
    other.run("load", as_of=EARLIER)
    assert _forecasts(other) != rows


@pytest.mark.slow
def test_a_series_that_a_column_drives_is_forecast_far_better_with_it(
    load: Place, new_place: Callable[[str], Place]
) -> None:
    without = _written(new_place("without"), known=[])
    without.run("load", as_of=EARLIER)
    assert _error(load) < 0.5 * _error(without)
    truth = {
        (f"load/{symbol}", row.date): row.close
        for seed, symbol in enumerate("AB")
        for row in _rows(seed).dropna().itertuples()
    }
    for series_id, _, valid_at, mean, *_ in _forecasts(load):
        assert mean == pytest.approx(truth[series_id, pd.Timestamp(valid_at)], abs=3)  # type: ignore[arg-type]
    for series_id in ("load/A", "load/B"):
        moved = [row for row in load.table("explanations") if row["series_id"] == series_id]
        forecasts = [row for row in _forecasts(load) if row[0] == series_id]
        assert sum(row["effect"] for row in moved) == pytest.approx(np.mean([row[3] for row in forecasts]), rel=1e-5)
        (warmth,) = [row["effect"] for row in moved if row["step"] < 0]
        driven = np.mean([truth[series_id, pd.Timestamp(row[2])] for row in forecasts]) - 100  # type: ignore[arg-type]
        assert warmth == pytest.approx(driven, abs=2.5), "the mean of the warmth is nearly zero"


@pytest.mark.slow
def test_training_reads_what_a_run_reads_where_the_days_are_told_in_the_evening(
    new_place: Callable[[str], Place], prefect_server: str
) -> None:
    """Tomorrow's and the day after's warmth is told an hour before midnight, with today's close."""
    assert prefect_server
    night = EARLIER + timedelta(hours=23)
    evening = {"change": lambda rows: rows.assign(told_at=rows["told_at"] + pd.Timedelta(hours=23))}
    there, without = (_written(new_place(name), **evening, **keys) for name, keys in _BOTH)
    for place in (there, without):
        place.run("load", as_of=night)
    assert _error(there) < 0.5 * _error(without)


@pytest.mark.slow
def test_a_lead_that_lacks_is_told_and_known_for_none_a_baseline_serves_degraded(
    new_place: Callable[[str], Place], prefect_server: str
) -> None:
    assert prefect_server
    place = _written(new_place("lacking"), _as_it_was)
    for symbol, kept in (("A", 1), ("B", 0)):
        rows = pd.read_csv(place.root / f"{symbol}.csv")
        day = pd.to_datetime(rows["date"], utc=True)
        rows[day <= NEWEST + pd.Timedelta(days=kept)].to_csv(place.root / f"{symbol}.csv", index=False)
    summary = place.run("load", as_of=EARLIER)
    assert summary.status == "degraded"
    said = {row["series_id"]: row["message"] for row in place.table("remarks") if row["kind"] == "known"}
    assert "warmth is not known for 1 of 2 leads, which read the nearest that is" in said["load/A"]
    assert "warmth is not known for any lead" in said["load/B"]
    who = {row[0]: row[6] for row in _forecasts(place)}
    assert who["load/A"] in {"network", "ridge", "blend"}
    assert who["load/B"] not in {"network", "ridge", "blend"}
    assert all(np.isfinite(row[3]) for row in _forecasts(place))  # type: ignore[call-overload]


@pytest.mark.slow
def test_a_day_later_the_version_is_used_again_and_reads_what_was_said_since(load: Place) -> None:
    summary = load.run("load", as_of=AS_OF, training="reuse")
    assert summary.status == "degraded"  # the file ends with that day, and says nothing of the next
    assert {row["series_id"] for row in load.table("remarks") if row["kind"] == "known"} == {"load/A", "load/B"}
    assert load.run("load", as_of=AS_OF - timedelta(days=5), training="reuse").status == "succeeded"
