"""Levels below zero, and instants beyond what a calendar knows."""

import pandas as pd
import pytest

from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.intake.rules import inspect

DAYS = ("2020-01-02", "2020-01-03", "2020-01-06")


def make_spec(**keys):
    defaults = {"symbols": ["AMZN"], "target": "close", "features": ["close"], "calendar": "XNYS"}
    return parse_pipeline("prices", {"feed": "yahoo", "lookback": 5, "horizon": 1, **defaults, **keys})


def rows(values, *, days=DAYS):
    at = pd.DatetimeIndex([pd.Timestamp(day, tz="UTC") for day in days[: len(values)]]).as_unit("us")
    names = pd.Series(["AMZN"] * len(values), dtype="str")
    closes = pd.Series(values, dtype="float64")
    return pd.DataFrame({"symbol": names, "observed_at": at, "available_at": at, "close": closes})


@pytest.mark.parametrize("kind", ["none", "absolute"])
def test_a_true_price_below_zero_is_kept_where_no_ratio_is_taken(kind):
    frame = rows([18.27, -37.63, -36.98, 10.01], days=["2020-04-17", "2020-04-20", "2020-04-21", "2020-04-22"])
    frame = frame.assign(high=[18.3, -36.9, -36.98, 10.5], low=[18.0, -40.32, -37.0, 9.0])
    result = inspect(frame, spec=make_spec(difference=kind))
    assert result.good["close"].tolist() == [18.27, -37.63, -36.98, 10.01]
    zero = inspect(rows([18.27, 0.0]), spec=make_spec(difference=kind))
    assert zero.set_aside["reason"].tolist() == ["close is not positive (0 stands for no price)"]


@pytest.mark.parametrize("kind", ["log", "percent"])
def test_a_true_price_below_zero_is_set_aside_with_that_reason_where_ratios_are_taken(kind):
    result = inspect(rows([18.27, -37.63, 10.01]), spec=make_spec(difference=kind))
    assert result.good["close"].tolist() == [18.27, 10.01]
    assert result.set_aside["reason"].tolist() == [f'close is not positive (difference = "{kind}")']


def test_rows_beyond_what_the_calendar_knows_are_set_aside_by_its_name():
    days = ["1996-12-27", "1996-12-30", "1997-01-06", "1997-01-07"]
    result = inspect(rows([1.0, 2.0, 3.0, 4.0], days=days), spec=make_spec(calendar="XTKS"))
    assert result.good["close"].tolist() == [3.0, 4.0]
    assert set(result.set_aside["reason"]) == {"the calendar XTKS begins at 1997-01-01"}
    days = ["2026-12-30", "2026-12-31", "2027-01-04"]
    result = inspect(rows([1.0, 2.0, 3.0], days=days), spec=make_spec(calendar="XSHG"))
    assert result.good["close"].tolist() == [1.0, 2.0]
    assert set(result.set_aside["reason"]) == {"the calendar XSHG ends at 2026-12-31"}


def test_weeks_and_months_stand_at_the_days_that_their_frequency_names():
    days = ["2024-01-05", "2024-01-12", "2024-01-18", "2024-01-26"]
    result = inspect(rows([1.0, 2.0, 3.0, 4.0], days=days), spec=make_spec(calendar="W-FRI"))
    assert result.good["close"].tolist() == [1.0, 2.0, 4.0]
    days = ["2024-01-31", "2024-02-01", "2024-02-29", "2024-03-31"]
    result = inspect(rows([1.0, 2.0, 3.0, 4.0], days=days), spec=make_spec(calendar="ME"))
    assert result.good["close"].tolist() == [1.0, 3.0, 4.0]


def test_every_second_month_is_counted_from_where_most_rows_stand():
    days = ["2024-02-01", "2024-04-01", "2024-05-01", "2024-06-01"]
    result = inspect(rows([1.0, 2.0, 3.0, 4.0], days=days), spec=make_spec(calendar="2MS"))
    assert result.good["close"].tolist() == [1.0, 2.0, 4.0]


def test_a_close_on_another_basis_than_its_bars_is_reported_and_kept():
    days = [f"{day:%Y-%m-%d}" for day in pd.bdate_range("2020-02-03", periods=9)] + ["2020-02-14", "2020-02-18"]
    frame = rows([10.0 + step for step in range(11)], days=days).assign(high=101.0, low=99.0)
    result = inspect(frame, spec=make_spec())
    assert len(result.good) == 11
    assert {finding.kind for finding in result.findings} == {"basis"}
    one = inspect(
        frame.assign(high=50.0, low=1.0, close=[500.0, *[10.0 + step for step in range(10)]]), spec=make_spec()
    )
    assert one.set_aside["reason"].tolist() == ["close does not lie between low and high"]
