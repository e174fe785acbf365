"""``daycast status``: one screen that says how everything stands, and whether a person is needed."""

import io
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from rich.console import Console

from daycast.flows.command.printing import print_status
from daycast.flows.running.clock import now
from daycast.storage.config.pipeline_file import load_pipelines
from daycast.storage.sql.database import Database
from daycast.storage.sql.forecasts import write_forecasts
from daycast.storage.sql.locks import run_lock
from daycast.storage.sql.runs import Outcome, begin_run, finish_run
from daycast.storage.sql.versions import promote, record_version
from daycast.storage.terms.schedule import Schedule
from daycast.tasks.answers import queries
from daycast.tasks.answers.missed import missed_days
from daycast.tasks.answers.status import StatusReport, next_run, status_report
from daycast.tasks.steps.ingest import ingest
from daycast.tasks.steps.score import score
from tests.places import AS_OF, DAYS, Place, walk

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
AT = AS_OF + 6 * HOUR
VERSION = "20240101T000000Z-0123456789"


def run(place: Place, *, pipeline="mine", as_of=AS_OF, status="succeeded", message="All well.", **changes) -> None:
    """The row of a run that ended, or did not."""
    key = f"{pipeline}@{as_of.isoformat()}"
    with Database.open(place.database_url) as db:
        begin_run(db, run_id=key, pipeline=pipeline, as_of=as_of, started_at=changes.get("started_at", as_of))
        if status != "running":
            finish_run(db, run_id=key, outcome=Outcome(status=status, finished_at=as_of, message=message))


def champion(place: Place, *, pipeline="mine", at=AS_OF - DAY) -> None:
    row = {"pipeline": pipeline, "version": VERSION, "created_at": at, "as_of": at, "training": "retrain"}
    row |= {"parent_version": None, "cell": "gru", "parameters": 1, "data_hash": "d", "uri": "u", "sha256": "s"}
    with Database.open(place.database_url) as db:
        record_version(db, row)
        promote(db, pipeline, VERSION, at=at)


def shown(found: StatusReport, *, at: datetime = AT, width: int = 200) -> str:
    screen = io.StringIO()
    print_status(Console(file=screen, width=width), found, at=at)
    return screen.getvalue()


def on_terminal(found: StatusReport, *, width: int) -> str:
    screen = io.StringIO()
    print_status(Console(file=screen, width=width, force_terminal=True, color_system=None), found, at=AT)
    return screen.getvalue()


def only(found: StatusReport):
    (row,) = found.pipelines
    return row


def test_pipelines_of_the_file_that_never_ran_are_shown_and_need_nobody(place, command):
    place.define("other", schedule={"cron": "15 5 * * *"})
    done = command(place, "status")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()[1:3]] == ["mine", "other"]
    assert "never" in done.out
    assert "Next: daycast run --sample" in done.out


def test_a_good_run_its_champion_and_the_next_run_are_told(place):
    place.define("other", schedule={"cron": "30 18 * * *", "timezone": "America/New_York"})
    run(place, pipeline="other")
    champion(place, pipeline="other")
    _, row = status_report(place.settings, at=AT).pipelines
    assert (row.champion.version, row.good.as_of, row.next_at) == (VERSION, AS_OF, AS_OF + 22.5 * HOUR)
    assert row.troubles == ()
    text = shown(status_report(place.settings, at=AT))
    for word in (VERSION, "1.2 d", "succeeded", f"{AS_OF:%m-%d %H:%M}", f"{AS_OF:%m-%d} 22:30"):
        assert word in text


@pytest.mark.parametrize("status", ["failed", "degraded"])
def test_a_run_that_ended_badly_needs_a_person(place, command, status):
    run(place, as_of=AS_OF - DAY)
    run(place, status=status, message="The feed said <b>no</b> [red].")
    row = only(status_report(place.settings, at=AT))
    assert row.troubles == (f"{status}: The feed said <b>no</b> [red].",)
    done = command(place, "status")
    assert done.code == 1
    assert "Needs a person: mine: " in done.out
    assert "<b>no</b> [red]" in done.out
    assert "Next: daycast run mine" in done.out


def test_a_live_run_is_told_from_a_dead_one_by_its_lock(place):
    run(place, status="running", started_at=AT - 2 * HOUR)
    (trouble,) = only(status_report(place.settings, at=AT)).troubles
    assert trouble.startswith("running since ")
    assert trouble.endswith(", and its process is gone: run it again")
    with Database.open(place.database_url) as db, run_lock(db, "mine"):
        assert only(status_report(place.settings, at=AT)).troubles == ()
        (trouble,) = only(status_report(place.settings, at=AT + 3 * HOUR)).troubles
        assert trouble.endswith(": longer than any run takes")
    run(place, as_of=AS_OF + HOUR)
    assert only(status_report(place.settings, at=AT)).troubles == (), "a later run went well"


def test_a_pipeline_without_a_good_run_for_longer_than_its_schedule_allows_is_named(tmp_path):
    from tests.places import make_place

    place = make_place(tmp_path / "place")
    place.define(schedule={"cron": "0 6 * * *"})
    run(place, as_of=AS_OF + 6 * HOUR)
    assert only(status_report(place.settings, at=AS_OF + DAY + 7 * HOUR)).troubles == ()
    (trouble,) = only(status_report(place.settings, at=AS_OF + DAY + 9 * HOUR)).troubles
    assert "no good run since" in trouble
    assert f"{AS_OF + DAY:%Y-%m-%d} 06:00 UTC" in trouble


def test_a_feed_that_has_gone_quiet_is_named(tmp_path):
    from tests.places import make_place

    place = make_place(tmp_path / "place")
    place.define(stale_after_days=3)
    ingest.fn(place.job())
    score.fn(place.job())
    run(place)
    assert only(status_report(place.settings, at=AS_OF + 2 * DAY)).stale == ()
    row = only(status_report(place.settings, at=AS_OF + 4 * DAY))
    assert row.stale == tuple(f"stale feed: {name} is 4.0 days old (stale_after_days = 3)" for name in "AB")
    assert row.troubles == row.stale
    pipelines = place.settings.pipelines
    pipelines.write_text(pipelines.read_text().replace('["A", "B"]', '["B"]'))
    (told,) = only(status_report(place.settings, at=AS_OF + 4 * DAY)).stale
    assert told.startswith("stale feed: B"), "A was taken out"


def test_a_feed_is_quiet_by_the_rule_by_which_forecasts_are_stale(tmp_path):
    """Three steps of the calendar, counted to the last good run; of many series one line tells."""
    from tests.places import make_place

    place = make_place(tmp_path / "place")
    place.define()
    ingest.fn(place.job())
    score.fn(place.job())
    run(place, as_of=AS_OF + 3 * DAY)
    assert only(status_report(place.settings, at=AS_OF + 9 * DAY)).stale == (), "the runs are what is late"
    run(place, as_of=AS_OF + 4 * DAY)
    row = only(status_report(place.settings, at=AS_OF + 4 * DAY))
    assert row.stale == tuple(f"stale feed: {name} is 4.0 days old (more than 3 steps of 1D)" for name in "AB")


def test_live_skill_over_a_week_and_a_month_is_that_of_the_score_step(place):
    ingest.fn(place.job())
    score.fn(place.job(as_of=AS_OF - 20 * DAY))
    values = walk(0)
    rows = []
    for back in range(15, 1, -1):
        origin = AS_OF - back * DAY
        mean = values[DAYS - back] * (1.001 if back < 8 else 1.02)
        bounds = {"lower_80": mean - 1, "upper_80": mean + 1, "lower_95": mean - 2, "upper_95": mean + 2}
        row = {"series_id": "mine/A", "origin": origin, "valid_at": origin + DAY, "lead": 1, "issued_at": origin}
        row |= {"as_of": origin, "mean": mean, "forecaster": "network", "pipeline": "mine", "version": VERSION}
        rows.append({**row, **bounds, "quality": "ok", "run_id": "r"})
    with Database.open(place.database_url) as db:
        write_forecasts(db, pd.DataFrame(rows))
    scored = score.fn(place.job())
    row = only(status_report(place.settings, at=AS_OF))
    assert (row.week, row.month) == (scored.week, scored.month)
    assert (row.week.n, row.month.n) == (6, 14)
    assert row.week.skill > row.month.skill
    text = shown(status_report(place.settings, at=AS_OF))
    assert f"{row.week.skill:+.3f}" in text
    assert f"{row.month.skill:+.3f}" in text


def test_the_screen_is_a_hundred_columns_wide_at_most(place):
    for name in ("a_pipeline_with_a_rather_long_name", "b"):
        place.define(name, schedule={"cron": "0 6 * * *"}, stale_after_days=1)
        run(place, pipeline=name, status="failed", message="word " * 60)
        champion(place, pipeline=name)
    for width in (80, 100, 200):
        lines = on_terminal(status_report(place.settings, at=AT), width=width).splitlines()
        assert max(len(line.rstrip()) for line in lines) <= 100, width
        assert len(lines) <= 40


def test_pipelines_that_only_the_database_knows_are_shown(place):
    run(place, pipeline="sample_mine")
    run(place, pipeline="removed")
    found = status_report(place.settings, at=AT + 400 * DAY)
    assert [row.pipeline for row in found.pipelines] == ["mine", "removed", "sample_mine"]
    assert all(row.troubles == () for row in found.pipelines), "without a schedule nothing is overdue"


def test_what_the_storage_folder_holds_is_told_by_part(place):
    ingest.fn(place.job())
    run(place)
    found = status_report(place.settings, at=AT)
    on_disk = sum(path.stat().st_size for path in (place.root / "data").rglob("*") if path.is_file())
    assert found.bytes["lake"] > 1000
    assert found.bytes["database"] > 10_000
    assert sum(found.bytes.values()) == pytest.approx(on_disk, rel=0.5)  # SQLite's log comes and goes
    assert "Storage: " in shown(found)
    assert "KiB" in shown(found)


def test_the_next_run_is_by_the_schedules_own_clock():
    schedule = Schedule(cron="30 18 * * 1-5", timezone="America/New_York")
    assert next_run(schedule, after=datetime(2026, 3, 6, 23, tzinfo=UTC)) == datetime(2026, 3, 6, 23, 30, tzinfo=UTC)
    assert next_run(schedule, after=datetime(2026, 3, 7, tzinfo=UTC)) == datetime(2026, 3, 9, 22, 30, tzinfo=UTC)
    assert next_run(None, after=now()) is None


def test_a_week_on_which_the_machine_was_off_is_named_with_the_line_that_makes_it_up(tmp_path):
    from tests.places import make_place

    place = make_place(tmp_path / "place")
    place.define(schedule={"cron": "0 6 * * *"})
    run(place, as_of=AS_OF + 6 * HOUR)
    present = AS_OF + 8 * DAY + 9 * HOUR
    first, last = (f"{AS_OF + days * DAY:%Y-%m-%d}" for days in (1, 7))
    line = f"daycast backfill mine --from {first} --to {last}"
    (missed,) = [said for said in only(status_report(place.settings, at=present)).troubles if "Make them up" in said]
    assert missed == f"7 scheduled days have no good run ({first} to {last}). Make them up with: {line}"
    specs = list(load_pipelines(place.settings.pipelines).values())
    assert queries.missed(place.settings, specs, at=present) == [f"mine: {missed}"], "as `daycast up` says it"
    run(place, as_of=present)
    assert any(line in said for said in only(status_report(place.settings, at=present + HOUR)).troubles), (
        "tonight's is one"
    )
    for days in range(1, 8):
        run(place, as_of=AS_OF + (days + 1) * DAY - timedelta(microseconds=1))
    assert only(status_report(place.settings, at=present + HOUR)).troubles == ()


def test_weekends_are_no_missed_nights():
    friday = datetime(2026, 11, 20, 23, tzinfo=UTC)
    schedule = Schedule(cron="30 17 * * 1-5", timezone="America/New_York")
    assert missed_days(schedule, done=[friday], at=friday + timedelta(days=2)) == []
    late = friday + timedelta(days=5, hours=1)
    assert [f"{day}" for day in missed_days(schedule, done=[friday], at=late)] == ["2026-11-23", "2026-11-24"]
    assert missed_days(schedule, done=[], at=late) == []
