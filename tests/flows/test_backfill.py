"""Backfill: the daily run of past days, each as of its end, that goes on where it stopped."""

from datetime import timedelta

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.sorting import FlowRunSort

from daycast.flows.running.clock import now
from daycast.storage.sql.database import Database
from tests.drills.drill_backfill import LIVE_METRICS, disagreements, recomputed, stored
from tests.places import AS_OF, Place

pytestmark = pytest.mark.usefixtures("prefect_server")

FIRST, SECOND, THIRD = (f"{AS_OF - timedelta(days=days):%Y-%m-%d}" for days in (3, 2, 1))
LAST_INSTANT = "T23:59:59.999999Z"


def backfilled(command, place: Place, first: str, last: str, *more: str):
    return command(place, "backfill", "mine", "--from", first, "--to", last, *more)


def runs(place: Place):
    return {row["run_id"].split("@")[1]: row for row in place.table("runs") if row["run_id"].endswith(LAST_INSTANT)}


def test_each_day_is_a_child_of_one_run_and_what_is_done_is_not_done_again(trained, command):
    place = trained
    half = backfilled(command, place, FIRST, SECOND, "--train", "reuse")
    assert half.code == 0, half.err
    assert list(runs(place)) == [FIRST + LAST_INSTANT, SECOND + LAST_INSTANT]
    assert {row["status"] for row in runs(place).values()} == {"succeeded"}

    whole = backfilled(command, place, FIRST, THIRD, "--train", "reuse")
    assert whole.code == 0, whole.err
    assert "mine: 1 day done, 2 done before" in whole.out
    assert set(runs(place)) == {day + LAST_INSTANT for day in (FIRST, SECOND, THIRD)}
    before = runs(place)[FIRST + LAST_INSTANT]

    forced = backfilled(command, place, FIRST, FIRST, "--force", "--train", "reuse")
    assert forced.code == 0, forced.err
    assert runs(place)[FIRST + LAST_INSTANT]["started_at"] > before["started_at"]

    names = {f"mine from {first} to {last}" for first, last in ((FIRST, SECOND), (FIRST, THIRD), (FIRST, FIRST))}
    assert {name: children(name) for name in names} == {
        f"mine from {FIRST} to {SECOND}": [FIRST, SECOND],
        f"mine from {FIRST} to {THIRD}": [THIRD],
        f"mine from {FIRST} to {FIRST}": [FIRST],
    }
    forecasts = [row for row in place.table("forecasts") if f"{row['as_of']:%Y-%m-%d}" == SECOND]
    assert {f"{row['origin']:%Y-%m-%d}" for row in forecasts} == {SECOND}, "what was available then, and no more"

    live = stored(row for row in place.table("evaluations") if row["split"] == "live")
    with Database.open(place.database_url) as db:
        assert disagreements(live, recomputed(db.query(LIVE_METRICS), directional=False)) == []
    assert max(n for _, n in live.values()) == 2 * (2 + 2 + 1), "the last day's forecasts have yet to come true"


def children(name: str) -> list[str]:
    """The days of the newest run of that name, as Prefect has them."""
    with get_client(sync_client=True) as client:
        parent = client.read_flow_runs(
            flow_run_filter=FlowRunFilter.model_validate({"name": {"any_": [name]}}),
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        )[0]
        found = client.read_flow_runs(
            flow_run_filter=FlowRunFilter.model_validate({"parent_flow_run_id": {"any_": [str(parent.id)]}}),
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
        )
    return [run.name.removeprefix("mine@").split("T")[0] for run in found]


@pytest.mark.slow
def test_a_day_that_fails_stops_it_and_the_same_command_goes_on(trained, command):
    place = trained
    kept, away = place.root / "data" / "lake", place.root / "data" / "away"
    kept.rename(away)
    kept.write_text("no folder")
    stopped = backfilled(command, place, FIRST, SECOND, "--train", "reuse")
    assert stopped.code == 1
    assert f"stopped at {FIRST}" in stopped.out + stopped.err
    assert [row["status"] for row in runs(place).values()] == ["failed"]
    kept.unlink()
    away.rename(kept)
    assert backfilled(command, place, FIRST, SECOND, "--train", "reuse").code == 0
    assert [row["status"] for row in runs(place).values()] == ["succeeded", "succeeded"]


TOMORROW = f"{now() + timedelta(days=1):%Y-%m-%d}"


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        (SECOND, FIRST, f"from an earlier day to a later one. Received: from {SECOND} to {FIRST}"),
        (FIRST, TOMORROW, f"must have ended (UTC). Received: {TOMORROW}"),
        (FIRST, "then", "--to must be a date of ISO 8601"),
    ],
)
def test_a_range_that_cannot_be_is_refused_and_nothing_is_done(place, command, first, last, message):
    ended = backfilled(command, place, first, last)
    assert ended.code == 2
    assert message in " ".join(ended.err.split())
    assert "Traceback" not in ended.err
    assert not (place.root / "data").exists() or not place.table("runs")


def test_a_range_without_a_session_is_refused(place, command):
    place.define("exchange", calendar="XNYS")
    ended = command(place, "backfill", "exchange", "--from", "2024-06-08", "--to", "2024-06-09")
    assert ended.code == 2
    assert "with sessions of XNYS is required. Received: 2024-06-08 to 2024-06-09" in ended.err
