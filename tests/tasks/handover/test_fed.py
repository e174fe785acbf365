"""Columns that another pipeline gives: what it told of documents, night by night, and nothing of what came later."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from daycast.storage.sql.database import Database
from daycast.storage.sql.labels import write_labels
from daycast.storage.terms.errors import DataError
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.levels import levels_of
from daycast.tasks.steps.ingest import ingest
from daycast.tasks.steps.prepare import prepare
from tests.places import AS_OF, DAYS, FIRST, Place, make_place
from tests.reviews import TABLE

HOUR = timedelta(hours=1)


def night(as_of: datetime, *, good: list[float], bad: list[float] = []) -> list[dict[str, Any]]:  # noqa: B006
    """What a run of ``reviews`` told."""
    said = [("good", each) for each in good] + [("bad", each) for each in bad]
    shared = {"pipeline": "reviews", "as_of": as_of, "published_at": as_of - HOUR, "issued_at": as_of, "quality": "ok"}
    shared |= {"forecaster": "linear", "version": None, "run_id": f"reviews@{as_of:%Y%m%d}"}
    return [
        {**shared, "document_id": f"{as_of:%j%H}-{n}", "label": label, "probability": probability}
        for n, (label, probability) in enumerate(said)
    ]


def fed_place(root: Path, database_url: str | None = None, *, source: str = "reviews:good", **keys: Any) -> Place:
    """A place whose pipeline ``moved`` reads the mood of ``reviews``, told on every night but the last."""
    place = make_place(root, database_url)
    place.define("reviews", base=TABLE, path=str(root / "reviews.csv"))
    place.define("moved", symbols=["A"], features=["close", "mood"], from_labels={"mood": source}, **keys)
    nights = [FIRST + timedelta(days=day, hours=1) for day in range(DAYS - 1)]
    rows = [row for n, as_of in enumerate(nights) for row in night(as_of, good=[0.6 + n / 1000], bad=[0.7])]
    with Database.open(place.database_url) as db:
        write_labels(db, rows)
    return place


@pytest.fixture
def fed(tmp_path: Path, database_url: str) -> Iterator[Place]:
    return fed_place(tmp_path / "place", database_url)


def mood(job: Job) -> "pd.Series[float]":
    (shard,) = job.shards()
    known = job.observations().history(shard).known(job.as_of)
    levels = levels_of(known.frame, spec=job.pipeline, symbols=["A"], as_of=job.as_of, database=job.database)
    return pd.Series(levels.values[0, :, levels.columns.index("mood")], index=levels.instants)


def test_each_day_has_what_its_own_night_told(fed: Place) -> None:
    ingest.fn(fed.job("moved"))
    found = mood(fed.job("moved"))
    assert found.iloc[0] == pytest.approx((0.6 + 0.3) / 2), "of a document told to be bad, what is left"
    assert found.iloc[100] == pytest.approx((0.7 + 0.3) / 2)
    assert np.isnan(found.iloc[-1]), "the last day's documents are not told yet"
    prepared = prepare.fn(fed.job("moved"))
    assert prepared.windows > 100
    assert not prepared.untrainable


def test_what_is_told_later_that_day_belongs_to_the_next(fed: Place) -> None:
    ingest.fn(fed.job("moved"))
    before = mood(fed.job("moved"))
    with Database.open(fed.database_url) as db:
        write_labels(db, night(FIRST + timedelta(days=50, hours=20), good=[0.9, 0.9, 0.9, 0.9]))
    after = mood(fed.job("moved"))
    changed = before.index[(before - after).abs() > 1e-9]
    assert list(changed) == [pd.Timestamp(FIRST + timedelta(days=51)).tz_localize(None)]
    assert after.loc[changed[0]] == pytest.approx((0.6 + 0.051 + 0.3 + 4 * 0.9) / 6)


def test_nothing_that_was_told_after_as_of_touches_the_windows(fed: Place) -> None:
    early = AS_OF - timedelta(days=30)
    ingest.fn(fed.job("moved"))
    before = prepare.fn(fed.job("moved", as_of=early, now=AS_OF)).data_hash
    with Database.open(fed.database_url) as db:
        for day in range(1, 30):
            write_labels(db, night(early + timedelta(days=day), good=[0.99], bad=[0.99]))
    assert prepare.fn(fed.job("moved", as_of=early, now=AS_OF)).data_hash == before


def test_a_label_that_nobody_tells_is_named(tmp_path: Path) -> None:
    place = fed_place(tmp_path / "place", source="reviews:great")
    ingest.fn(place.job("moved"))
    with pytest.raises(DataError, match="a label of reviews: bad, good. Received: 'great'"):
        prepare.fn(place.job("moved"))


def test_where_nothing_was_told_yet_the_column_and_who_is_to_tell_it_are_named(tmp_path: Path) -> None:
    place = make_place(tmp_path / "place")
    place.define("reviews", base=TABLE, path=str(tmp_path / "reviews.csv"))
    place.define("moved", symbols=["A"], features=["close", "mood"], from_labels={"mood": "reviews:good"})
    ingest.fn(place.job("moved"))
    said = prepare.fn(place.job("moved")).untrainable
    assert said.startswith(
        "A value of each column of from_labels is required. Received: none for mood = 'reviews:good'"
    )
    assert "daycast backfill reviews --from" in said
