"""Readers of the latest forecasts beside a writer: each answer is whole origins, old or new, never a mixture."""

import threading

from daycast.storage.sql.database import Database
from tests.drills.drill_readers import READERS, judge, watch, writer

_SECONDS = 2.0


def test_no_answer_is_a_mixture_while_runs_write(db: Database) -> None:
    url = db._engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    write = writer(db)
    next(write)
    seen = []
    readers = [
        threading.Thread(target=lambda kind=kind: seen.append(watch(kind, url, seconds=_SECONDS, changes=2)))
        for kind in ["daycast", "driver"] * (READERS // 2)
    ]
    for reader in readers:
        reader.start()
    while any(reader.is_alive() for reader in readers):
        next(write)
    assert len(seen) == READERS
    assert [fault for each in seen for fault in each.wrong] == []
    assert all(each.changes >= 2 for each in seen), "the readers saw the writer at work"


def test_a_mixture_would_be_noticed(db: Database) -> None:
    write = writer(db)
    next(write)
    rows = db.query("SELECT series_id, lead, mean, run_id FROM latest_forecasts")
    assert judge(rows) == (1, [])
    assert judge(rows[1:])[1], "a lead is missing"
    assert judge([{**rows[0], "mean": 2.0}, *rows[1:]])[1], "two runs"
    assert judge([{**rows[0], "run_id": "mine@2"}, *rows[1:]])[1]
