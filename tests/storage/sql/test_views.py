"""The views: what they say, that they come back when gone or altered, and the rights that their readers need."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from daycast.storage.sql.database import Database
from daycast.storage.sql.evaluations import write_evaluations
from daycast.storage.sql.forecasts import write_forecasts
from daycast.storage.sql.migrate import steps_ahead
from daycast.storage.sql.runs import Outcome, begin_run, finish_run
from daycast.storage.sql.series import upsert_series, write_actuals
from daycast.storage.sql.view_columns import (
    ACCURACY_BY_LEAD,
    ACCURACY_BY_SERIES,
    COVERAGE_BY_SERIES,
    FORECAST_CHANGES,
    RUNS_LAST_NIGHT,
    VIEWS,
)
from daycast.storage.sql.views import amiss
from daycast.storage.terms.errors import DatabaseError

DAY = timedelta(days=1)
AT = datetime(2026, 8, 21, tzinfo=UTC)
DOCS = Path(__file__).parents[3] / "docs" / "sql.md"


def night(db: Database, origin: datetime, means: list[float], *, series: str = "mine/A") -> None:
    rows = [
        {
            "series_id": series, "origin": origin, "valid_at": origin + lead * DAY, "lead": lead, "issued_at": origin,
            "as_of": origin, "mean": mean, "lower_80": mean - 1, "upper_80": mean + 1, "lower_95": mean - 2,
            "upper_95": mean + 2, "forecaster": "network", "pipeline": "mine", "version": f"v{origin:%d}",
            "quality": "ok", "run_id": f"mine@{origin:%d}",
        }
        for lead, mean in enumerate(means, start=1)
    ]  # fmt: skip
    write_forecasts(db, pd.DataFrame(rows))


def known(db: Database, *symbols: str) -> None:
    shared = {"pipeline": "mine", "feed": "files", "target": "close", "unit": "", "calendar": "1D"}
    upsert_series(db, [{**shared, "series_id": f"mine/{name}", "symbol": name} for name in symbols])


def actuals(db: Database, values: dict[datetime, float], *, series: str = "mine/A") -> None:
    rows = {"series_id": series, "valid_at": list(values), "value": list(values.values()), "available_at": AT}
    write_actuals(db, pd.DataFrame(rows))


def test_changes_are_told_beside_the_origin_before(db):
    known(db, "A", "B")
    night(db, AT - 3 * DAY, [1.0, 2.0, 9.0])
    night(db, AT - DAY, [3.5, 4.0, 5.0])
    night(db, AT, [4.5, 5.0, 6.0])
    night(db, AT, [1.0], series="mine/B")
    rows = db.query(FORECAST_CHANGES.select().order_by(FORECAST_CHANGES.c.series_id, FORECAST_CHANGES.c.lead))
    assert [(row["series_id"], row["lead"], row["mean"], row["previous_mean"], row["change"]) for row in rows] == [
        ("mine/A", 1, 4.5, 4.0, 0.5),
        ("mine/A", 2, 5.0, 5.0, 0.0),
        ("mine/A", 3, 6.0, None, None),
        ("mine/B", 1, 1.0, None, None),
    ]
    assert (rows[0]["previous_origin"], rows[0]["version"], rows[0]["previous_version"]) == (AT - DAY, "v21", "v20")


def test_coverage_is_that_of_the_last_month_of_each_series(db):
    known(db, "A", "B")
    night(db, AT - 40 * DAY, [100.0])
    night(db, AT - 3 * DAY, [1.0, 2.0, 3.0])
    actuals(db, {AT - 39 * DAY: 0.0, AT - 2 * DAY: 1.5, AT - DAY: 3.5, AT: 9.0})
    (row,) = db.query(COVERAGE_BY_SERIES.select())
    assert (row["series_id"], row["n"], row["mae"]) == ("mine/A", 3, pytest.approx(8.0 / 3))
    assert (row["coverage_80"], row["coverage_95"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert (row["first_valid_at"], row["last_valid_at"]) == (AT - 2 * DAY, AT)


def test_accuracy_is_that_of_the_runs_over_all_versions(db):
    shared = {"pipeline": "mine", "forecaster": "network", "split": "live", "evaluated_at": AT}
    scores = [
        ("v1", "mine/A", 0, {"mae": 1.0, "skill": 0.5, "coverage_80": 0.9, "coverage_95": 1.0}, 30),
        ("v2", "mine/A", 0, {"mae": 3.0, "skill": 0.25, "coverage_80": 0.7, "coverage_95": 0.9}, 10),
        ("v2", "mine/B", 0, {"mae": 1.0, "skill": 1.0}, 10),
        ("v2", "*", 2, {"mae": 2.0, "skill": -1.0}, 7),
        ("v2", "*", 0, {"mae": 9.0}, 9),
    ]
    write_evaluations(
        db,
        [
            {**shared, "version": version, "series_id": series, "lead": lead, "metric": metric, "value": value, "n": n}
            for version, series, lead, figures, n in scores
            for metric, value in figures.items()
        ],
    )
    first, second = db.query(ACCURACY_BY_SERIES.select().order_by(ACCURACY_BY_SERIES.c.series_id))
    assert (first["pipeline"], first["series_id"], first["n"], first["mae"]) == ("mine", "mine/A", 40, 1.5)
    assert (first["naive_mae"], first["skill"]) == (pytest.approx(2.5), pytest.approx(0.4))
    assert (first["coverage_80"], first["coverage_95"]) == (pytest.approx(0.85), pytest.approx(0.975))
    assert first["evaluated_at"] == AT
    assert (second["mae"], second["skill"], second["naive_mae"]) == (1.0, None, None), "nothing to divide by"
    (lead,) = db.query(ACCURACY_BY_LEAD.select())
    assert (lead["lead"], lead["n"], lead["mae"], lead["naive_mae"], lead["skill"]) == (2, 7, 2.0, 1.0, -1.0)


def test_last_nights_runs_are_those_that_began_within_a_day(db):
    present = datetime.now(UTC)
    for name, began in (("late", present - timedelta(hours=1)), ("old", present - timedelta(hours=25))):
        begin_run(db, run_id=name, pipeline="mine", as_of=began, started_at=began)
        ended = Outcome(status="succeeded", finished_at=began + timedelta(seconds=90))
        finish_run(db, run_id=name, outcome=ended)
    (row,) = db.query(RUNS_LAST_NIGHT.select())
    assert (row["run_id"], row["seconds"]) == ("late", pytest.approx(90.0, abs=0.01))


@pytest.mark.parametrize("gone", ["latest_forecasts", "runs_last_night"])
def test_a_view_that_was_dropped_is_made_again(db, gone):
    with db.transaction() as connection:
        connection.execute(text(f"DROP VIEW {gone}{' CASCADE' if db.backend == 'postgresql' else ''}"))
        assert f"make the view {gone} again" in steps_ahead(connection)
    with reopened(db) as again:
        assert amiss_of(again) == []
        again.query(f"SELECT * FROM {gone}")  # noqa: S608


def test_a_view_that_was_altered_is_made_again(db):
    with db.transaction() as connection:
        connection.execute(text("DROP VIEW champions"))
        connection.execute(text("CREATE VIEW champions AS SELECT 1 AS one"))
        assert steps_ahead(connection) == ["make the view champions again"]
    with reopened(db) as again:
        assert again.query("SELECT version, sha256 FROM champions") == []
        assert amiss_of(again) == []


def test_what_is_as_it_should_be_is_left_alone(db):
    with reopened(db) as again:
        assert amiss_of(again) == []


def test_grants_outlive_a_view_that_is_made_again(migrated_postgresql_url):
    with Database.open(migrated_postgresql_url) as db:
        with db.transaction() as connection:
            connection.execute(text("CREATE ROLE keeps_reading"))
            connection.execute(text("GRANT SELECT ON champions TO keeps_reading"))
            connection.execute(text("ALTER VIEW champions RENAME COLUMN version TO renamed"))
        with reopened(db) as again:
            granted = again.query("SELECT has_table_privilege('keeps_reading', 'champions', 'SELECT') AS granted")
            again.query("SELECT version FROM champions")
        with db.transaction() as connection:
            connection.execute(text("DROP OWNED BY keeps_reading"))
            connection.execute(text("DROP ROLE keeps_reading"))
    assert granted == [{"granted": True}]


def test_two_roles_have_the_least_rights_that_they_need(postgresql_url):
    """The statements of docs/sql.md, as they stand there."""
    (script,) = re.findall(r"<!-- roles -->\n```sql\n(.*?)```", DOCS.read_text(), flags=re.DOTALL)
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        name = str(make_url(postgresql_url).database)
        connection.execute(script.replace("DATABASE forecasts", f"DATABASE {name}"))
        try:
            with Database.open(as_role(postgresql_url, "daycast_writer")) as writer:
                known(writer, "A")
                night(writer, AT, [1.0])
                begin_run(writer, run_id="mine@21", pipeline="mine", as_of=AT, started_at=AT)
            with Database.open(as_role(postgresql_url, "daycast_reader")) as reader:
                assert len(reader.query("SELECT * FROM latest_forecasts")) == 1
                for view in VIEWS.tables:
                    reader.query(f"SELECT count(*) FROM {view}")  # noqa: S608
                with pytest.raises(DatabaseError, match="permission denied"):
                    known(reader, "B")
                with pytest.raises(DatabaseError, match="permission denied"), reader.transaction() as inside:
                    inside.execute(text("CREATE TABLE mine (x INTEGER)"))
        finally:
            for role in ("daycast_reader", "daycast_writer"):
                connection.execute(f"DROP OWNED BY {role} CASCADE")
                connection.execute(f"DROP ROLE {role}")


def test_the_queries_of_the_page_answer(db):
    queries = re.findall(r"(?<!roles -->\n)```sql\n(.*?)```", DOCS.read_text(), flags=re.DOTALL)
    assert len(queries) == 6
    known(db, "A")
    night(db, AT - DAY, [1.0, 2.0])
    night(db, AT, [1.0])
    assert [row["change"] for row in db.query(queries[0])] == [-1.0]
    for query in queries[1:]:
        assert db.query(query) == []


def as_role(url: str, role: str) -> str:
    return make_url(url).set(username=role, password=role).render_as_string(hide_password=False)


def reopened(db: Database) -> Database:
    url = db._engine.url.render_as_string(hide_password=False)
    return Database.open(url.replace("+psycopg", ""))


def amiss_of(db: Database) -> list[str]:
    with db.transaction() as connection:
        return amiss(connection)
