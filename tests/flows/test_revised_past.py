"""A bar that comes days late: what was forecast without it is forecast without it again, to the last bit."""

from datetime import timedelta
from unittest.mock import patch

import pytest

import daycast.flows.daily
from tests.places import AS_OF, DAYS, WALL_CLOCK, walk

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]
SOON = timedelta(seconds=5)
TUESDAY = AS_OF + timedelta(days=4)


def _run(place, *, as_of, now, days, late=False):
    """A run at an instant, when the feed has this many days; without the last of :data:`DAYS` unless it has come."""
    for seed, symbol in enumerate("AB"):
        place.write(symbol, walk(seed, days))
        if not late:
            path = place.root / f"{symbol}.csv"
            path.write_text(
                "".join(row for row in path.read_text().splitlines(keepends=True) if f"{AS_OF:%F}" not in row)
            )
    with patch.object(daycast.flows.daily, "now", lambda: now):
        summary = place.run(as_of=as_of)
    assert summary.status in {"succeeded", "degraded"}, summary.message
    left = {**WALL_CLOCK, "forecasts": {"issued_at"}}
    rows = place.tables(leave=left)["forecasts"]
    return [row for row in rows if as_of in row]


def test_fridays_run_repeated_after_its_bar_came_on_tuesday_is_bit_equal(place):
    friday = _run(place, as_of=AS_OF, now=AS_OF + SOON, days=DAYS)
    tuesday = _run(place, as_of=TUESDAY, now=TUESDAY + SOON, days=DAYS + 4, late=True)
    again = _run(place, as_of=AS_OF, now=TUESDAY + timedelta(hours=2), days=DAYS + 4, late=True)
    assert friday
    assert again == friday
    assert tuesday != friday
    (row,) = [row for row in place.table("actuals") if row["series_id"] == "mine/A" and row["valid_at"] == AS_OF]
    assert row["available_at"] > AS_OF, "it was known when it came"
