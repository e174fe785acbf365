"""What is forecast otherwise than before: one instant a series, the largest first, of the origin asked for."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from daycast.storage.sql.changes import largest_changes
from daycast.storage.sql.database import Database
from daycast.storage.sql.forecasts import write_forecasts
from daycast.storage.sql.series import upsert_series

DAY = timedelta(days=1)
AT = datetime(2026, 8, 21, tzinfo=UTC)


def night(db: Database, origin: datetime, means: dict[str, list[float]]) -> None:
    rows = [
        {
            "series_id": series, "origin": origin, "valid_at": origin + lead * DAY, "lead": lead, "issued_at": origin,
            "as_of": origin, "mean": mean, "lower_80": mean - width, "upper_80": mean + width, "lower_95": mean - 99,
            "upper_95": mean + 99, "forecaster": "network", "pipeline": "mine", "version": "v1", "quality": "ok",
            "run_id": f"mine@{origin:%d}",
        }
        for series, values in means.items()
        for width in [50.0 if series == "mine/wide" else 0.5]
        for lead, mean in enumerate(values, start=1)
    ]  # fmt: skip
    write_forecasts(db, pd.DataFrame(rows))


def test_the_largest_are_told_beside_the_interval_of_then(db: Database) -> None:
    shared = {"pipeline": "mine", "feed": "files", "target": "close", "unit": "", "calendar": "1D"}
    names = ("wide", "narrow", "new")
    upsert_series(db, [{**shared, "series_id": f"mine/{name}", "symbol": name} for name in names])
    night(db, AT - 2 * DAY, {"mine/wide": [0.0, 100.0, 200.0], "mine/narrow": [1.0, 1.0, 1.0]})
    night(db, AT - DAY, {"mine/narrow": [2.0, 2.5, 2.0]})
    night(db, AT, {"mine/wide": [110.0, 2.0], "mine/narrow": [2.25, 4.0], "mine/new": [1.0, 1.0]})
    origins = {f"mine/{name}": AT for name in names}
    narrow, wide = largest_changes(db, origins, most=5)
    assert (narrow.series_id, narrow.valid_at, narrow.change) == ("mine/narrow", AT + 2 * DAY, 2.0)
    assert (narrow.share, narrow.previous_origin) == (pytest.approx(2.0), AT - DAY)
    assert (wide.series_id, wide.change, wide.share) == ("mine/wide", -90.0, pytest.approx(0.9))
    assert len(largest_changes(db, origins, most=1)) == 1
    (earlier,) = largest_changes(db, {"mine/narrow": AT - DAY}, most=5)
    assert (earlier.previous, earlier.mean) == (1.0, 2.5), "of an earlier run, what it changed"
