"""Serving reads what training read: one origin of the past, served as of itself, is the window that was trained on."""

from datetime import timedelta

import numpy as np
import pytest

from daycast.storage.terms.words import ORIGIN
from daycast.tasks.steps.ingest import ingest
from daycast.tasks.steps.plan import plan
from daycast.tasks.steps.predict import predict
from daycast.tasks.steps.prepare import prepare
from daycast.tasks.steps.runs import begin
from daycast.tasks.steps.train import train
from tests.places import AS_OF

PAST = AS_OF - timedelta(days=10)
"""An origin in the test part."""


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.filterwarnings("ignore:Artifact creation outside of a flow:FutureWarning")
def test_an_origin_of_the_past_served_as_of_itself_is_the_stored_window_and_the_same_prediction(place):
    job = place.job()
    begin.fn(job)
    ingest.fn(job)
    prepared = prepare.fn(job)
    planned = plan.fn(job, prepared, requested="auto")
    train.fn(job, prepared, planned)
    predict.fn(job, prepared, versions=planned.versions)

    then = place.job(as_of=PAST)
    served = prepare.fn(then)
    assert served.data_hash != prepared.data_hash
    assert set(served.until.values()) == {PAST}
    latest = then.windows().read_latest(data_hash=served.data_hash)
    stored = job.windows().read(prepared.until)
    origin = np.datetime64(PAST.replace(tzinfo=None), "us")
    for row, series in enumerate(("mine/A", "mine/B")):
        place_of = int(np.flatnonzero(stored[series][ORIGIN] == origin)[0])
        for column in ("inputs", "base", "slope", "past"):
            trained_on = stored[series][column][place_of].reshape(-1)
            assert latest[column].reshape(len(latest[ORIGIN]), -1)[row].tobytes() == trained_on.tobytes(), column

    predict.fn(then, served, versions=planned.versions)
    now = then.predictions().means(version=planned.version, data_hash=served.data_hash)["latest"]
    before = job.predictions().means(version=planned.version, data_hash=prepared.data_hash)["test"]
    test = [_origins(stored[series])[-len(before) // 2 :] for series in ("mine/A", "mine/B")]
    rows = [int(np.flatnonzero(part == origin)[0]) + shift * len(part) for shift, part in enumerate(test)]
    assert now.tobytes() == before[rows].tobytes()


def _origins(columns):
    return columns[ORIGIN]
