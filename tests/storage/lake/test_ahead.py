"""What is known ahead keeps every vintage, and from when each counts."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from daycast.storage.lake.ahead import Ahead
from daycast.storage.lake.folder import Folder

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def _rows(*told: tuple[int, int, float]) -> pd.DataFrame:
    """Of days, by number, since when and what."""
    valid, since, values = zip(*told, strict=True)
    times = {
        name: pd.DatetimeIndex([MONDAY + day * DAY for day in days]).as_unit("us")
        for name, days in (("valid_at", valid), ("available_at", since))
    }
    return pd.DataFrame({"symbol": pd.Series(["A"] * len(told), dtype="str"), **times, "warmth": list(values)})


@pytest.fixture
def add(tmp_path):
    ahead = Ahead(Folder(str(tmp_path)), "load")

    def adding(rows, *, day):
        moment = MONDAY + day * DAY
        said = ahead.add("0", rows, columns=["warmth"], fetched_at=moment, known_at=moment)
        kept = ahead.vintages("0").sort_values(["valid_at", "available_at"])
        days = (kept["available_at"] - MONDAY) // DAY
        return said, list(zip((kept["valid_at"] - MONDAY) // DAY, days, kept["warmth"], strict=True))

    return adding


def test_the_same_again_is_kept_once_and_a_new_vintage_beside_it(add):
    assert add(_rows((5, 1, 2.0)), day=2) == ({}, [(5, 1, 2.0)])
    assert add(_rows((5, 1, 2.0), (5, 3, 4.0)), day=3) == ({}, [(5, 1, 2.0), (5, 3, 4.0)])


def test_what_is_rewritten_and_what_came_late_count_from_the_fetch_that_brought_them(add):
    add(_rows((5, 1, 2.0)), day=2)
    said, kept = add(_rows((5, 1, 9.0), (6, 1, 7.0)), day=4)
    assert said == {"A": 1}
    assert kept == [(5, 1, 2.0), (5, 4, 9.0), (6, 4, 7.0)]
    assert add(_rows((5, 1, 9.0), (6, 1, 7.0)), day=5) == ({}, kept)
