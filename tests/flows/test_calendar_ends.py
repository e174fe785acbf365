"""Calendars that begin and end, and those of weeks and months, from a file to forecasts."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from daycast.storage.calendars import Calendar
from tests.places import Place, make_place, walk

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]


@pytest.fixture
def made(tmp_path):
    return make_place(tmp_path / "place")


def _write(place: Place, symbol: str, days: pd.DatetimeIndex) -> None:
    values = walk(3, len(days))
    lines = [f"{day:%Y-%m-%d},{value!r}" for day, value in zip(days, values.tolist(), strict=True)]
    (place.root / f"{symbol}.csv").write_text("\n".join(["date,close", *lines, ""]))


def _valid(place: Place) -> list[str]:
    return [f"{row['valid_at']:%Y-%m-%d}" for row in place.table("forecasts")]


def test_shanghai_is_forecast_as_far_as_its_calendar_goes(made):
    days = Calendar("XSHG").instants(datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))
    made.define("shanghai", symbols=["600519.SS"], calendar="XSHG", horizon=30)
    _write(made, "600519.SS", days)
    summary = made.run("shanghai", as_of=datetime(2026, 11, 24, 12, tzinfo=UTC))
    assert summary.status == "degraded"
    assert "The calendar XSHG is known to 2026-12-31: forecasts end there, at lead 27 of 30." in summary.message
    assert (len(_valid(made)), _valid(made)[0], _valid(made)[-1]) == (27, "2026-11-25", "2026-12-31")


def test_rows_before_the_calendar_begins_are_set_aside_by_its_name(made):
    days = pd.bdate_range("1996-11-01", "1996-12-30", tz="UTC").append(
        Calendar("XTKS").instants(datetime(1997, 1, 1, tzinfo=UTC), datetime(1997, 9, 30, tzinfo=UTC))
    )
    made.define("tokyo", symbols=["N225"], calendar="XTKS")
    _write(made, "N225", days)
    summary = made.run("tokyo", as_of=datetime(1997, 9, 30, 20, tzinfo=UTC))
    assert summary.status == "succeeded", summary.message
    assert "42 rows set aside" in summary.message
    assert "the calendar XTKS begins at 1997-01-01" in summary.message


@pytest.mark.parametrize(
    ("calendar", "first", "expected"),
    [
        ("W-FRI", "2024-01-05", ["2026-11-27", "2026-12-04"]),
        ("MS", "2015-01-01", ["2026-11-01", "2026-12-01"]),
        ("QE", "1990-03-31", ["2026-12-31", "2027-03-31"]),
    ],
)
def test_weeks_months_and_quarters_are_forecast(made, calendar, first, expected):
    """As of 24 November October is over and November is not: its row, which stands there already, is not known yet."""
    made.define("periods", symbols=["P"], calendar=calendar, lookback=4, season=4)
    _write(made, "P", pd.date_range(first, "2026-11-24", freq=calendar, tz="UTC"))
    summary = made.run("periods", as_of=datetime(2026, 11, 24, 12, tzinfo=UTC))
    assert summary.status == "succeeded", summary.message
    assert _valid(made) == expected
    assert np.isfinite([row["mean"] for row in made.table("forecasts")]).all()
