"""Serving reads what training read: one origin of the past, served as of itself, is the window that was trained on."""

from datetime import timedelta

import numpy as np
import pytest

from daycast.tasks.handover.material import material, means
from daycast.tasks.steps.ingest import ingest
from daycast.tasks.steps.plan import plan
from daycast.tasks.steps.predict import predict
from daycast.tasks.steps.prepare import prepare
from daycast.tasks.steps.runs import begin
from daycast.tasks.steps.train import train
from tests.places import AS_OF

PAST = AS_OF - timedelta(days=10)
"""An origin in the test part."""


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
@pytest.mark.filterwarnings("ignore:Artifact creation outside of a flow:FutureWarning")
def test_an_origin_of_the_past_served_as_of_itself_is_the_stored_window_and_the_same_prediction(place):
    job = place.job()
    begin.fn(job)
    ingest.fn(job)
    prepared = prepare.fn(job)
    planned = plan.fn(job, prepared, requested="auto", broken={})
    train.fn(job, prepared, planned)
    predict.fn(job, prepared, versions=planned.versions)

    then = place.job(as_of=PAST)
    served = prepare.fn(then)
    assert served.data_hash != prepared.data_hash
    assert served.last == PAST
    (shard,) = prepared.shards
    latest = material(then, served, shard).latest.windows
    test = material(job, prepared, shard).test
    origin = np.datetime64(PAST.replace(tzinfo=None), "us")
    trained_on = test.where(test.origin == origin)
    assert trained_on.series.tolist() == latest.series.tolist() == ["mine/A", "mine/B"]
    for column in ("inputs", "anchor", "base", "slope", "past"):
        assert getattr(latest, column).tobytes() == getattr(trained_on, column).tobytes(), column

    for path in (place.root / "data" / "lake" / "predictions").rglob("*.parquet"):
        path.unlink()  # what is kept of the one would serve the other
    predict.fn(then, served, versions=planned.versions)
    now = means(then, planned.version, shard, latest)
    predict.fn(job, prepared, versions=planned.versions)
    assert now.tobytes() == means(job, planned.version, shard, trained_on).tobytes()
    assert np.isfinite(now).all()
