"""Scoring what was forecast against what came, and what follows from it."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from daycast.storage.sql.database import Database
from daycast.storage.sql.forecasts import write_forecasts
from daycast.storage.terms.words import series_id
from daycast.tasks.steps.evaluate import evaluate
from daycast.tasks.steps.ingest import ingest
from daycast.tasks.steps.plan import plan
from daycast.tasks.steps.predict import predict
from daycast.tasks.steps.prepare import prepare
from daycast.tasks.steps.score import score
from daycast.tasks.steps.train import train
from tests.drills.drill_backfill import LIVE_METRICS, disagreements, recomputed
from tests.drills.drill_backfill import stored as stored_figures
from tests.places import AS_OF, DAYS, FIRST, Place, make_place, walk

DAY = timedelta(days=1)
MADE = AS_OF - 12 * DAY
NONE = float("nan")


@pytest.fixture
def either(tmp_path, database_url) -> Place:
    """A place on SQLite, then on PostgreSQL, whose data are in the lake."""
    made = make_place(tmp_path / "place", database_url)
    made.define()
    ingest.fn(made.job())
    return made


def forecast(place: Place, *, first=MADE, days=10, off=1.02, **changes) -> None:
    """Forecasts of both series from each of some days: two leads, the actual value times a factor."""
    rows = []
    for seed, symbol in enumerate("AB"):
        values = walk(seed)
        for step in range(days):
            origin = first + DAY * step
            day = (origin - FIRST).days
            for lead in (1, 2):
                mean = float(values[min(day + lead, DAYS - 1)]) * off
                rows.append(
                    {
                        "series_id": series_id("mine", symbol),
                        "origin": origin,
                        "valid_at": origin + DAY * lead,
                        "lead": lead,
                        "issued_at": origin,
                        "as_of": origin,
                        "mean": mean,
                        "lower_80": mean * 0.99,
                        "upper_80": mean * 1.01,
                        "lower_95": mean * 0.97,
                        "upper_95": mean * 1.03,
                        "forecaster": "network",
                        "pipeline": "mine",
                        "version": "v1",
                        "quality": "ok",
                        "run_id": f"mine@{origin:%Y-%m-%d}",
                        **changes,
                    }
                )
    with Database.open(place.database_url) as db:
        write_forecasts(db, pd.DataFrame(rows))


def stored(place: Place, **wanted) -> dict[str, tuple[float, int]]:
    """The live evaluations over all series and leads, by metric."""
    wanted = {"pipeline": "mine", "version": "v1", "series_id": "*", "lead": 0, "split": "live", **wanted}
    rows = [row for row in place.table("evaluations") if wanted.items() <= row.items()]
    return {row["metric"]: (row["value"], row["n"]) for row in rows}


def test_every_forecast_whose_value_came_is_scored(either):
    score.fn(either.job(as_of=MADE))
    forecast(either, first=AS_OF - 2 * DAY, days=3)  # of leads to AS_OF - 1, AS_OF, AS_OF, AS_OF + 1, …
    scored = score.fn(either.job())
    assert scored.forecasts == 2 * 3
    assert stored(either)["mae"][1] == 2 * 3
    assert (scored.week.n, scored.month.n) == (6, 6)
    assert scored.week.coverage_80 == 0.0
    assert scored.week.coverage_95 == 1.0
    assert scored.broken == {}


def test_the_live_figures_are_what_an_independent_query_gives(either):
    score.fn(either.job(as_of=MADE))
    forecast(either)
    forecast(either, first=MADE + 10 * DAY, days=1, version="v2", forecaster="naive", lower_80=NONE, upper_80=NONE)
    scored = score.fn(either.job())
    ours = stored_figures(row for row in either.table("evaluations") if row["split"] == "live")
    with Database.open(either.database_url) as db:
        theirs = recomputed(db.query(LIVE_METRICS), directional=False)
    assert disagreements(ours, theirs) == []
    overall = ("mine", "v1", "network", "*", 0)
    assert ours[*overall, "mae"][1] == 40
    assert len(ours) == 5 * 9 + 5 * 6, "two series over all leads, and all series by lead; v2 without an 80 % interval"
    assert scored.month.n == 44
    either_wrong = {**ours, (*overall, "skill"): (ours[*overall, "skill"][0] * (1 + 2e-9), 40)}
    assert len(disagreements(either_wrong, theirs)) == 1


def test_by_series_and_by_lead_too(either):
    score.fn(either.job(as_of=MADE))
    forecast(either)
    score.fn(either.job())
    assert stored(either, series_id="mine/A")["mae"][1] == 20
    assert stored(either, lead=2)["mae"][1] == 20
    assert stored(either, series_id="mine/B", lead=2) == {}, "a series over all leads alone"
    assert "directional_accuracy" not in stored(either), "a frequency is no exchange"


def test_the_runs_own_and_later_forecasts_are_not_scored(either):
    score.fn(either.job(as_of=MADE))
    forecast(either)
    at = MADE + 5 * DAY
    scored = score.fn(either.job(as_of=at, now=AS_OF))
    assert scored.forecasts == 2 * (5 + 4)  # made on five days before; the last one's second lead is still to come
    assert score.fn(either.job(as_of=MADE + DAY, now=AS_OF)).forecasts == 2


def test_scored_again_the_rows_are_the_same_and_an_earlier_run_takes_nothing_back(either):
    score.fn(either.job(as_of=MADE))
    forecast(either)
    first = score.fn(either.job())
    assert first.evaluations > 0
    before = either.table("evaluations")
    again = score.fn(either.job(now=AS_OF + DAY))
    assert (again.evaluations, again.month, again.judged) == (0, first.month, first.judged)
    score.fn(either.job(as_of=AS_OF - 5 * DAY))
    assert either.table("evaluations") == before


def test_a_version_that_was_not_scored_in_time_is_scored_later(either):
    score.fn(either.job(as_of=FIRST + DAY))
    forecast(either, first=FIRST + 2 * DAY, version="old")
    scored = score.fn(either.job())
    assert scored.month.n == 0
    assert stored(either, version="old")["mae"][1] == 40


def test_nothing_is_written_again_for_versions_of_which_nothing_came(either):
    score.fn(either.job(as_of=MADE))
    forecast(either, days=4, version="first")
    score.fn(either.job(as_of=AS_OF - DAY, now=AS_OF))
    forecast(either, first=AS_OF - DAY, days=1, version="second")
    score.fn(either.job())
    told = {row["version"]: row["evaluated_at"] for row in either.table("evaluations")}
    assert told == {"first": AS_OF - DAY, "second": AS_OF}


def test_after_a_split_a_forecast_is_held_against_the_value_on_its_own_basis(place):
    """The feed tells the whole history at half its height from a day on; no score changes."""
    ingest.fn(place.job(as_of=AS_OF - 3 * DAY))
    score.fn(place.job(as_of=MADE))
    forecast(place)
    ingest.fn(place.job())
    plain = score.fn(place.job())
    for seed, symbol in enumerate("AB"):
        place.write(symbol, walk(seed) / 2)
    ingested = ingest.fn(place.job(as_of=AS_OF, now=AS_OF + 2 * DAY))
    assert ingested.revised == 2 * DAYS
    split = score.fn(place.job(as_of=AS_OF + 3 * DAY))
    assert split.month.n == plain.month.n
    assert split.month.mae == pytest.approx(plain.month.mae)
    assert split.month.skill == pytest.approx(plain.month.skill)
    # a run as of the day before the split, done again, sees what it saw
    assert score.fn(place.job(as_of=AS_OF, now=AS_OF + 4 * DAY)).month == plain.month


def test_broken_rules_are_told_with_their_figures(tmp_path):
    place = make_place(tmp_path / "place")
    place.define(training={"min_skill": 0.5, "min_coverage_80": 0.6, "min_coverage_95": 0.9})
    ingest.fn(place.job())
    score.fn(place.job(as_of=MADE))
    forecast(place, off=1.015)
    scored = score.fn(place.job())
    assert scored.judged.n == 40
    assert set(scored.broken) == {"min_skill", "min_coverage_80"}
    assert "(min_skill = 0.5)" in scored.broken["min_skill"]
    assert "is 0.000 over 40 forecasts" in scored.broken["min_coverage_80"]


def test_the_rules_look_at_what_was_served_whoever_made_it(tmp_path):
    place = make_place(tmp_path / "place")
    place.define(training={"min_skill": 0.5})
    ingest.fn(place.job())
    score.fn(place.job(as_of=MADE))
    forecast(place, forecaster="naive")
    scored = score.fn(place.job())
    assert (scored.month.n, scored.judged.n, set(scored.broken)) == (40, 40, {"min_skill"})


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
@pytest.mark.filterwarnings("ignore:Artifact creation outside of a flow:FutureWarning")
def test_low_live_skill_retrains_once_with_the_reason_and_the_same_run_decides_the_same(tmp_path):
    place = make_place(tmp_path / "place")
    place.define(training={"min_skill": 0.0, "retrain_every_days": 100})
    ingest.fn(place.job())

    def decide(as_of: datetime, *, then_train: bool = False):
        job = place.job(as_of=as_of, now=AS_OF)
        prepared = prepare.fn(job)
        planned = plan.fn(job, prepared, requested="auto", broken=score.fn(job).broken)
        if then_train:
            train.fn(job, prepared, planned)
            predict.fn(job, prepared, versions=planned.versions)
            evaluate.fn(job, prepared, planned)
        return planned

    assert decide(MADE - DAY, then_train=True).reason == "there is no champion yet"
    forecast(place, off=1.3)
    assert decide(MADE + 2 * DAY).training == "fine_tune", "six forecasts say too little"
    low = decide(AS_OF - DAY, then_train=True)
    assert low.training == "retrain"
    assert "live skill over the last 30 days is -" in low.reason
    assert "over 40 forecasts (min_skill = 0)" in low.reason
    assert decide(AS_OF).training == "fine_tune", "what was forecast before the retrain counts no more"
    again = decide(AS_OF - DAY)
    assert (again.training, again.reason, again.version) == (low.training, low.reason, low.version)
    for symbol in "AB":
        place.write(symbol, np.append(walk(0)[: DAYS - 1], 1.0))
    ingest.fn(place.job(now=AS_OF + DAY))
    assert decide(AS_OF - DAY).reason == low.reason, "what came later changes nothing"
