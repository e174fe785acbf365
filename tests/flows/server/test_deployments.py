"""The deployments are what the pipeline file says, and the pipeline file is held to what can be scheduled."""

import asyncio
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from daycast.flows.server.deployments import make_deployments
from daycast.storage.config.pipeline_file import load_pipelines
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.schedule import clock_changes
from tests.places import Place

EVENING = {"cron": "30 18 * * 1-5", "timezone": "America/New_York"}
SUNDAY = {"cron": "0 12 * * 0"}


@pytest.fixture
def pipelines(place: Place):
    place.define("prices", schedule=EVENING, retrain_schedule=SUNDAY)
    return list(load_pipelines(place.settings.pipelines).values())


def crons(deployment):
    return [(item.schedule.cron, item.schedule.timezone) for item in deployment.schedules or []]


def test_every_pipeline_has_two_and_there_is_backfill_and_upkeep(pipelines):
    made = {deployment.name: deployment for deployment in make_deployments(pipelines)}
    assert list(made) == ["mine", "mine-retrain", "prices", "prices-retrain", "backfill", "upkeep"]
    assert crons(made["prices"]) == [("30 18 * * 1-5", "America/New_York")]
    assert crons(made["prices-retrain"]) == [("0 12 * * 0", "UTC")]
    assert crons(made["upkeep"]) == [("30 4 * * 0", "UTC")]
    assert {name for name, deployment in made.items() if not crons(deployment)} == {"mine", "mine-retrain", "backfill"}


def test_each_is_described_for_whoever_has_not_read_the_pipeline_file(pipelines):
    made = {deployment.name: deployment for deployment in make_deployments(pipelines)}
    assert (
        "Forecasts `close` of 2 series (A, B) for the next 2 steps of the calendar `1D`" in made["prices"].description
    )
    assert "`30 18 * * 1-5`, America/New_York" in made["prices"].description
    assert "by hand" in made["mine"].description
    assert "from nothing" in made["prices-retrain"].description
    assert len({deployment.description for deployment in made.values()}) == len(made)
    for deployment in made.values():
        for name, said in deployment._parameter_openapi_schema.properties.items():
            assert said["description"][0].isupper(), (deployment.name, name)


def test_each_says_what_it_runs_and_runs_one_at_a_time(pipelines):
    made = {deployment.name: deployment for deployment in make_deployments(pipelines)}
    assert made["prices"].parameters == {"pipeline": "prices", "sample": False}
    assert made["prices-retrain"].parameters == {"pipeline": "prices", "sample": False, "training": "retrain"}
    assert made["prices"].tags == ["daycast", "prices"]
    assert made["prices-retrain"].tags == ["daycast", "prices", "retrain"]
    assert {deployment.flow_name for deployment in made.values()} == {"daily", "backfill", "upkeep"}
    for deployment in made.values():
        assert deployment.tags[0] == "daycast"
        assert deployment.concurrency_limit == 1
        assert deployment.concurrency_options.collision_strategy == "ENQUEUE"
        assert deployment.entrypoint == f"daycast.flows.{deployment.flow_name}.{deployment.flow_name}"


def test_on_generated_data_the_names_say_so_and_the_schedule_stays(pipelines):
    made = {deployment.name: deployment for deployment in make_deployments(pipelines, sample=True)}
    assert made["sample_prices"].parameters == {"pipeline": "prices", "sample": True}
    assert made["sample_prices"].tags == ["daycast", "sample_prices"]
    assert crons(made["sample_prices"]) == [("30 18 * * 1-5", "America/New_York")]


def test_the_parameters_are_a_form(pipelines):
    made = {deployment.name: deployment for deployment in make_deployments(pipelines)}
    form = made["backfill"]._parameter_openapi_schema
    assert form.required == ["pipeline", "first", "last"]
    assert form.properties["first"]["format"] == "date"
    assert "day" in form.properties["first"]["description"]
    assert form.properties["training"]["enum"] == ["auto", "retrain", "fine_tune", "reuse"]


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ({"cron": "30 2 * * *", "timezone": "America/New_York"}, "from 02:00 to 03:00 on a night like 2025-03-09"),
        ({"cron": "0 1-4 * * *", "timezone": "Europe/Berlin"}, "from 02:00 to 03:00 on a night like 2025-03-30"),
        ({"cron": "0 1 * * 0", "timezone": "Europe/London"}, "from 01:00 to 02:00 on a night like 2025-03-30"),
        ({"cron": "45 1 * * *", "timezone": "Australia/Lord_Howe"}, "from 01:30 to 02:00 .*missing or doubled"),
        ({"cron": "15 0 * * *", "timezone": "Africa/Cairo"}, "from 00:00 to 01:00 on a night like 2025-04-25"),
        ({"cron": "30 23 * * *", "timezone": "Africa/Cairo"}, "from 23:00 to 00:00 on a night like 2025-10-30"),
        ({"cron": "0 0 * * *", "timezone": "America/Havana"}, "from 00:00 to 01:00 on a night like 2025-03-09"),
        ({"cron": "0 12 * *"}, "a cron has five fields"),
        ({"cron": "0 25 * * *"}, "a cron has five fields"),
        ({"cron": "0 12 * * *", "timezone": "New York"}, "a time zone is an IANA name.*Received: 'New York'"),
    ],
)
def test_a_schedule_that_some_day_does_not_have_is_refused(place, schedule, message):
    with pytest.raises(ConfigError, match=message) as caught:
        place.define("other", schedule=schedule)
    assert "[other]" in str(caught.value)


@pytest.mark.parametrize(
    "schedule",
    [
        {"cron": "30 0 * * *", "timezone": "America/New_York"},
        {"cron": "0 3 * * *", "timezone": "America/New_York"},
        {"cron": "30 2 * * 1-5", "timezone": "America/New_York"},
        {"cron": "40 0 * * *", "timezone": "Europe/Berlin"},
        {"cron": "15 1 * * *", "timezone": "Africa/Cairo"},
        {"cron": "29 3 * * *", "timezone": "Australia/Lord_Howe"},
        {"cron": "0 2 * * *", "timezone": "UTC"},
        {"cron": "0 2 * * *", "timezone": "Asia/Tokyo"},
    ],
)
def test_a_schedule_that_every_day_has_once_is_taken(place, schedule):
    """And Prefect fires it at that time, once, on every day around the changes of a year."""
    from prefect.server.schemas.schedules import CronSchedule

    assert place.define("other", schedule=schedule).schedule.cron == schedule["cron"]
    prefect = CronSchedule(**schedule)
    here = ZoneInfo(schedule["timezone"])
    minute, hour = map(int, schedule["cron"].split()[:2])
    for start, _ in [change for change in clock_changes(schedule["timezone"]) if change[0].year == 2026]:
        begin = (start - timedelta(days=4)).replace(tzinfo=UTC)
        fired = asyncio.run(prefect.get_dates(n=40, start=begin, end=begin + timedelta(days=8)))
        local = [instant.astimezone(here) for instant in fired]
        assert {(each.hour, each.minute) for each in local} == {(hour, minute)}
        assert len({each.date() for each in local}) == len(local) >= 5
