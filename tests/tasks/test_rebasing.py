"""A split between yesterday and today, through the tasks, on SQLite and on PostgreSQL."""

from datetime import timedelta
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

import daycast.flows.daily
from daycast.storage.sql.database import Database
from daycast.storage.sql.forecasts import write_forecasts
from daycast.storage.sql.versions import promote
from daycast.storage.terms.words import series_id
from daycast.tasks.handover.material import materials
from daycast.tasks.steps.ingest import ingest
from daycast.tasks.steps.plan import plan
from daycast.tasks.steps.prepare import prepare
from daycast.tasks.steps.score import score
from tests.places import AS_OF, DAYS, Place, make_place, walk

DAY, SOON = timedelta(days=1), timedelta(seconds=5)
MOVED = {"split": 0.25, "dividend": 0.985}


@pytest.fixture
def either(tmp_path, database_url) -> Place:
    """A place on SQLite, then on PostgreSQL, where yesterday's run fetched and forecast."""
    made = make_place(tmp_path / "place", database_url)
    made.define()
    job = made.job(now=AS_OF + SOON)
    ingest.fn(job)
    prepare.fn(job)
    score.fn(job)
    with Database.open(database_url) as db:
        write_forecasts(db, pd.DataFrame([row for seed in (0, 1) for row in _forecasts(seed)]))
    return made


def _forecasts(seed: int) -> list[dict[str, object]]:
    last = float(walk(seed)[-1])
    shared = {"origin": AS_OF, "issued_at": AS_OF, "as_of": AS_OF, "forecaster": "network", "pipeline": "mine"}
    shared |= {"version": "v1", "quality": "ok", "run_id": "mine@1", "series_id": series_id("mine", "AB"[seed])}
    bounds = {"lower_80": 0.99, "upper_80": 1.03, "lower_95": 0.97, "upper_95": 1.05, "mean": 1.01}
    return [
        {**shared, "valid_at": AS_OF + lead * DAY, "lead": lead, **{name: last * by for name, by in bounds.items()}}
        for lead in (1, 2)
    ]


def _tell(place: Place, factor: float = 1.0, *, days: int = 1, part: int | None = None) -> None:
    """What the feed says some days later; the first ``part`` rows, or all, times a factor."""
    for seed, symbol in enumerate("AB"):
        values = walk(seed, DAYS + days)
        values[:part] *= factor
        place.write(symbol, values)


def _closes(place: Place, as_of, *, symbol: str = "A") -> np.ndarray:
    return place.job().observations().read(symbol, as_of=as_of)["close"].to_numpy()


def _largest_step(job) -> float:
    """The largest step in any window that a run trains on or forecasts from: differences of logarithms."""
    prepared = prepare.fn(job)
    (held,) = materials(job, prepared)
    windows = held.panel.windows(held.panel.index)
    return max(float(np.abs(each.inputs).max()) for each in (windows, held.latest.windows))


@pytest.mark.parametrize("kind", MOVED)
def test_a_history_on_another_basis_is_one_vintage_and_no_window_crosses_it(either, kind):
    factor, today = MOVED[kind], AS_OF + DAY
    _tell(either, factor)
    job = either.job(as_of=today, now=today + SOON)
    ingested = ingest.fn(job)
    assert ingested.stale == ()
    assert ingested.revised == 2 * DAYS
    assert f"A: the history of close has another basis: 160 of 160 rows are {factor:g} times" in ingested.findings[0]
    assert _closes(either, today) == pytest.approx(walk(0, DAYS + 1) * factor), "today's run sees its own fetch"
    assert _closes(either, AS_OF) == pytest.approx(walk(0)), "a run of yesterday sees what it saw"
    assert _largest_step(job) < 0.1
    assert ingest.fn(job).revised == 0


@pytest.mark.parametrize("kind", MOVED)
def test_yesterdays_forecasts_are_scored_on_their_own_basis(either, tmp_path, kind):
    today = AS_OF + DAY
    plain = make_place(tmp_path / "plain")
    plain.define()
    for place, factor in ((either, MOVED[kind]), (plain, 1.0)):
        ingest.fn(place.job(now=AS_OF + SOON))
        if place is plain:
            score.fn(place.job())
            with Database.open(place.database_url) as db:
                write_forecasts(db, pd.DataFrame([row for seed in (0, 1) for row in _forecasts(seed)]))
        _tell(place, factor)
        ingest.fn(place.job(as_of=today, now=today + SOON))
    moved, straight = (score.fn(place.job(as_of=today, now=today + SOON)) for place in (either, plain))
    assert moved.week.n == straight.week.n == 2
    assert moved.week.mae == pytest.approx(straight.week.mae)
    assert moved.week.skill == pytest.approx(straight.week.skill)
    assert moved.week.coverage_80 == straight.week.coverage_80


def test_a_run_that_is_done_late_keeps_to_the_old_basis_whole(either):
    today = AS_OF + DAY
    _tell(either, 0.25)
    late = either.job(as_of=today, now=today + timedelta(hours=9))
    ingest.fn(late)
    assert _closes(either, today) == pytest.approx(walk(0)), "no bar of the new basis stands beside the old history"
    assert _largest_step(late) < 0.1
    assert _closes(either, late.now) == pytest.approx(walk(0, DAYS + 1) / 4)


def test_a_part_on_another_basis_is_refused_by_name_and_yesterdays_data_stay(either):
    today = AS_OF + DAY
    _tell(either, 0.25, part=100)
    job = either.job(as_of=today, now=today + SOON)
    ingested = ingest.fn(job)
    assert len(ingested.stale) == 2
    assert "files gave no usable data for 'A': only a part of the history has moved" in ingested.stale[0]
    assert "100 of 160 rows" in ingested.stale[0] or "60 of 160 rows" in ingested.stale[0]
    assert _closes(either, today) == pytest.approx(walk(0))
    assert _largest_step(job) < 0.1
    _tell(either, 0.25)  # the feed has done the rest of it
    assert ingest.fn(either.job(as_of=today + DAY, now=today + DAY + SOON)).stale == ()
    assert _closes(either, today + DAY) == pytest.approx(walk(0, DAYS + 1) / 4)


def test_a_basis_that_comes_back_the_next_day(either):
    days = [AS_OF + step * DAY for step in range(4)]
    for step, factor in ((1, 0.25), (2, 1.0), (3, 0.25)):
        _tell(either, factor, days=step)
        job = either.job(as_of=days[step], now=days[step] + SOON)
        assert ingest.fn(job).stale == ()
        score.fn(job)
        assert _largest_step(job) < 0.1
    for step, factor in ((0, 1.0), (1, 0.25), (2, 1.0), (3, 0.25)):
        assert _closes(either, days[step]) == pytest.approx(walk(0, DAYS + step) * factor)
    assert score.fn(either.job(as_of=days[3], now=days[3] + SOON)).week.n == 4


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize(
    ("difference", "training", "reason"),
    [
        ("none", "retrain", "the feed has moved the history of A, B to another basis since"),
        ("log", "reuse", "there are new data, and fine_tune_epochs = 0"),
    ],
)
def test_a_champion_whose_scaling_is_of_the_old_basis_is_retrained(tmp_path, difference, training, reason):
    place = make_place(tmp_path / "place")
    place.define(difference=difference, training={"fine_tune_epochs": 0})
    with patch.object(daycast.flows.daily, "now", lambda: AS_OF + SOON):
        place.run(training="retrain")
    with Database.open(place.database_url) as db:
        promote(db, "mine", place.table("model_versions")[0]["version"], at=AS_OF)
    unmoved = place.job(as_of=AS_OF + DAY, now=AS_OF + DAY + SOON)
    _tell(place)
    ingest.fn(unmoved)
    assert plan.fn(unmoved, prepare.fn(unmoved), requested="auto", broken={}).training == "reuse"
    _tell(place, 0.25, days=2)
    moved = place.job(as_of=AS_OF + 2 * DAY, now=AS_OF + 2 * DAY + SOON)
    ingest.fn(moved)
    decided = plan.fn(moved, prepare.fn(moved), requested="auto", broken={})
    assert (decided.training, decided.reason) == (training, reason)
