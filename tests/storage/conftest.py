"""Rows for the tests of the tables."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from daycast.storage.sql.database import Database
from daycast.storage.sql.runs import begin_run
from daycast.storage.sql.series import upsert_series

AS_OF = datetime(2026, 8, 21, 22, 30, tzinfo=UTC)
ORIGIN = datetime(2026, 8, 21, 20, tzinfo=UTC)

ForecastFrame = Callable[..., pd.DataFrame]


@pytest.fixture
def as_of() -> datetime:
    """The instant that the first run pretends it is."""
    return AS_OF


@pytest.fixture
def origin() -> datetime:
    """The origin of its forecasts."""
    return ORIGIN


@pytest.fixture
def begun(db: Database) -> Database:
    """A database that knows two series of ``prices``, and runs of it that began as of three days."""
    shared = {"pipeline": "prices", "feed": "sample", "target": "close", "unit": "USD", "calendar": "XNYS"}
    upsert_series(db, [{**shared, "series_id": f"prices/{symbol}", "symbol": symbol} for symbol in ("AMZN", "SPY")])
    for days in range(3):
        at = AS_OF + timedelta(days=days)
        begin_run(db, run_id=f"prices@{at:%Y-%m-%d}", pipeline="prices", as_of=at, started_at=at)
    return db


@pytest.fixture
def forecast_frame() -> ForecastFrame:
    """Builds the forecasts of one run: an hour a lead."""

    def build(
        *,
        days: int = 0,
        origin: datetime = ORIGIN,
        horizon: int = 3,
        mean: float = 100.0,
        issued_after: int = 0,
        series: tuple[str, ...] = ("prices/AMZN", "prices/SPY"),
    ) -> pd.DataFrame:
        at = AS_OF + timedelta(days=days)
        rows = [
            {
                "series_id": name,
                "origin": origin,
                "valid_at": origin + timedelta(hours=lead),
                "lead": lead,
                "issued_at": at + timedelta(seconds=issued_after),
                "as_of": at,
                "mean": mean + lead,
                "lower_80": mean - 1.0,
                "upper_80": mean + 10.0,
                "lower_95": mean - 2.0,
                "upper_95": mean + 20.0,
                "forecaster": "network",
                "pipeline": "prices",
                "version": "v1",
                "quality": "ok",
                "run_id": f"prices@{at:%Y-%m-%d}",
            }
            for name in series
            for lead in range(1, horizon + 1)
        ]
        return pd.DataFrame(rows)

    return build
