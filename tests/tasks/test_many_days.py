"""Days in a row without any upkeep: what a run reads does not become more files day by day."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from daycast.tasks.handover.job import Job
from daycast.tasks.steps.ingest import ingest
from daycast.tasks.steps.prepare import prepare
from tests.places import AS_OF, DAYS, Place, walk

MOST = 5


@pytest.fixture(autouse=True)
def listed() -> Iterator[None]:
    """Fewer files than a release puts together, so that fewer days will do."""
    with patch("daycast.storage.lake.compaction.MOST_FILES", MOST):
        yield


def _day(place: Place, number: int) -> Job:
    """A day on which the feed has one more row, and the files that are there are a day older."""
    for path in _files(place):
        os.utime(path, (AS_OF.timestamp(), AS_OF.timestamp()))
    for seed, symbol in enumerate("AB"):
        place.write(symbol, walk(seed, DAYS + number))
    as_of = AS_OF + timedelta(days=number)
    job = place.job(as_of=as_of, now=as_of + timedelta(minutes=1))
    ingest.fn(job)
    prepare.fn(job)
    return job


def _files(place: Place) -> list[Path]:
    lake = place.root / "data" / "lake"
    return [
        path
        for part in ("observations", "windows")
        for path in (lake / part).rglob("*.parquet")
        if "_latest" not in path.parts
    ]


def test_a_series_is_never_in_many_files(place: Place) -> None:
    counts = []
    for number in range(MOST + 4):
        job = _day(place, number)
        counts.append(len(_files(place)))
    assert max(counts) <= 3 * (MOST + 1)
    assert min(counts[-3:]) < 3 * MOST - 2
    assert len(job.observations().read("A")) == DAYS + MOST + 3
    assert prepare.fn(job).written == 0
