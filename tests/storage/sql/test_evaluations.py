"""The evaluations, and the view of forecasts beside their actual values."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import select

from daycast.storage.sql.database import Database
from daycast.storage.sql.evaluations import list_evaluations, write_evaluations
from daycast.storage.sql.forecasts import write_forecasts
from daycast.storage.sql.series import write_actuals
from daycast.storage.sql.view_columns import FORECAST_ACCURACY

ForecastFrame = Callable[..., pd.DataFrame]


def evaluation(as_of: datetime, **changes: object) -> dict[str, object]:
    return {
        "pipeline": "prices",
        "version": "v1",
        "forecaster": "network",
        "series_id": "*",
        "split": "test",
        "lead": 0,
        "metric": "mae",
        "value": 1.5,
        "n": 10,
        "evaluated_at": as_of,
        **changes,
    }


@pytest.fixture
def scored(begun: Database, forecast_frame: ForecastFrame, origin: datetime) -> Database:
    """AMZN forecast at 101, 102, 103 from 100; it became 100 at the origin, then 103, 130; the third is not known."""
    write_forecasts(begun, forecast_frame(series=("prices/AMZN",)))
    frame = pd.DataFrame(
        {
            "series_id": "prices/AMZN",
            "valid_at": [origin + timedelta(hours=hour) for hour in range(3)],
            "value": [100.0, 103.0, 130.0],
            "available_at": [origin + timedelta(hours=hour + 1) for hour in range(3)],
        }
    )
    write_actuals(begun, frame)
    return begun


def test_evaluations_written_twice_are_the_same_rows(db: Database, as_of: datetime) -> None:
    rows = [evaluation(as_of), evaluation(as_of, lead=1, value=float("nan"))]
    assert write_evaluations(db, rows) == 2
    assert write_evaluations(db, pd.DataFrame(rows)) == 0
    assert list_evaluations(db, "prices", version="v1") == [rows[0], {**rows[1], "value": None}]


def test_an_earlier_evaluation_does_not_replace_a_later_one(db: Database, as_of: datetime) -> None:
    write_evaluations(db, [evaluation(as_of)])
    assert write_evaluations(db, [evaluation(as_of - timedelta(days=1), value=9.0)]) == 0
    assert write_evaluations(db, [evaluation(as_of + timedelta(days=1), value=2.0)]) == 1
    assert [row["value"] for row in list_evaluations(db, "prices", version="v1")] == [2.0]


def test_evaluations_are_told_by_version_and_split(db: Database, as_of: datetime) -> None:
    write_evaluations(db, [evaluation(as_of), evaluation(as_of, split="live"), evaluation(as_of, version="v2")])
    assert [row["split"] for row in list_evaluations(db, "prices", version="v1")] == ["live", "test"]
    assert [row["split"] for row in list_evaluations(db, "prices", version="v1", split="live")] == ["live"]
    assert list_evaluations(db, "etth1", version="v1") == []


def test_of_single_series_one_forecaster_s_alone_where_that_is_asked(db: Database, as_of: datetime) -> None:
    write_evaluations(
        db,
        [
            evaluation(as_of, forecaster=name, series_id=series)
            for name in ("network", "naive")
            for series in ("*", "prices/A")
        ],
    )
    rows = list_evaluations(db, "prices", version="v1", by_series="naive")
    told = {(row["forecaster"], row["series_id"]) for row in rows}
    assert told == {("network", "*"), ("naive", "*"), ("naive", "prices/A")}


def test_a_forecast_stands_beside_its_actual_and_the_naive_error(scored: Database, origin: datetime) -> None:
    view = FORECAST_ACCURACY.columns
    first, second = scored.query(select(FORECAST_ACCURACY).order_by(view.lead))
    assert (first["lead"], first["mean"], first["actual"]) == (1, 101.0, 103.0)
    assert (first["error"], first["absolute_error"]) == (2.0, 2.0)
    assert (first["naive_error"], first["naive_absolute_error"]) == (3.0, 3.0)
    assert (first["inside_80"], first["inside_95"]) == (1, 1)
    assert (second["error"], second["inside_80"], second["inside_95"]) == (28.0, 0, 0)
    assert second["actual_available_at"] == origin + timedelta(hours=3)


def test_errors_below_have_their_sign_and_no_bounds_are_null(
    begun: Database, forecast_frame: ForecastFrame, origin: datetime
) -> None:
    frame = forecast_frame(series=("prices/AMZN",), horizon=1)
    write_forecasts(
        begun, frame.assign(**dict.fromkeys(["lower_80", "upper_80", "lower_95", "upper_95"], float("nan")))
    )
    actual = {
        "series_id": "prices/AMZN",
        "valid_at": [origin + timedelta(hours=1)],
        "value": 99.0,
        "available_at": origin,
    }
    write_actuals(begun, pd.DataFrame(actual))
    (row,) = begun.query(select(FORECAST_ACCURACY))
    assert (row["error"], row["absolute_error"], row["naive_error"]) == (-2.0, 2.0, None)
    assert (row["inside_80"], row["inside_95"]) == (None, None)
