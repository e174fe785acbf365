"""Every task run twice leaves the same rows and the same files, on SQLite and on PostgreSQL."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Course
from daycast.tasks.steps.drift import drift
from daycast.tasks.steps.evaluate import evaluate
from daycast.tasks.steps.forecast import forecast
from daycast.tasks.steps.ingest import ingest
from daycast.tasks.steps.plan import plan
from daycast.tasks.steps.predict import predict
from daycast.tasks.steps.prepare import prepare
from daycast.tasks.steps.report import publish
from daycast.tasks.steps.runs import begin, fail
from daycast.tasks.steps.score import score
from daycast.tasks.steps.train import train
from tests.places import AS_OF, Place, make_place

LATER = AS_OF + timedelta(days=2)


@pytest.fixture
def twice(tmp_path: Path, database_url: str) -> tuple[Job, Job, Callable[..., Any]]:
    """A job, the same job an hour later, and what runs a task with the one and then with the other."""
    place = make_place(tmp_path / "place", database_url)
    place.define()
    first, second = place.job(), place.job(now=LATER)

    def run(task: Any, *, leave: Any = None, **arguments: Any) -> Any:
        result = task.fn(first, **arguments)
        before = _state(place, leave)
        task.fn(second, **arguments)
        assert _state(place, leave) == before
        return result

    return first, second, run


def _state(place: Place, leave: Any) -> tuple[Any, Any]:
    return place.tables(leave=leave), place.files()


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
# The tasks are called as plain functions here; in a flow, Prefect knows which run an artifact belongs to.
@pytest.mark.filterwarnings("ignore:Artifact creation outside of a flow:FutureWarning")
def test_every_task_run_twice_leaves_what_it_left_once(twice):
    first, second, run = twice
    run(begin, leave={"runs": {"started_at"}})
    ingested = run(ingest)
    assert ingested.new == 320
    assert ingest.fn(second).new == 0
    prepared = run(prepare)
    assert prepared.written == 320
    assert prepare.fn(second).written == 0
    assert score.fn(first).actuals == 320
    run(score)
    planned = run(plan, prepared=prepared, requested="auto", broken={})
    assert planned.training == "retrain"
    trained = run(train, prepared=prepared, plan=planned)
    assert trained.epochs == 8
    assert train.fn(second, prepared=prepared, plan=planned).epochs == 0
    explained = run(predict, prepared=prepared, versions=planned.versions)
    assert [(each.forecaster, each.series_id) for each in explained] == [
        (who, name) for who in ("network", "ridge", "blend") for name in ("mine/A", "mine/B")
    ]
    evaluated = run(evaluate, prepared=prepared, plan=planned)
    assert evaluated.promoted
    run(drift, prepared=prepared, version=evaluated.version)
    ends = {
        "ingested": ingested,
        "prepared": prepared,
        "plan": planned,
        "trained": trained,
        "evaluated": evaluated,
        "explained": explained,
    }
    summary = run(forecast, course=Course(**ends), at=AS_OF)
    assert summary.rows == 4
    run(publish, prepared=prepared)


@pytest.mark.slow
def test_a_failed_run_closed_twice_is_one_row(twice):
    _, _, run = twice
    run(begin, leave={"runs": {"started_at"}})
    run(fail, message="The feed is away.", at=LATER)
