"""The deployments are what the pipeline file says, and the pipeline file is held to what can be scheduled."""

import pytest

from daycast.flows.server.deployments import make_deployments
from daycast.storage.config.pipeline_file import load_pipelines
from daycast.storage.terms.errors import ConfigError
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
        ({"cron": "30 0 * * *", "timezone": "America/New_York"}, "must not fire between 00:30 and 03:30 local time"),
        ({"cron": "0 1-4 * * *", "timezone": "Europe/Berlin"}, "must not fire between 00:30 and 03:30 local time"),
        ({"cron": "29 3 * * *", "timezone": "Australia/Lord_Howe"}, "missing on one night of the year"),
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
        {"cron": "29 0 * * *", "timezone": "America/New_York"},
        {"cron": "30 3 * * *", "timezone": "America/New_York"},
        {"cron": "0 2 * * *", "timezone": "UTC"},
        {"cron": "0 2 * * *", "timezone": "Asia/Tokyo"},
    ],
)
def test_a_schedule_that_every_day_has_once_is_taken(place, schedule):
    assert place.define("other", schedule=schedule).schedule.cron == schedule["cron"]
