"""What ``daycast check`` says of a pipeline whose feed tells of the future: the windows are those of a run."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.tasks.answers.checking import Check, CheckedSeries, check

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
BEGIN, COUNT, HORIZON = pd.Timestamp("2026-01-01", tz="UTC"), 120, 2
TABLE = {
    "feed": "files",
    "symbols": ["A"],
    "target": "load",
    "features": ["load"],
    "calendar": "1D",
    "lookback": 3,
    "horizon": HORIZON,
    "season": 2,
    "available_at": "told_at",
    "known": ["warmth"],
    "split": {"validation": 20, "test": 20},
}
Checks = Callable[[pd.DataFrame], tuple[Check, CheckedSeries]]


def _rows() -> pd.DataFrame:
    """Each day's load at its end, and its warmth told at the end of the day before and of the one before that."""
    day = BEGIN + pd.to_timedelta(np.arange(COUNT + HORIZON), unit="D")
    warmth = np.random.default_rng(1).normal(size=len(day))
    loads = pd.DataFrame({"date": day, "told_at": day + pd.Timedelta(days=1), "load": 100 + warmth})[:COUNT]
    told = [
        pd.DataFrame({"date": day, "told_at": day - pd.Timedelta(days=back), "warmth": warmth})
        for back in range(HORIZON)
    ]
    rows = pd.concat([loads, *told], ignore_index=True)
    return rows[rows["told_at"] <= pd.Timestamp(AT)]


@pytest.fixture
def checked(tmp_path: Path) -> Checks:
    def ask(rows: pd.DataFrame) -> tuple[Check, CheckedSeries]:
        rows = rows.assign(date=rows["date"].dt.strftime("%Y-%m-%d"))
        rows.to_csv(tmp_path / "A.csv", index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
        found = check(parse_pipeline("load", {**TABLE, "path": str(tmp_path / "{symbol}.csv")}), at=AT)
        return found, found.series[0]

    return ask


def test_what_was_told_ahead_of_every_day_gives_every_window(checked: Checks) -> None:
    found, series = checked(_rows())
    assert found.good, found
    assert (series.rows, series.windows, series.findings) == (COUNT, COUNT - 3 - HORIZON + 1, ())


def test_days_of_which_nothing_was_told_before_they_came_begin_no_window(checked: Checks) -> None:
    rows, begins = _rows(), BEGIN + pd.Timedelta(days=50)
    found, series = checked(rows[rows["load"].notna() | (rows["date"] >= begins)])
    assert found.good
    # from the 49th day on, whose second lead alone is told, to the last with two days after it
    assert series.windows == COUNT - HORIZON - (50 - HORIZON)


def test_where_too_few_windows_are_left_a_run_would_fail(checked: Checks) -> None:
    rows = _rows()
    found, _ = checked(rows[rows["load"].notna() | (rows["date"] >= BEGIN + pd.Timedelta(days=100))])
    assert not found.good
    assert "The training part must hold at least one window" in found.troubles[0]


def test_a_lead_that_lacks_is_told_and_with_none_a_run_would_be_degraded(checked: Checks) -> None:
    rows, last = _rows(), BEGIN + pd.Timedelta(days=COUNT - 1)
    found, series = checked(rows[rows["date"] <= last + pd.Timedelta(days=1)])
    assert found.good
    assert series.findings == ("warmth is not known for 1 of 2 leads, which read the nearest that is",)
    found, series = checked(rows[rows["date"] <= last])
    assert not found.good
    assert series.trouble == "warmth is not known for any lead, which a network reads; a baseline would serve"


def test_a_column_that_was_told_of_no_day_before_it_came_trains_nothing(checked: Checks) -> None:
    rows = _rows()
    late = rows["load"].isna() & (rows["date"] < pd.Timestamp(AT).normalize())
    found, series = checked(rows.assign(told_at=rows["told_at"].where(~late, rows["date"] + pd.Timedelta(days=9))))
    assert not found.good
    assert series.windows == 0
    assert "no window can train: what is known of warmth must be told of a lead before it comes" in series.trouble


def test_what_is_told_to_be_known_later_and_what_contradicts_itself_is_said(checked: Checks) -> None:
    rows = _rows()
    row = rows[rows["load"].isna()].iloc[[40]]
    later = row.assign(told_at=pd.Timestamp("2026-05-09", tz="UTC"), warmth=3.0)
    _, series = checked(pd.concat([rows, row.assign(warmth=-9.0), later]))
    assert series.set_aside == {"another row known since then says otherwise": 2}
    assert series.findings == (
        "what is known ahead is said to be known only later in 1 row, the first from 2026-05-09 00:00 UTC on, and "
        "counts then",
    )
