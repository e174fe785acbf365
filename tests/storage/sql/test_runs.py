"""The runs: begun, taken over, finished with their forecasts or not at all."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import select

from daycast.storage.sql.database import Database
from daycast.storage.sql.runs import (
    Outcome,
    RunRow,
    begin_run,
    close_dead_runs,
    finish_run,
    latest_runs,
    list_remarks,
    list_runs,
    running_pipelines,
)
from daycast.storage.sql.tables import Forecast, Run
from daycast.storage.terms.errors import DatabaseError

ForecastFrame = Callable[..., pd.DataFrame]
RUN_ID = "prices@2026-08-21"


def run_of(db: Database, run_id: str = RUN_ID) -> RunRow:
    (row,) = db.query(select(*Run.__table__.columns).where(Run.run_id == run_id))
    return RunRow(**row)


def outcome(as_of: datetime, **changes: object) -> Outcome:
    given: dict[str, object] = {"status": "succeeded", "finished_at": as_of + timedelta(minutes=1), **changes}
    return Outcome(**given)  # type: ignore[arg-type]


def test_a_run_begins_as_running(begun: Database, as_of: datetime) -> None:
    run = run_of(begun)
    assert (run.status, run.as_of, run.started_at, run.finished_at) == ("running", as_of, as_of, None)


def test_a_run_and_its_forecasts_end_together(begun: Database, as_of: datetime, forecast_frame: ForecastFrame) -> None:
    end = outcome(as_of, training="retrain", version="v1", message="all well")
    assert finish_run(begun, run_id=RUN_ID, outcome=end, forecasts=forecast_frame()) == 6
    run = run_of(begun)
    assert (run.status, run.training, run.version, run.message) == ("succeeded", "retrain", "v1", "all well")
    assert run.finished_at == end.finished_at
    assert len(begun.query(select(Forecast))) == 6


def test_finishing_twice_leaves_the_same_rows(begun: Database, as_of: datetime, forecast_frame: ForecastFrame) -> None:
    finish_run(begun, run_id=RUN_ID, outcome=outcome(as_of), forecasts=forecast_frame())
    before = begun.query("SELECT * FROM forecasts"), begun.query("SELECT * FROM runs")
    assert finish_run(begun, run_id=RUN_ID, outcome=outcome(as_of), forecasts=forecast_frame(issued_after=60)) == 0
    assert (begun.query("SELECT * FROM forecasts"), begun.query("SELECT * FROM runs")) == before


def test_dead_runs_are_closed_and_no_others(db: Database, as_of: datetime) -> None:
    for run_id, pipeline in [("a@1", "a"), ("a@2", "a"), ("a@3", "a"), ("b@1", "b")]:
        begin_run(db, run_id=run_id, pipeline=pipeline, as_of=as_of, started_at=as_of)
    finish_run(db, run_id="a@3", outcome=outcome(as_of))
    assert running_pipelines(db) == ["a", "b"]
    assert close_dead_runs(db, "a", at=as_of, but="a@2") == 1
    states = {run_id: run_of(db, run_id).status for run_id in ("a@1", "a@2", "a@3", "b@1")}
    assert states == {"a@1": "failed", "a@2": "running", "a@3": "succeeded", "b@1": "running"}
    assert close_dead_runs(db, "a", at=as_of) == 1
    assert close_dead_runs(db, "a", at=as_of) == 0
    assert "Run it again" in str(run_of(db, "a@1").message)
    assert running_pipelines(db) == ["b"]


def test_a_run_that_a_person_stopped_is_cancelled(db: Database, as_of: datetime) -> None:
    begin_run(db, run_id="mine", pipeline="mine", as_of=as_of, started_at=as_of)
    assert close_dead_runs(db, "mine", at=as_of, status="cancelled", message="Stopped by Ctrl-C") == 1
    assert [(row.status, row.message) for row in latest_runs(db)] == [("cancelled", "Stopped by Ctrl-C")]


def test_forecasts_that_are_refused_leave_the_run_running(
    begun: Database, as_of: datetime, forecast_frame: ForecastFrame
) -> None:
    bad = forecast_frame().assign(quality=["ok"] * 5 + ["splendid"])
    with pytest.raises(DatabaseError, match="ck_forecasts_quality"):
        finish_run(begun, run_id=RUN_ID, outcome=outcome(as_of), forecasts=bad)
    assert run_of(begun).status == "running"
    assert begun.query(select(Forecast)) == []


def test_a_run_that_never_began_writes_no_forecasts(
    begun: Database, as_of: datetime, forecast_frame: ForecastFrame
) -> None:
    with pytest.raises(DatabaseError, match=r"A run that began is required\. Received: 'prices@never'"):
        finish_run(begun, run_id="prices@never", outcome=outcome(as_of), forecasts=forecast_frame())
    assert begun.query(select(Forecast)) == []


def test_a_second_run_of_the_same_id_takes_the_row_over(begun: Database, as_of: datetime) -> None:
    finish_run(begun, run_id=RUN_ID, outcome=outcome(as_of, status="failed", message="broke", version="v1"))
    again = as_of + timedelta(hours=1)
    begin_run(begun, run_id=RUN_ID, pipeline="prices", as_of=as_of, started_at=again, prefect_flow_run_id="f")
    assert run_of(begun) == RunRow(RUN_ID, "prices", as_of, again, None, "running", None, None, None, "f")


def test_latest_runs_are_the_newest_of_each_pipeline(begun: Database, as_of: datetime) -> None:
    begin_run(begun, run_id="etth1@x", pipeline="etth1", as_of=as_of, started_at=as_of)
    finish_run(begun, run_id=RUN_ID, outcome=outcome(as_of))
    assert [run.run_id for run in latest_runs(begun)] == ["etth1@x", "prices@2026-08-23"]
    assert [run.run_id for run in latest_runs(begun, statuses=["succeeded", "degraded"])] == [RUN_ID]
    assert latest_runs(begun, statuses=[]) == []


def test_runs_of_a_span_are_told_oldest_first(begun: Database, as_of: datetime) -> None:
    finish_run(begun, run_id=RUN_ID, outcome=outcome(as_of))
    span = {"since": as_of, "until": as_of + timedelta(days=1)}
    assert [run.run_id for run in list_runs(begun, "prices", **span)] == [RUN_ID, "prices@2026-08-22"]
    assert [run.run_id for run in list_runs(begun, "prices", **span, statuses=["succeeded"])] == [RUN_ID]
    assert list_runs(begun, "etth1", **span) == []


def test_remarks_are_replaced_with_their_run_and_stand_with_no_other(begun: Database, as_of: datetime) -> None:
    def remarks(*kinds: str, run_id: str = RUN_ID) -> list[dict[str, object]]:
        return [{"run_id": run_id, "series_id": "prices/SPY", "kind": kind, "message": f"{kind}."} for kind in kinds]

    other = "prices@2026-08-22"
    finish_run(begun, run_id=other, outcome=outcome(as_of), remarks=remarks("stale", run_id=other))
    finish_run(begun, run_id=RUN_ID, outcome=outcome(as_of), remarks=remarks("gap", "feed"))
    assert [row["kind"] for row in list_remarks(begun, RUN_ID)] == ["feed", "gap"]
    finish_run(begun, run_id=RUN_ID, outcome=outcome(as_of), remarks=remarks("gap"))
    assert list_remarks(begun, RUN_ID) == [{"series_id": "prices/SPY", "kind": "gap", "message": "gap."}]
    finish_run(begun, run_id=RUN_ID, outcome=outcome(as_of))
    assert len(list_remarks(begun, RUN_ID)) == 1, "a run that only ends leaves them alone"
    assert len(list_remarks(begun, other)) == 1
