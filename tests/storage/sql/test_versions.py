"""Which version serves, now and at any instant of the past."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from daycast.storage.sql.database import Database
from daycast.storage.sql.evaluations import list_evaluations, write_evaluations
from daycast.storage.sql.tables import Evaluation, ModelVersion
from daycast.storage.sql.versions import (
    champion,
    find_version,
    forget,
    list_versions,
    promote,
    record_version,
    reject,
    rollback,
    serving,
)
from daycast.storage.sql.view_columns import CHAMPIONS
from daycast.storage.terms.errors import DatabaseError, RegistryError


def day(number: int) -> datetime:
    return datetime(2026, 8, number, 22, 30, tzinfo=UTC)


def record(db: Database, version: str, *, as_of: datetime, pipeline: str = "prices", **changes: object) -> None:
    row = {
        "pipeline": pipeline,
        "version": version,
        "created_at": as_of,
        "as_of": as_of,
        "training": "retrain",
        "parent_version": None,
        "cell": "lstm",
        "parameters": 1000,
        "data_hash": "data",
        "uri": f"models/{pipeline}/{version}",
        "sha256": "hash",
    }
    record_version(db, {**row, **changes})


@pytest.fixture
def three(db: Database) -> Database:
    """v1, v2 and v3 of the 1st, 2nd and 3rd, each promoted by its own run."""
    for number in (1, 2, 3):
        record(db, f"v{number}", as_of=day(number))
        promote(db, "prices", f"v{number}", at=day(number))
    return db


def stages(db: Database) -> dict[str, str]:
    return {row.version: row.stage for row in list_versions(db)}


def served(db: Database, at: datetime, *, strictly_before: bool = False) -> str | None:
    row = serving(db, "prices", at=at, strictly_before=strictly_before)
    return row.version if row else None


def test_a_version_begins_as_a_challenger(db: Database) -> None:
    record(db, "v1", as_of=day(1))
    row = find_version(db, "prices", "v1")
    assert (row.stage, row.promoted_at, row.as_of, row.parameters) == ("challenger", None, day(1), 1000)
    assert served(db, day(9)) is None


def test_recording_again_keeps_stage_and_created_at(three: Database) -> None:
    before = list_versions(three)
    record(three, "v3", as_of=day(3), created_at=day(9))
    assert list_versions(three) == before


def test_a_row_that_says_its_stage_is_refused(db: Database) -> None:
    with pytest.raises(RegistryError, match="without stage and promoted_at"):
        record(db, "v1", as_of=day(1), stage="champion")


def test_the_last_promoted_is_the_champion(three: Database) -> None:
    assert stages(three) == {"v3": "champion", "v2": "retired", "v1": "retired"}
    assert champion(three, "prices").version == "v3"
    assert [row["version"] for row in three.query(select(CHAMPIONS))] == ["v3"]


def test_promoting_again_changes_nothing(three: Database) -> None:
    before = list_versions(three)
    promote(three, "prices", "v3", at=day(3))
    promote(three, "prices", "v3", at=day(8))
    promote(three, "prices", "v1", at=day(1))
    assert list_versions(three) == before


def test_a_run_of_the_past_sees_what_served_then(three: Database) -> None:
    assert [served(three, day(number)) for number in (1, 2, 3, 4)] == ["v1", "v2", "v3", "v3"]
    assert served(three, day(1) - timedelta(seconds=1)) is None


def test_a_run_done_again_does_not_see_what_it_promoted_itself(three: Database) -> None:
    assert [served(three, day(number), strictly_before=True) for number in (1, 2, 3, 4)] == [None, "v1", "v2", "v3"]


def test_a_version_of_later_data_is_not_seen(db: Database) -> None:
    record(db, "v5", as_of=day(5))
    promote(db, "prices", "v5", at=day(2))
    assert served(db, day(3)) is None
    assert served(db, day(5)) == "v5"


def test_a_backfill_of_the_past_leaves_the_champion(three: Database) -> None:
    record(three, "v2b", as_of=day(2) + timedelta(hours=1))
    row = promote(three, "prices", "v2b", at=day(2) + timedelta(hours=1))
    assert (row.stage, row.promoted_at) == ("retired", day(2) + timedelta(hours=1))
    assert champion(three, "prices").version == "v3"
    assert served(three, day(2)) == "v2"
    assert served(three, day(2) + timedelta(hours=2)) == "v2b"


def test_a_rejected_version_never_serves(three: Database) -> None:
    record(three, "v4", as_of=day(4))
    reject(three, "prices", "v4")
    reject(three, "prices", "v4")
    assert stages(three)["v4"] == "rejected"
    with three.transaction() as connection:
        connection.execute(update(ModelVersion).where(ModelVersion.version == "v4").values(promoted_at=day(4)))
    assert served(three, day(5)) == "v3"


def test_rejecting_what_was_promoted_since_leaves_it(three: Database) -> None:
    reject(three, "prices", "v3")
    reject(three, "prices", "v2")
    assert stages(three) == {"v3": "champion", "v2": "retired", "v1": "retired"}


def test_rollback_goes_to_the_version_before_and_back(three: Database) -> None:
    assert rollback(three, "prices", at=day(10)) == ("v3", "v2")
    assert champion(three, "prices").promoted_at == day(10)
    assert served(three, day(10)) == "v2"
    assert served(three, day(4)) == "v3"
    assert rollback(three, "prices", at=day(11)) == ("v2", "v3")
    assert stages(three) == {"v3": "champion", "v2": "retired", "v1": "retired"}


def test_rollback_needs_a_version_that_served(db: Database) -> None:
    with pytest.raises(RegistryError, match="no champion"):
        rollback(db, "prices", at=day(1))
    record(db, "v1", as_of=day(1))
    promote(db, "prices", "v1", at=day(1))
    record(db, "v2", as_of=day(2))
    reject(db, "prices", "v2")
    with pytest.raises(RegistryError, match="before which none served"):
        rollback(db, "prices", at=day(3))
    assert stages(db) == {"v2": "rejected", "v1": "champion"}


def test_the_champion_cannot_be_forgotten(three: Database) -> None:
    with pytest.raises(RegistryError, match="daycast models rollback prices"):
        forget(three, "prices", "v3")
    record(three, "v4", as_of=day(4))
    forget(three, "prices", "v4")
    forget(three, "prices", "v4")
    assert "v4" not in stages(three)


def test_a_challenger_that_lost_is_no_aim_of_a_rollback(three: Database) -> None:
    record(three, "v4", as_of=day(4))
    reject(three, "prices", "v4")
    assert rollback(three, "prices", at=day(9)) == ("v3", "v2")


def test_a_version_that_is_not_there_is_named(three: Database) -> None:
    for act in (lambda: promote(three, "prices", "v9", at=day(9)), lambda: find_version(three, "prices", "v9")):
        with pytest.raises(RegistryError, match=r"Received: 'v9'.*daycast models list prices"):
            act()
    with pytest.raises(RegistryError, match="none serves"):
        champion(three, "etth1")
    assert stages(three)["v3"] == "champion"


def test_pipelines_do_not_mix(three: Database) -> None:
    record(three, "v1", pipeline="etth1", as_of=day(1))
    promote(three, "etth1", "v1", at=day(9))
    assert champion(three, "prices").version == "v3"
    assert [row.pipeline for row in list_versions(three, "etth1")] == ["etth1"]


def test_the_database_itself_allows_one_champion(three: Database) -> None:
    with pytest.raises(DatabaseError, match="(?i)unique"), three.transaction() as connection:
        connection.execute(update(ModelVersion).where(ModelVersion.version == "v1").values(stage="champion"))
    assert stages(three)["v1"] == "retired"


def test_promotions_at_once_end_with_one_champion(db: Database) -> None:
    for number in range(1, 9):
        record(db, f"v{number}", as_of=day(1))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: promote(db, "prices", f"v{number}", at=day(number)), range(1, 9)))
    assert sorted(stages(db).values()) == ["champion"] + ["retired"] * 7
    assert champion(db, "prices").version == "v8"


def test_the_scores_of_a_version_go_with_it_and_those_of_the_baselines_stay(three: Database) -> None:
    record(three, "v4", as_of=day(4))
    row = {"pipeline": "prices", "forecaster": "network", "series_id": "*", "split": "test", "lead": 0}
    row |= {"metric": "mae", "value": 1.0, "n": 3, "evaluated_at": day(4)}
    write_evaluations(three, [{**row, "version": name} for name in ("v3", "v4", "*")])
    forget(three, "prices", "v4")
    assert [row["version"] for row in three.query(select(Evaluation.version).order_by(Evaluation.version))] == [
        "*",
        "v3",
    ]
    told = list_evaluations(three, "prices", version="v3")
    assert [row["version"] for row in told] == ["*", "v3"], "a version stands beside the baselines"
