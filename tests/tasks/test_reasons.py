"""What moved a forecast, and what has drifted: told by runs on series whose driver is known."""

import re
import shutil
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.places import DAYS, FIRST, WALL_CLOCK, Place, make_place, walk

COUNT, DAY = 700, timedelta(days=1)
AS_OF = FIRST + 599 * DAY
SHIFT = 640
"""From this day on the driver is another."""
VOLATILE = {**WALL_CLOCK, "explanations": {"run_id"}}


def _write(place: Place, *, from_day: int = COUNT, by: float = 0.0) -> None:
    """``close`` is how far ``heat`` was from zero three days before; ``noise`` does nothing."""
    random = np.random.default_rng(5)
    heat, noise, small = random.normal(size=(3, COUNT + 3))
    heat[from_day + 3 :] += by
    days = [(FIRST + step * DAY).date() for step in range(COUNT)]
    rows = [
        f"{day},{20 + 3 * abs(heat[at]) + 0.1 * small[at]},{heat[at + 3]},{noise[at]}" for at, day in enumerate(days)
    ]
    (place.root / "A.csv").write_text("\n".join(["date,close,heat,noise", *rows]) + "\n")


def _make(root: Path, **written: float) -> Place:
    place = make_place(root)
    _write(place, **written)  # type: ignore[arg-type]
    place.define(
        symbols=["A"],
        features=["close", "heat", "noise"],
        difference="none",
        model={"cell": "gru", "units": [12], "epochs": 20, "batch_size": 16, "learning_rate": 0.02, "seed": 3},
        training={"retrain_every_days": 1000, "max_drift": 0.25, "fine_tune_epochs": 0},
    )
    return place


@pytest.fixture(scope="module")
def told(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> Place:  # noqa: ARG001
    """A place after one run, whose feed says what comes after it too."""
    place = _make(tmp_path_factory.mktemp("reasons") / "place", from_day=SHIFT, by=4.0)
    assert place.run(as_of=AS_OF).forecaster == "network"
    return place


@pytest.mark.slow
def test_the_driver_is_named_with_its_steps_and_the_effects_add_up_to_the_forecast(told):
    rows = told.table("explanations")
    assert {row["series_id"] for row in rows} == {"mine/A"}
    assert len(rows) == 1 + 3 * 4
    forecasts = [row for row in told.table("forecasts") if row["as_of"] == AS_OF]
    assert sum(row["effect"] for row in rows) == pytest.approx(np.mean([row["mean"] for row in forecasts]), rel=1e-5)
    assert {(row["origin"], row["version"]) for row in rows} == {(forecasts[0]["origin"], forecasts[0]["version"])}
    effects = {(row["feature"], row["step"]): abs(row["effect"]) for row in rows if row["step"]}
    # lead 1 is of the driver 3 steps back, lead 2 of that 2 steps back
    assert max(effects, key=lambda key: effects[key]) == ("heat", 2)
    assert effects["heat", 2] > 0.6 * sum(effects.values())
    assert sum(of for (feature, _), of in effects.items() if feature == "noise") < 0.2 * sum(effects.values())


@pytest.mark.usefixtures("prefect_server")
def test_of_a_series_that_is_stale_nothing_is_told_and_the_others_add_up(place):
    """Its forecasts are for leads beyond the horizon, of which an effect on the mean over the horizon says nothing."""
    as_of = FIRST + (DAYS - 1) * DAY
    place.write("A", walk(0, DAYS - 10))
    place.run(as_of=as_of)
    forecasts, rows = place.table("forecasts"), place.table("explanations")
    assert {row["lead"] for row in forecasts if row["series_id"] == "mine/A"} == {11, 12}
    assert {row["forecaster"] for row in forecasts} <= {"network", "ridge", "blend"}
    mean = np.mean([row["mean"] for row in forecasts if row["series_id"] == "mine/B"])
    assert {row["series_id"] for row in rows} == {"mine/B"}
    assert sum(row["effect"] for row in rows) == pytest.approx(mean, rel=1e-5)
    assert place.run(as_of=as_of + 30 * DAY).quality == "stale"
    assert place.table("explanations") == rows, "both are stale now"


@pytest.mark.slow
def test_what_is_alike_is_told_to_be(told):
    rows = {row["feature"]: row for row in told.table("drift")}
    assert set(rows) == {"close", "heat", "noise"}, "of errors there are too few yet"
    for row in rows.values():
        assert row["p_value"] > 0.01
        assert row["since"] == AS_OF - 41 * DAY
        assert (row["n"], row["training_n"]) == (42, 420)


@pytest.mark.slow
def test_the_page_draws_it_and_has_the_table(told):
    page = (told.root / "data" / "reports" / "mine.html").read_text()
    assert "What moved them" in page
    assert 'alt="mine/A: what moved it: from ' in page
    assert "most by heat 2–3 steps back by" in page
    for row in told.table("drift"):
        assert f"<td>{row['feature']}</td><td>{row['since']:%Y-%m-%d %H:%M}</td><td>{row['psi']:,.4g}</td>" in page


@pytest.mark.slow
def test_what_comes_after_as_of_changes_no_bit_of_it(told, tmp_path):
    other = _make(tmp_path / "place", from_day=600, by=-9.0)
    assert (other.root / "A.csv").read_text() != (told.root / "A.csv").read_text()
    other.run(as_of=AS_OF)
    for table in ("explanations", "drift"):
        assert other.tables(leave=VOLATILE)[table] == told.tables(leave=VOLATILE)[table]


@pytest.mark.slow
def test_a_driver_that_moves_retrains_once_and_says_why(told, tmp_path):
    shutil.copytree(told.root, tmp_path / "place")
    pipelines = tmp_path / "place" / "pipelines.toml"
    pipelines.write_text(pipelines.read_text().replace(str(told.root), str(tmp_path / "place")))
    place = Place(root=tmp_path / "place", database_url=f"sqlite:///{tmp_path / 'place' / 'data' / 'daycast.sqlite'}")
    nights = [AS_OF + step * DAY for step in (96, 97, 98)]
    summaries = [place.run(as_of=night) for night in nights]
    assert [each.training for each in summaries] == ["reuse", "retrain", "reuse"]
    assert re.search(r"(heat|close) has drifted since 2025-10-\d\d: its stability index is", summaries[1].message)
    assert "(max_drift = 0.25)" in summaries[1].message
    rows = {(row["as_of"], row["feature"]): row for row in place.table("drift")}
    assert rows[nights[0], "heat"]["psi"] > 1
    assert rows[nights[0], "heat"]["p_value"] < 0.01
    assert rows[nights[0], "noise"]["p_value"] > 0.01
    before = place.tables(leave=VOLATILE)
    place.run(as_of=nights[2])
    assert place.tables(leave=VOLATILE) == before
