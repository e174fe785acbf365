"""``daycast deploy``: the same deployments on a Prefect server and in a work pool that are there already."""

import uuid

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate

from tests.places import Place

pytestmark = [
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),  # Apprise's import of it
]


@pytest.fixture
def pool(prefect_server: str):
    assert prefect_server
    name = f"pool-{uuid.uuid4().hex[:8]}"
    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name=name, type="process"))
    return name


def registered(pool: str):
    """What the server has of a pool: deployments by name, and our automations by name."""
    with get_client(sync_client=True) as client:
        deployments = {found.name: found for found in client.read_deployments() if found.work_pool_name == pool}
        automations = {found.name: found for found in client.read_automations() if found.name.startswith("daycast: ")}
    return deployments, automations


def test_without_a_server_it_says_what_to_set(place: Place):
    ended = place.daycast("deploy", "--pool", "nobodys")
    assert ended.returncode == 2
    assert "PREFECT_API_URL must name a Prefect server. Received: nothing." in ended.stderr
    assert "daycast up" in ended.stderr


def test_an_unknown_pool_is_named_with_those_there_are_and_nothing_is_registered(place, pool, command):
    ended = command(place, "deploy", "--pool", "nobodys")
    assert ended.code == 2
    assert pool in ended.err
    assert "Received: 'nobodys'. Make it with: prefect work-pool create nobodys --type process" in ended.err
    assert registered("nobodys")[0] == {}


def test_deployments_and_automations_are_registered_and_a_second_time_leaves_the_same(place, pool, command, webhook):
    place.define("prices", schedule={"cron": "30 18 * * 1-5", "timezone": "America/New_York"})
    first = command(place, "deploy", "--pool", pool, DAYCAST_ALERTS=webhook.url)
    assert first.code == 0, first.err
    assert "daily/prices" in first.out
    assert f"prefect worker start --pool {pool}" in first.out
    deployments, automations = registered(pool)
    assert set(deployments) == {"mine", "mine-retrain", "prices", "prices-retrain", "backfill", "upkeep"}
    assert set(automations) == {
        "daycast: mark runs whose process died",
        "daycast: a run failed or crashed",
        "daycast: live skill is low",
        "daycast: coverage is off",
        "daycast: inputs have drifted",
        "daycast: prices is overdue",
    }
    prices = deployments["prices"]
    assert [(item.schedule.cron, item.schedule.timezone) for item in prices.schedules] == [
        ("30 18 * * 1-5", "America/New_York")
    ]
    assert prices.entrypoint == "daycast.flows.daily.daily"
    assert prices.global_concurrency_limit.limit == 1
    variables = prices.job_variables["env"]
    assert variables["DAYCAST_PIPELINES"] == str(place.root / "pipelines.toml")
    assert variables["PYTHONSAFEPATH"] == "1"
    assert prices.job_variables["command"].endswith("-P -m daycast.flows.server.engine")
    assert not {name for name in variables if "DATABASE" in name or "ALERTS" in name}, "secrets stay with the workers"

    second = command(place, "deploy", "--pool", pool, DAYCAST_ALERTS=webhook.url)
    assert (second.code, second.out) == (0, first.out)
    again, same = registered(pool)
    assert {name: found.id for name, found in again.items()} == {name: found.id for name, found in deployments.items()}
    assert {name: found.id for name, found in same.items()} == {name: found.id for name, found in automations.items()}

    # Without an address nobody is called any more; the mark of dead runs stays.
    third = command(place, "deploy", "--pool", pool)
    assert "set DAYCAST_ALERTS to an Apprise URL to be called" in third.out
    assert set(registered(pool)[1]) == {"daycast: mark runs whose process died"}
