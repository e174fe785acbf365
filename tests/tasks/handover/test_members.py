"""Who the series of a pipeline are that takes every symbol of its file."""

from datetime import timedelta

import pandas as pd
import pytest

from daycast.storage.terms.errors import DataError, FeedUnavailable
from daycast.tasks.handover.members import named
from daycast.tasks.handover.stores import Stores
from tests.places import AS_OF, FIRST, TINY, make_place


def test_they_are_those_of_the_nights_before_where_the_file_is_gone(tmp_path):
    place, path = make_place(tmp_path / "place"), tmp_path / "all.csv"
    path.write_text(f"date,ticker,close\n{FIRST.date()},B,1.0\n{FIRST.date()},A,2.0\n{FIRST.date()},A/B,2.0\n")
    table = {key: TINY[key] for key in TINY if key != "symbols"}
    spec = place.define(base=table, path=str(path), symbol_column="ticker")
    whole, left_out = named(spec, as_of=AS_OF, settings=place.settings)
    assert whole.symbols == ("A", "B")
    assert "'A/B'" in left_out
    assert named(whole, as_of=AS_OF) == (whole, "")
    with pytest.raises(DataError, match="ticker"):
        named(spec, as_of=FIRST - timedelta(days=1))
    path.unlink()
    with pytest.raises(FeedUnavailable):
        named(spec, as_of=AS_OF, settings=place.settings)
    Stores(place.settings).observations("mine").place(["B", "A"])
    assert named(spec, as_of=AS_OF, settings=place.settings)[0].symbols == ("A", "B")


def test_one_that_left_the_file_is_missed_until_it_is_stale(tmp_path):
    """Also where the file has no symbol left: a head alone, or rows of none."""
    place, path = make_place(tmp_path / "place"), tmp_path / "all.csv"
    table = {key: TINY[key] for key in TINY if key != "symbols"}
    spec = place.define(base=table, path=str(path), symbol_column="ticker")
    observed = pd.DatetimeIndex([FIRST])
    row = pd.DataFrame(
        {"symbol": ["B"], "observed_at": observed, "available_at": observed + pd.Timedelta(days=1), "close": [1.0]}
    )
    Stores(place.settings).observations("mine").add(row, fetched_at=FIRST + timedelta(days=1))
    path.write_text(f"date,ticker,close\n{FIRST.date()},A,2.0\n")
    soon, late = FIRST + timedelta(days=3), FIRST + timedelta(days=9)
    assert named(spec, as_of=soon, settings=place.settings)[0].symbols == ("A", "B")
    assert named(spec, as_of=late, settings=place.settings)[0].symbols == ("A",)
    assert named(spec, as_of=soon)[0].symbols == ("A",), "daycast check asks the file alone"
    for left in ("", f"{FIRST.date()},,2.0\n"):
        path.write_text(f"date,ticker,close\n{left}")
        assert named(spec, as_of=soon, settings=place.settings)[0].symbols == ("B",)
    with pytest.raises(DataError, match="holds none. Look at the column ticker"):
        named(spec, as_of=late, settings=place.settings)
    path.write_text(f"date,ticker,close\n{FIRST.date()},<b>x</b>,2.0\n")
    with pytest.raises(DataError, match="holds none. A symbol is up to 64 .* left out: '<b>x</b>'"):
        named(spec, as_of=late, settings=place.settings)
