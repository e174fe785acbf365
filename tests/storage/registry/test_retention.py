"""Which versions stay, and what goes with those that do not."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daycast.storage.lake.folder import Folder
from daycast.storage.registry.retention import (
    forget_versions,
    kept_versions,
    remove_orphans,
    remove_predictions,
    remove_reports,
    remove_windows,
)
from daycast.storage.registry.store import Registry
from daycast.storage.sql.database import Database
from daycast.storage.sql.versions import Version, list_versions, promote, record_version
from daycast.storage.terms.keeping import Retention

NOW = datetime(2026, 8, 21, tzinfo=UTC)
DAY = timedelta(days=1)
KEEP = Retention(versions=2, promoted_days=10)


def version(age: int, **changes: object) -> Version:
    at = NOW - age * DAY
    row = {
        "pipeline": "p",
        "version": f"v{100 - age:03d}",
        "stage": "rejected",
        "created_at": at,
        "as_of": at,
        "training": "fine_tune",
        "parent_version": None,
        "cell": "gru",
        "parameters": 1,
        "data_hash": "d",
        "uri": "u",
        "sha256": "s",
        "promoted_at": None,
        **changes,
    }
    return Version(**row)  # type: ignore[arg-type]


def test_the_newest_stay() -> None:
    rows = [version(age) for age in (5, 20, 30, 40)]
    assert kept_versions(rows, now=NOW, keep=KEEP) == {"v095", "v080"}


def test_the_champion_and_those_it_came_of_stay_however_old() -> None:
    rows = [
        version(5),
        version(6),
        version(50, stage="champion", parent_version="v040", promoted_at=NOW - 50 * DAY),
        version(60, parent_version="v020"),
        version(70),
        version(80),
    ]
    assert kept_versions(rows, now=NOW, keep=KEEP) == {"v095", "v094", "v050", "v040", "v020"}


def test_a_line_that_leads_to_a_version_that_is_gone_or_to_itself_ends() -> None:
    rows = [version(50, stage="champion", parent_version="v040"), version(60, parent_version="v050")]
    assert kept_versions(rows, now=NOW, keep=Retention(versions=0)) == {"v050", "v040"}


def test_versions_promoted_lately_and_the_one_that_a_rollback_returns_to_stay() -> None:
    rows = [
        version(5),
        version(6),
        version(30, stage="retired", promoted_at=NOW - 9 * DAY),
        version(31, stage="retired", promoted_at=NOW - 8 * DAY),
        version(32, stage="retired", promoted_at=NOW - 11 * DAY),
    ]
    assert kept_versions(rows, now=NOW, keep=KEEP) == {"v095", "v094", "v070", "v069"}
    assert "v068" in kept_versions([*rows[:2], rows[4]], now=NOW, keep=KEEP)


def test_what_was_made_within_the_grace_stays_however_old_its_as_of() -> None:
    rows = [version(5), version(6), version(90, created_at=NOW - DAY / 2)]
    assert "v010" in kept_versions(rows, now=NOW, keep=KEEP)


def record(db: Database, registry: Registry, row: Version) -> None:
    columns = {name: value for name, value in vars(row).items() if name not in {"stage", "promoted_at"}}
    record_version(db, columns)
    (registry.folder / row.pipeline).write(f"{row.version}/manifest.json", b"{}")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(Folder(tmp_path / "models"))


@pytest.fixture
def stored(db: Database, registry: Registry) -> list[Version]:
    for age in (5, 20, 30, 40):
        record(db, registry, version(age))
    promote(db, "p", "v060", at=NOW - 40 * DAY)
    return list_versions(db)


def test_row_and_files_go_together(db: Database, registry: Registry, stored: list[Version]) -> None:
    assert forget_versions(db, registry, stored, now=NOW, keep=KEEP) == ["v070"]
    assert {row.version for row in list_versions(db)} == set(registry.versions("p")) == {"v095", "v080", "v060"}
    assert forget_versions(db, registry, list_versions(db), now=NOW, keep=KEEP) == []


def test_a_version_that_became_the_champion_meanwhile_stays(
    db: Database, registry: Registry, stored: list[Version]
) -> None:
    promote(db, "p", "v070", at=NOW)
    assert forget_versions(db, registry, stored, now=NOW, keep=KEEP) == []
    assert "v070" in registry.versions("p")


def test_a_kill_between_row_and_files_leaves_no_row_without_files(
    db: Database, registry: Registry, stored: list[Version], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(registry, "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            forget_versions(db, registry, stored, now=NOW, keep=KEEP)
    rows = list_versions(db)
    assert {row.version for row in rows} < set(registry.versions("p"))
    age(tmp_path, days=2)
    assert remove_orphans(registry, "p", rows=rows, before=NOW - DAY) == ["v070"]
    assert {row.version for row in rows} == set(registry.versions("p"))


def age(root: Path, *, days: float) -> None:
    """Make everything below as old as some days before :data:`NOW`."""
    for path in [*root.rglob("*"), root]:
        os.utime(path, times=((NOW - days * DAY).timestamp(),) * 2)


def test_orphans_that_are_young_or_of_an_unknown_pipeline_stay(tmp_path: Path, registry: Registry) -> None:
    (registry.folder / "p").write("v001/model.keras", b"x")
    (registry.folder / "p").write("v002/model.keras", b"x")
    age(tmp_path / "models" / "p" / "v001", days=2)
    age(tmp_path / "models" / "p" / "v002", days=0.5)
    assert remove_orphans(registry, "p", rows=[], before=NOW - DAY) == []
    assert remove_orphans(registry, "p", rows=[version(1)], before=NOW - DAY) == ["v001"]
    assert registry.versions("p") == ["v002"]


Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, *, days: float) -> None:
        Folder(tmp_path).write(name, b"x")
        os.utime(tmp_path / name, times=((NOW - days * DAY).timestamp(),) * 2)

    return write


def left(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_predictions_of_kept_versions_stay_but_for_files_of_earlier_releases(tmp_path: Path, write: Write) -> None:
    write("v1/a.parquet", days=9)
    write("v1/b.parquet", days=0.5)
    write("v1/_0000/a.parquet", days=9)
    write("v1/_0000/b.parquet", days=3)
    write("v2/_0001/a.parquet", days=9)
    write("gone/a.parquet", days=9)
    write("young/a.parquet", days=0.5)
    assert remove_predictions(Folder(tmp_path), versions={"v1", "v2"}, before=NOW - DAY) == 2
    kept = ["v1/_0000/a.parquet", "v1/_0000/b.parquet", "v1/b.parquet", "v2/_0001/a.parquet"]
    assert left(tmp_path) == [*kept, "young/a.parquet"]
    assert remove_predictions(Folder(tmp_path), versions=set(), before=NOW) == 0


def test_windows_that_no_pipeline_names_go(tmp_path: Path, write: Write) -> None:
    write("named/_0000/1.parquet", days=90)
    write("named/_latest/_0000/a.parquet", days=5)
    write("named/_latest/_0000/b.parquet", days=4)
    write("named/_latest/_0000/c.parquet", days=0.5)
    write("named/_latest/_0001/a.parquet", days=5)
    write("other/A/1.parquet", days=90)
    write("other/A/2.parquet", days=3)
    write("dead/A/1.parquet", days=90)
    removed = remove_windows(Folder(tmp_path), preparations={"named"}, before=NOW - 7 * DAY, grace=NOW - DAY)
    assert removed == 3
    latest = ["named/_latest/_0000/c.parquet", "named/_latest/_0001/a.parquet"]
    assert left(tmp_path) == ["named/_0000/1.parquet", *latest, "other/A/1.parquet", "other/A/2.parquet"]


def test_old_reports_go_but_each_pipelines_newest_and_the_present_pages_stay(tmp_path: Path, write: Write) -> None:
    for name, days in (("a/1.html", 200), ("a/2.html", 100), ("b/1.html", 300), ("a/3.html", 5)):
        write(name, days=days)
    write("index.html", days=400)
    write("b.html", days=400)
    assert remove_reports(Folder(tmp_path), before=NOW - 90 * DAY) == 2
    assert left(tmp_path) == ["a/3.html", "b.html", "b/1.html", "index.html"]
