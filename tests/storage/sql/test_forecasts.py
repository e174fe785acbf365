"""The forecasts: whole origins, never a mixture, and the view of the newest."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import select

from daycast.storage.sql.database import Database
from daycast.storage.sql.forecasts import forecasts_from, latest_forecasts, write_forecasts
from daycast.storage.sql.tables import Forecast
from daycast.storage.terms.errors import DatabaseError, DataError

ForecastFrame = Callable[..., pd.DataFrame]


def stored(db: Database) -> list[dict[str, object]]:
    columns = Forecast.__table__.columns
    return db.query(select(*columns).order_by(Forecast.series_id, Forecast.origin, Forecast.valid_at))


def test_what_goes_in_comes_out(begun: Database, forecast_frame: ForecastFrame) -> None:
    frame = forecast_frame()
    assert write_forecasts(begun, frame) == 6
    assert stored(begun) == frame.to_dict(orient="records")


def test_an_unchanged_forecast_keeps_its_issued_at(
    begun: Database, forecast_frame: ForecastFrame, as_of: datetime
) -> None:
    write_forecasts(begun, forecast_frame())
    assert write_forecasts(begun, forecast_frame(issued_after=60)) == 0
    assert {row["issued_at"] for row in stored(begun)} == {as_of}


def test_a_changed_forecast_takes_its_new_issued_at(
    begun: Database, forecast_frame: ForecastFrame, as_of: datetime
) -> None:
    write_forecasts(begun, forecast_frame())
    assert write_forecasts(begun, forecast_frame(issued_after=60, mean=101.0)) == 6
    assert {row["issued_at"] for row in stored(begun)} == {as_of + timedelta(seconds=60)}


def test_a_run_of_an_earlier_as_of_leaves_a_later_ones_origin_whole(
    begun: Database, forecast_frame: ForecastFrame
) -> None:
    later = forecast_frame(days=1)
    write_forecasts(begun, later)
    assert write_forecasts(begun, forecast_frame(days=0, mean=7.0, horizon=5)) == 0
    assert stored(begun) == later.to_dict(orient="records")


def test_only_the_superseded_series_is_left_out(begun: Database, forecast_frame: ForecastFrame) -> None:
    write_forecasts(begun, forecast_frame(days=1, series=("prices/AMZN",)))
    assert write_forecasts(begun, forecast_frame(mean=7.0)) == 3
    assert {(row["series_id"], row["as_of"].day) for row in stored(begun)} == {("prices/AMZN", 22), ("prices/SPY", 21)}


def test_a_shorter_horizon_leaves_no_leftovers(begun: Database, forecast_frame: ForecastFrame) -> None:
    write_forecasts(begun, forecast_frame(horizon=5))
    shorter = forecast_frame(horizon=3, mean=50.0)
    write_forecasts(begun, shorter)
    assert stored(begun) == shorter.to_dict(orient="records")


def test_other_origins_and_series_are_left_alone(
    begun: Database, forecast_frame: ForecastFrame, origin: datetime
) -> None:
    before = forecast_frame(origin=origin - timedelta(hours=1), horizon=5)
    write_forecasts(begun, before)
    write_forecasts(begun, forecast_frame(horizon=5))
    write_forecasts(begun, forecast_frame(horizon=2, series=("prices/SPY",)))
    assert len(stored(begun)) == 10 + 5 + 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lead": 0}, "ck_forecasts_lead"),
        ({"valid_at": datetime(2020, 1, 1).astimezone()}, "ck_forecasts_valid_at"),
        ({"quality": "splendid"}, "ck_forecasts_quality"),
        ({"mean": float("nan")}, "(?i)not.null"),
        ({"series_id": "prices/UNKNOWN"}, "(?i)foreign key"),
    ],
)
def test_a_forecast_that_cannot_be_is_refused(
    begun: Database, forecast_frame: ForecastFrame, change: dict[str, object], message: str
) -> None:
    frame = forecast_frame(horizon=1, series=("prices/AMZN",)).assign(**change)
    with pytest.raises(DatabaseError, match=message):
        begun.upsert(Forecast, frame)
    with pytest.raises((DatabaseError, DataError)):
        write_forecasts(begun, frame)
    assert stored(begun) == []


def test_a_frame_that_breaks_the_contract_is_named_before_anything_is_written(
    begun: Database, forecast_frame: ForecastFrame
) -> None:
    frame = forecast_frame()
    with pytest.raises(DataError, match="break: lower_80 not above mean. "):
        write_forecasts(begun, frame.assign(lower_80=frame["upper_80"]))
    with pytest.raises(DataError, match="one row for each series_id and origin and valid_at"):
        write_forecasts(begun, pd.concat([frame, frame]))
    assert stored(begun) == []


def test_no_forecasts_write_nothing(begun: Database, forecast_frame: ForecastFrame) -> None:
    assert write_forecasts(begun, forecast_frame().head(0)) == 0


def test_latest_forecasts_are_the_newest_origin_of_each_series(
    begun: Database, forecast_frame: ForecastFrame, origin: datetime
) -> None:
    older, newer = forecast_frame(), forecast_frame(days=1, origin=origin + timedelta(days=1), series=("prices/AMZN",))
    write_forecasts(begun, older)
    write_forecasts(begun, newer)
    expected = newer.to_dict(orient="records") + older[older["series_id"] == "prices/SPY"].to_dict(orient="records")
    assert latest_forecasts(begun) == expected
    assert latest_forecasts(begun, pipeline="prices") == expected
    assert latest_forecasts(begun, series_id="prices/SPY") == expected[3:]
    assert latest_forecasts(begun, pipeline="etth1") == []


def test_forecasts_from_given_origins(begun: Database, forecast_frame: ForecastFrame, origin: datetime) -> None:
    write_forecasts(begun, forecast_frame())
    write_forecasts(begun, forecast_frame(days=1, origin=origin + timedelta(days=1)))
    found = forecasts_from(begun, {"prices/AMZN": origin, "prices/SPY": origin + timedelta(days=1)})
    assert [(row["series_id"], row["origin"].day, row["lead"]) for row in found] == [
        *(("prices/AMZN", 21, lead) for lead in (1, 2, 3)),
        *(("prices/SPY", 22, lead) for lead in (1, 2, 3)),
    ]
    assert forecasts_from(begun, {}) == []


def test_thousands_of_series_are_asked_for_at_once(
    begun: Database, forecast_frame: ForecastFrame, origin: datetime
) -> None:
    write_forecasts(begun, forecast_frame())
    asked = {f"prices/S{number}": origin for number in range(2500)} | {"prices/SPY": origin}
    assert [row["lead"] for row in forecasts_from(begun, asked)] == [1, 2, 3]
