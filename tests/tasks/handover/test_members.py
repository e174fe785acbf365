"""Who the series of a pipeline are that takes every symbol of its file."""

from datetime import timedelta

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
