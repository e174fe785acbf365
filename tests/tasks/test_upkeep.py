"""Upkeep: what goes, what stays, and that a second time changes nothing."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from daycast.storage.config.pipeline_file import load_pipelines
from daycast.storage.registry.manifest import Manifest
from daycast.storage.sql.database import Database
from daycast.storage.sql.locks import run_lock
from daycast.storage.sql.runs import begin_run
from daycast.storage.sql.versions import promote, record_version
from daycast.storage.terms.keeping import Retention
from daycast.tasks.handover.job import Upkeep
from daycast.tasks.handover.results import Removed
from daycast.tasks.steps.ingest import ingest
from daycast.tasks.steps.prepare import prepare
from daycast.tasks.upkeep import compact, remove_derived, remove_reports, remove_versions, verify_versions
from tests.places import AS_OF, DAYS, Place, walk

DAY = timedelta(days=1)
NOW = AS_OF + 200 * DAY


def age(root: Path, *, days: float) -> None:
    """Make everything stored as old as some days before :data:`NOW`."""
    for path in [*root.rglob("*"), root]:
        os.utime(path, times=((NOW - days * DAY).timestamp(),) * 2)


@pytest.fixture
def upkeep(place: Place) -> Upkeep:
    """An upkeep two hundred days after the last run."""
    specs = load_pipelines(place.settings.pipelines)
    return Upkeep(pipelines=tuple(specs.values()), now=NOW, settings=place.settings, keep=Retention(versions=1))


@pytest.fixture
def version(place: Place, tmp_path: Path) -> Callable[..., str]:
    """Makes a stored version with its predictions, some days old."""

    def make(days: int, *, served: bool = False, recorded: bool = True) -> str:
        name, at, job = f"v{1000 - days}", NOW - days * DAY, place.job()
        source = tmp_path / name
        source.mkdir()
        (source / "weights.bin").write_bytes(name.encode())
        manifest = Manifest(
            pipeline="mine",
            version=name,
            as_of=at,
            created_at=at,
            training="retrain",
            spec={},
            state={},
            data_hash="d",
            parameters=1,
        )
        saved = job.registry().save(source, manifest)
        (job.stores.folder() / "lake/predictions/mine").write(f"{name}/d.parquet", b"x")
        if recorded:
            row = manifest.model_dump(include={"pipeline", "version", "as_of", "created_at", "training", "data_hash"})
            row |= {"parent_version": None, "cell": "gru", "parameters": 1, "uri": saved.uri, "sha256": saved.sha256}
            with job.database() as database:
                record_version(database, row)
                if served:
                    promote(database, "mine", name, at=at)
        return name

    return make


def twice(task, upkeep, place):
    """What the task says, having made sure that a second time changes nothing."""
    found = task.fn(upkeep)
    before = place.tables(), place.files()
    again = task.fn(upkeep)
    assert (place.tables(), place.files()) == before
    assert again == type(found)(**({} if isinstance(found, Removed) else vars(again)))
    return found


def test_versions_go_with_their_predictions_and_the_champion_stays(place, upkeep, version):
    champion, old, newest = version(150, served=True), version(120), version(2)
    orphan = version(100, recorded=False)
    age(place.root / "data", days=2)
    gone = twice(remove_versions, upkeep, place)
    assert gone == Removed(versions=(f"mine/{old}",), orphans=(f"mine/{orphan}",))
    assert place.job().registry().versions("mine") == sorted([champion, newest])
    assert {row["version"] for row in place.table("model_versions")} == {champion, newest}
    assert twice(remove_derived, upkeep, place).predictions == 4
    assert verify_versions.fn(upkeep).bad == ()
    assert verify_versions.fn(upkeep).files == 4


def test_beside_a_run_in_progress_its_versions_and_files_are_left(place, upkeep, version):
    version(150, served=True), version(120), version(2)
    age(place.root / "data", days=2)
    with Database.open(place.database_url) as db, run_lock(db, "mine") as held:
        assert held
        begin_run(db, run_id="mine@now", pipeline="mine", as_of=NOW, started_at=NOW)
        assert remove_versions.fn(upkeep) == Removed(busy=("mine",))
        ingest.fn(place.job())
        assert compact.fn(upkeep).busy == ("mine",)
        assert place.table("runs")[0]["status"] == "running"


def test_the_row_of_a_run_whose_process_is_gone_is_closed_and_holds_nothing_up(place, upkeep, version):
    version(150, served=True), version(120), version(2)
    age(place.root / "data", days=2)
    with Database.open(place.database_url) as db:
        begin_run(db, run_id="mine@now", pipeline="mine", as_of=NOW, started_at=NOW)
        begin_run(db, run_id="other@now", pipeline="other", as_of=NOW, started_at=NOW)
    removed = remove_versions.fn(upkeep)
    assert removed.busy == ()
    assert len(removed.versions) == 1
    for row in place.table("runs"):
        assert (row["status"], row["finished_at"]) == ("failed", NOW)
        assert "process ended before the run did" in row["message"]


def test_a_file_that_was_changed_or_lost_is_named(place, upkeep, version):
    champion, other = version(5, served=True), version(2)
    models = place.root / "data" / "models" / "mine"
    (models / champion / "weights.bin").write_bytes(b"other")
    (models / other / "manifest.json").unlink()
    found = verify_versions.fn(upkeep)
    assert set(found.bad) == {f"mine/{champion}/weights.bin", f"mine/{other}/manifest.json"}


def test_many_days_become_few_files_and_the_next_run_sees_the_same(place, upkeep):
    for days in range(40, 0, -5):
        for seed, symbol in enumerate("AB"):
            place.write(symbol, walk(seed)[: DAYS - days])
        job = place.job(as_of=AS_OF - days * DAY)
        ingest.fn(job)
        last = prepare.fn(job)
    lake = place.root / "data" / "lake"
    before = {symbol: job.observations().read(symbol) for symbol in "AB"}
    then = {symbol: job.observations().read(symbol, as_of=AS_OF - 9 * DAY) for symbol in "AB"}
    age(place.root / "data", days=2)
    found = twice(compact, Upkeep(**{**vars(upkeep), "keep": Retention(files=3)}), place)
    assert found.files == 2 * 8, "one shard of observations, and one of windows"
    assert len(list((lake / "observations").rglob("*.parquet"))) == 1
    (rows,) = (folder for folder in (lake / "windows").rglob("_0000") if folder.parent.name != "_latest")
    assert len(list(rows.glob("*.parquet"))) == 1
    again = prepare.fn(job)
    assert (again.data_hash, again.windows, again.written) == (last.data_hash, last.windows, 0)
    for symbol in "AB":
        pd.testing.assert_frame_equal(job.observations().read(symbol), before[symbol])
        pd.testing.assert_frame_equal(job.observations().read(symbol, as_of=AS_OF - 9 * DAY), then[symbol])
    for seed, symbol in enumerate("AB"):
        place.write(symbol, walk(seed))
    assert ingest.fn(place.job()).new == 2 * 5


def test_windows_of_a_preparation_that_is_gone_go_and_the_next_run_makes_its_own(place, upkeep):
    ingest.fn(place.job())
    prepare.fn(place.job())
    age(place.root / "data", days=20)
    assert twice(remove_derived, upkeep, place).windows == 0
    spec = upkeep.pipelines[0].model_copy(update={"lookback": 5})
    changed = Upkeep(**{**vars(upkeep), "pipelines": (spec,)})
    assert twice(remove_derived, changed, place).windows == 1
    assert prepare.fn(place.job()).written > 250


def test_old_reports_and_what_a_killed_process_left_go(place, upkeep):
    data = place.root / "data"
    for name in ("reports/mine/1.html", "reports/mine/2.html", "reports/mine.html", "lake/x/.partial-1"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(b"x")
    age(data, days=100)
    (data / "lake/x/.partial-2").write_bytes(b"x")
    os.utime(data / "lake/x/.partial-2", times=(NOW.timestamp(),) * 2)
    os.utime(data / "reports/mine/2.html", times=(NOW.timestamp(),) * 2)
    assert twice(remove_reports, upkeep, place) == Removed(reports=1, partial=1)
    assert {name for name in place.files() if name.startswith(("reports", "lake"))} == {
        "reports/mine.html",
        "reports/mine/2.html",
        "lake/x/.partial-2",
    }


def test_with_nothing_stored_there_is_nothing_to_do(upkeep):
    assert remove_versions.fn(upkeep) == remove_derived.fn(upkeep) == remove_reports.fn(upkeep) == Removed()
    assert compact.fn(upkeep).files == 0
    assert verify_versions.fn(upkeep).files == 0
