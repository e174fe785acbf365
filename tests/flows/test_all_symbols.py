"""A pipeline without symbols takes those of its file, as they were known at the time."""

from datetime import timedelta

import pytest

from tests.places import AS_OF, DAYS, FIRST, TINY, make_place, walk

pytestmark = pytest.mark.usefixtures("prefect_server")


def _write(path, series, *, until=DAYS):
    rows = [
        f"{(FIRST + timedelta(days=day)).date()},{symbol},{value!r}"
        for symbol, (first, values) in series.items()
        for day, value in enumerate(values.tolist(), start=first)
        if day < until
    ]
    path.write_text("\n".join(["date,ticker,close", *rows, ""]))


@pytest.mark.slow
def test_every_symbol_that_the_file_has_is_forecast_and_no_other_is_known_of(prefect_server, tmp_path):  # noqa: ARG001
    place, path = make_place(tmp_path / "place"), tmp_path / "all.csv"
    series = {"A": (0, walk(1)), "B": (0, walk(2)), "LATE": (DAYS - 5, walk(3, 5))}
    _write(path, series)
    place.define(base={key: TINY[key] for key in TINY if key != "symbols"}, path=str(path), symbol_column="ticker")

    earlier = place.run(as_of=AS_OF - timedelta(days=10))
    assert earlier.status == "succeeded"
    assert {row["series_id"] for row in place.table("series")} == {"mine/A", "mine/B"}
    assert {row["kind"] for row in place.table("remarks")} == set()

    assert place.run().status == "succeeded"
    assert {row["series_id"] for row in place.table("forecasts") if row["as_of"] == AS_OF} == {
        "mine/A",
        "mine/B",
        "mine/LATE",
    }


@pytest.mark.slow
def test_symbols_that_bear_other_names_since_yesterday_are_missed_until_they_are_stale(prefect_server, tmp_path):  # noqa: ARG001
    place, path = make_place(tmp_path / "place"), tmp_path / "all.csv"
    place.define(base={key: TINY[key] for key in TINY if key != "symbols"}, path=str(path), symbol_column="ticker")
    _write(path, {"A": (0, walk(1)), "B": (0, walk(2, DAYS - 10))})
    assert place.run(as_of=AS_OF - timedelta(days=10)).status == "succeeded"

    _write(path, {"A": (0, walk(1)), "NEW": (0, walk(2))})
    assert place.run(as_of=AS_OF - timedelta(days=9)).status == "degraded"
    assert place.run().status == "succeeded", "in the end it is not of the panel any more"
    told = {(row["series_id"], row["kind"]): row["message"] for row in place.table("remarks")}
    assert "all.csv holds no row of it; there are: A, NEW" in told["mine/B", "feed"]
    served = {(row["as_of"], row["series_id"]): row["quality"] for row in place.table("forecasts")}
    assert served[AS_OF - timedelta(days=9), "mine/B"] == "stale"
    assert (AS_OF - timedelta(days=9), "mine/NEW") in served
    assert (AS_OF, "mine/B") not in served


def test_a_file_that_is_gone_on_the_first_night_is_told_in_a_row_of_runs(prefect_server, tmp_path):  # noqa: ARG001
    place = make_place(tmp_path / "place")
    place.define(
        base={key: TINY[key] for key in TINY if key != "symbols"}, path=str(tmp_path / "none.csv"), symbol_column="s"
    )
    told = place.run()
    assert (told.status, told.pipeline) == ("failed", "mine")
    assert "there is no file" in told.message
    (row,) = place.table("runs")
    assert (row["status"], row["message"]) == ("failed", told.message)
    assert not place.table("series")
