"""What ``daycast forecasts`` prints of a forecast that has no bounds."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from daycast.flows.command.printing import print_forecasts

ROW = {
    "series_id": "mine/A", "valid_at": datetime(2026, 1, 1, tzinfo=UTC), "lead": 1, "mean": 2.0, "lower_80": 1.5,
    "upper_80": 2.5, "lower_95": 1.0, "upper_95": 3.0, "forecaster": "ridge", "quality": "ok", "version": "v1",
}  # fmt: skip
BARE = {**ROW, "lead": 31, "lower_80": None, "upper_80": None, "lower_95": None, "upper_95": None}


@pytest.mark.parametrize(("row", "shown"), [(ROW, "1 2 1.5 to 2.5 1 to 3 ridge"), (BARE, "31 2 — — ridge")])
def test_an_interval_is_two_numbers_or_one_dash(row, shown):
    said = io.StringIO()
    print_forecasts(Console(file=said, width=200), [row], form="table")
    assert shown in " ".join(said.getvalue().split())
