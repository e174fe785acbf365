"""Live accuracy by week: what the last run of each found, and nothing of later runs."""

from datetime import UTC, datetime, timedelta

from daycast.storage.sql.database import Database
from daycast.storage.sql.live import live_by_week, write_live
from daycast.storage.terms.live import LiveAccuracy

FRIDAY = datetime(2026, 8, 21, 22, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def test_a_week_is_told_by_its_last_run_that_could_score_anything(db: Database) -> None:
    for days, n, skill in ((0, 9, 0.3), (-1, 8, 0.2), (-7, 7, 0.1), (-8, 6, 0.0), (-14, 0, None), (3, 5, 0.9)):
        found = LiveAccuracy(n=n, skill=skill)
        write_live(db, "mine", as_of=FRIDAY + days * DAY, figures={7: found, 30: LiveAccuracy(n=99)})
    weeks = live_by_week(db, "mine", since=FRIDAY - 100 * DAY, until=FRIDAY)
    assert [(at, live.n, live.skill) for at, live in weeks] == [(FRIDAY - 7 * DAY, 7, 0.1), (FRIDAY, 9, 0.3)]
    assert live_by_week(db, "mine", since=FRIDAY - DAY, until=FRIDAY - DAY)[0][1].n == 8
    assert live_by_week(db, "yours", since=FRIDAY - 100 * DAY, until=FRIDAY) == []
