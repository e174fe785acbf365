"""One rule says when a series is stale: by days, or by steps of the calendar, weekends and nights left out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from daycast.storage.terms.pipeline import Pipeline
from daycast.tasks.handover.staleness import stale, stale_symbols

FRIDAY = datetime(2026, 8, 21, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def spec(**keys: Any) -> Pipeline:
    shared = {"feed": "sample", "symbols": ("A",), "target": "close", "features": ("close",), "lookback": 8}
    return Pipeline.model_validate({"name": "sample_mine", "horizon": 2, **shared, **keys})


@pytest.mark.parametrize(
    ("keys", "age", "old"),
    [
        ({"calendar": "1h"}, 3.5 * HOUR, False),
        ({"calendar": "1h"}, 4 * HOUR, True),
        ({"calendar": "1D"}, 3 * DAY, False),
        ({"calendar": "1D"}, 4 * DAY, True),
        ({"calendar": "XNYS"}, 3 * DAY, False),
        ({"calendar": "XNYS"}, 5 * DAY + 12 * HOUR, False),
        ({"calendar": "XNYS"}, 6 * DAY + 23 * HOUR, True),
        ({"calendar": "W-FRI"}, 25 * DAY, False),
        ({"calendar": "1h", "stale_after_days": 2}, 2 * DAY, False),
        ({"calendar": "1h", "stale_after_days": 2}, 2.1 * DAY, True),
    ],
)
def test_the_rule(*, keys: dict[str, Any], age: timedelta, old: bool) -> None:
    """From a Friday on: by the sessions after it, Monday to Thursday, four are too many."""
    made, as_of = spec(**keys), FRIDAY + age
    assert stale(made, pd.DatetimeIndex([FRIDAY]), as_of=as_of).tolist() == [old]
    assert stale_symbols(made, {"NEW": as_of, "A": FRIDAY}, as_of=as_of) == (["A"] if old else [])


def test_nothing_known_is_nothing_stale() -> None:
    assert stale_symbols(spec(calendar="1h"), {}, as_of=FRIDAY) == []
