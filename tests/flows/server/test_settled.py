"""What a person has set of a deployment in the UI is kept when daycast registers it again."""

import json
import os

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleUpdate, DeploymentUpdate
from prefect.client.schemas.schedules import CronSchedule

from daycast.flows.server.deployments import make_deployments
from daycast.flows.server.running_server import paused_pipelines, told
from daycast.flows.server.settled import settle

pytestmark = pytest.mark.usefixtures("prefect_server")


def registered(spec, name):
    """Register a pipeline's deployments as a start does, and read one of them."""
    for made in settle(make_deployments([spec])):
        if made.name.startswith(spec.name):
            made.apply()
    with get_client(sync_client=True) as client:
        return client.read_deployment_by_name(f"daily/{name}")


def change(deployment, **changes):
    with get_client(sync_client=True) as client:
        client.update_deployment(deployment.id, DeploymentUpdate(**changes))


def test_what_was_set_stays_set_and_what_the_file_says_goes_on(place):
    spec = place.define("settled", schedule={"cron": "0 6 * * *"})
    first = registered(spec, "settled")
    assert [schedule.active for schedule in first.schedules] == [True]
    own = first.schedules[0]
    paused = DeploymentScheduleUpdate(schedule=own.schedule, active=False, slug=own.slug)
    change(
        first,
        schedules=[paused],
        tags=["daycast", "settled", "on-call"],
        parameters={**first.parameters, "training": "reuse", "pipeline": "another"},
    )
    with get_client(sync_client=True) as client:
        client.create_deployment_schedules(first.id, [(CronSchedule(cron="0 18 * * *", timezone="UTC"), True)])
    again = registered(spec, "settled")
    assert {(each.schedule.cron, each.active) for each in again.schedules} == {
        ("0 6 * * *", False),
        ("0 18 * * *", True),
    }
    assert set(again.tags) == {"daycast", "settled", "on-call"}
    assert again.parameters == {"pipeline": "settled", "sample": False, "training": "reuse"}
    moved = registered(
        spec.model_copy(update={"schedule": spec.schedule.model_copy(update={"cron": "0 7 * * *"})}), "settled"
    )
    assert ("0 7 * * *", False) in {(each.schedule.cron, each.active) for each in moved.schedules}
    assert len(moved.schedules) == 2


def test_a_paused_deployment_stays_paused_and_status_tells(place, monkeypatch, command):
    spec = place.define("held", schedule={"cron": "0 6 * * *"})
    change(registered(spec, "held"), paused=True)
    assert registered(spec, "held").paused
    assert "held" in paused_pipelines()
    assert "mine" not in paused_pipelines()
    shown = command(place, "status", "--format", "json")
    assert {row["pipeline"]: row["paused"] for row in json.loads(shown.out)} == {"mine": False, "held": True}
    (line,) = [line for line in command(place, "status").out.splitlines() if line.startswith("held")]
    assert "paused" in line
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    assert paused_pipelines() == frozenset(), "a server that is not there keeps nobody waiting"


def test_the_server_of_up_is_found_while_it_runs(tmp_path, monkeypatch, place):
    spec = place.define("found", schedule={"cron": "0 6 * * *"})
    change(registered(spec, "found"), paused=True)
    api = os.environ["PREFECT_API_URL"]
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.delenv("PREFECT_API_URL")
    with told(tmp_path, api):
        assert "found" in paused_pipelines()
    assert paused_pipelines() == frozenset()
