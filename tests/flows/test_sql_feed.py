"""One pipeline's output as another's input, through SQL."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]


def test_what_one_pipeline_keeps_is_what_another_reads(place):
    assert place.run().status == "succeeded"
    place.define(
        "third",
        feed="sql",
        path=None,
        url_from="DAYCAST_DATABASE_URL",
        query="SELECT valid_at, value, available_at FROM actuals WHERE series_id = 'mine/A'",
        time="valid_at",
        available_at="available_at",
        symbols=["A"],
        columns={"close": "value"},
    )
    assert place.run("third").status == "succeeded"
    rows = place.table("forecasts")
    origins = {row["pipeline"]: row["origin"] for row in rows}
    assert origins["third"] == origins["mine"]
    actuals = {
        name: {row["valid_at"]: row["value"] for row in place.table("actuals") if row["series_id"] == name}
        for name in ("mine/A", "third/A")
    }
    assert actuals["mine/A"] == actuals["third/A"]
