"""Series that are plain to a person and hard on arithmetic: one that never moves, one with small steps beside it."""

import math

import numpy as np
import pytest

from tests.places import DAYS, Place, make_place, walk

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]
PEG = 3.6725


def _numbers(place: Place) -> list[float]:
    return [value for rows in place.tables().values() for row in rows for value in row if isinstance(value, float)]


def _tested(place: Place, forecaster: str, metric: str) -> list[float]:
    return [
        row["value"]
        for row in place.table("evaluations")
        if (row["forecaster"], row["metric"], row["split"], row["lead"]) == (forecaster, metric, "test", 0)
        and row["series_id"] == "*"
    ]


@pytest.fixture
def made(tmp_path):
    return make_place(tmp_path / "place")


@pytest.mark.parametrize("kind", ["log", "none"])
def test_a_rate_that_never_moves_is_forecast_as_it_is(made, kind):
    made.define("pegged", symbols=["P"], difference=kind)
    made.write("P", np.full(DAYS, PEG))
    summary = made.run("pegged")
    assert summary.status == "succeeded", summary.message
    assert "against 0 of naive's" in summary.message
    rows = made.table("forecasts")
    for row in rows:
        bounds = [row[name] for name in ("lower_95", "lower_80", "mean", "upper_80", "upper_95")]
        assert bounds == sorted(bounds)
        assert all(math.isfinite(bound) for bound in bounds)
        assert row["mean"] == PEG
    assert [row["forecaster"] for row in rows] == ["naive", "naive"]
    assert all(map(math.isfinite, _numbers(made)))
    assert summary.test["skill"] is None
    assert {row["metric"] for row in made.table("evaluations")}.isdisjoint({"skill"})
    assert _tested(made, "naive", "coverage_80") == [1.0]
    page = (made.root / "data" / "reports" / "pegged.html").read_text()
    assert page.count("<svg") + page.count("data:image") >= 3
    assert "nan" not in page.lower().replace("nano", "").replace("finan", "")


def test_one_that_never_moves_leaves_those_beside_it_their_skill(made):
    made.define("both", symbols=["A", "P"])
    made.write("P", np.full(DAYS, PEG))
    summary = made.run("both")
    assert summary.status == "succeeded", summary.message
    skills = {row["series_id"] for row in made.table("evaluations") if row["metric"] == "skill"}
    assert skills == {"both/A", "*"}
    assert all(map(math.isfinite, _numbers(made)))


def test_a_meter_that_counts_by_tenths_at_123_million_keeps_them(made):
    steps = 0.3 + 0.05 * np.log(walk(7) / 50)
    level = np.round(123_456_789.12 + steps.cumsum(), 2)
    made.define("meter", symbols=["M"], difference="none")
    made.write("M", level)
    assert made.run("meter").status == "succeeded"
    first = DAYS - round(0.15 * DAYS)  # of the test part
    wanted = np.mean([abs(level[at + lead] - level[at]) for at in range(first - 1, DAYS - 2) for lead in (1, 2)])
    assert _tested(made, "naive", "mae") == [pytest.approx(wanted, rel=1e-9)]
