"""The automations call people through a webhook; one that is down changes nothing of the run."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from prefect import tags
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.sorting import FlowRunSort
from prefect.events import emit_event

from daycast.flows.running.clock import now
from daycast.flows.server import automations
from daycast.flows.server.automations import apply_automations
from daycast.flows.server.deployments import TAG
from tests.places import AS_OF, Place
from tests.waiting import until

pytestmark = [
    pytest.mark.usefixtures("prefect_server"),
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),  # Apprise's import of it
]

NEVER = timedelta(hours=1)
STAMP = f"mine@{AS_OF:%Y-%m-%dT%H:%MZ}"


@pytest.fixture
def since():
    """When the test began."""
    return now()


@pytest.fixture(autouse=True)
def _removed_afterwards():
    yield
    with get_client(sync_client=True) as client:
        for found in client.read_automations():
            client.delete_automation(found.id)


def apply(place: Place, *, alerts: str | None, silent_after: timedelta = NEVER, **more: Any) -> list[str]:
    names = apply_automations([place.job().pipeline], alerts=alerts, silent_after=silent_after, **more)
    time.sleep(1)  # the server hears of its own automations through its events
    return names


def newest_run() -> Any:
    named = FlowRunFilter.model_validate({"name": {"any_": [STAMP]}})
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(flow_run_filter=named, sort=FlowRunSort.EXPECTED_START_TIME_DESC)[0]


def events(name: str, *, since: datetime) -> list[dict[str, Any]]:
    """What the server has of an event."""
    asked = {"filter": {"event": {"name": [name]}, "occurred": {"since": since.isoformat()}}}
    with get_client(sync_client=True) as client:
        found: list[dict[str, Any]] = client.request("POST", "/events/filter", json=asked).json()["events"]
    return found


def failed(place: Place) -> Any:
    """A run that fails, tagged as those of our deployments are."""
    with tags(TAG):
        return place.run(training="reuse")


def test_a_run_that_failed_calls_with_pipeline_run_reason_and_what_to_do(place, webhook):
    apply(place, alerts=webhook.url)
    summary = failed(place)
    (said,) = until(lambda: webhook.received)
    assert said["title"] == f"daycast: {STAMP} failed"
    assert said["message"].splitlines()[:4] == [
        "Pipeline: mine",
        f"Run: {STAMP}, Failed",
        f"Reason: {summary.message}",
        "Next: daycast status; then daycast run mine",
    ]


def test_low_skill_coverage_and_drift_call(place, webhook):
    apply(place, alerts=webhook.url)
    resource = {"prefect.resource.id": "daycast.pipeline.mine", "prefect.resource.name": "mine"}
    for event in ("daycast.skill.low", "daycast.coverage.off", "daycast.drift.high"):
        emit_event(event, resource=resource, payload={"run": "mine@then", "reason": "0.1, and 0.2 is required"})
    until(lambda: len(webhook.received) == 3)
    assert {said["title"] for said in webhook.received} == {
        "daycast: mine: live skill is low",
        "daycast: mine: the intervals' coverage is off",
        "daycast: mine: its inputs have drifted",
    }
    for said in webhook.received:
        assert said["message"].startswith("Pipeline: mine\nRun: mine@then\nReason: 0.1, and 0.2 is required\nNext: ")


@pytest.mark.slow
def test_a_pipeline_without_a_good_run_for_longer_than_its_schedule_allows_calls(new_place, webhook, monkeypatch):
    monkeypatch.setattr(automations, "_GRACE", timedelta(seconds=-50))  # of a run that is due every minute
    place = new_place("scheduled")
    place.define("minutely", schedule={"cron": "* * * * *"})
    apply_automations([place.job("minutely").pipeline], alerts=webhook.url, silent_after=NEVER)
    said = until(lambda: webhook.received)[0]
    assert said["title"] == "daycast: minutely is overdue"
    assert said["message"].splitlines() == [
        "Pipeline: minutely",
        "Run: none since 0:00:10 or longer",
        "Reason: no good run for longer than its schedule allows (* * * * *, UTC)",
        "Next: daycast status; then daycast run minutely",
    ]


def test_a_webhook_that_is_down_fails_nothing(place, since):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        apply(place, alerts=f"json://127.0.0.1:{nobody.getsockname()[1]}/alerts")
        summary = failed(place)
        (tried,) = until(lambda: events("prefect.automation.action.failed", since=since))
    assert tried["payload"]["action_type"] == "send-notification"
    run = newest_run()
    assert (run.state.name, run.state.message) == ("Failed", summary.message)
    assert place.table("runs")[0]["message"] == summary.message


def test_those_of_a_pipeline_that_is_gone_go(new_place, webhook):
    place = new_place("scheduled")
    place.define("daily", schedule={"cron": "0 12 * * *"})
    spec = place.job("daily").pipeline
    first = apply_automations([spec], alerts=webhook.url, silent_after=NEVER)
    assert "daycast: daily is overdue" in first
    sample = apply_automations([spec], alerts=webhook.url, silent_after=NEVER, sample=True)
    assert set(first) ^ set(sample) == {"daycast: daily is overdue", "daycast: sample_daily is overdue"}
    with get_client(sync_client=True) as client:
        assert {found.name for found in client.read_automations()} == set(sample)


@pytest.mark.slow
def test_a_run_whose_process_was_killed_is_marked_and_the_next_one_is_done(place, webhook, prefect_server, since):
    apply(place, alerts=webhook.url, silent_after=timedelta(seconds=10))
    script = (
        "from prefect import tags; from datetime import datetime; from daycast.flows.daily import run_now\n"
        f"with tags({TAG!r}): run_now('mine', as_of=datetime.fromisoformat({AS_OF.isoformat()!r}), training='auto')"
    )
    environment = {
        **place.environment, "PREFECT_API_URL": prefect_server, "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    }  # fmt: skip
    with subprocess.Popen([sys.executable, "-c", script], env=environment) as run:
        try:
            until(lambda: events("prefect.flow-run.heartbeat", since=since))
            until(lambda: place.table("runs") if (place.root / "data").exists() else [])
        finally:
            os.kill(run.pid, signal.SIGKILL)
    until(lambda: webhook.received)
    marked = newest_run()
    assert (marked.state.name, marked.state.message) == (
        "Crashed",
        "No sign of life for 0:00:10: its process is gone.",
    )
    assert webhook.received[0]["title"].endswith("crashed")
    assert place.run().status == "succeeded"
