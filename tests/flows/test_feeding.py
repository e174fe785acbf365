"""A pipeline that reads what another one tells of documents: by hand, from a deployment, and where the other fails."""

import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from prefect.client.orchestration import get_client

from tests.places import AS_OF, Place
from tests.reviews import reviews, write_reviews
from tests.tasks.handover.test_fed import fed_place
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]

SERVE = """
from daycast.flows.server.deployments import make_deployments
from daycast.flows.server.serving import run_deployments
from daycast.storage.config.pipeline_file import load_pipelines
from daycast.storage.config.settings import Settings
run_deployments(make_deployments(load_pipelines(Settings().pipelines).values()))
"""
TINY = {"cell": "gru", "units": [4], "epochs": 2, "batch_size": 16, "seed": 3}


def _place(root: Path) -> Place:
    place = fed_place(root, horizon=1, model=TINY)
    late = [{**row, "label": row["label"] * (n < 100), "labelled_at": row["labelled_at"] * (n < 100)}
            for n, row in enumerate(reviews())]  # fmt: skip
    write_reviews(root / "reviews.csv", late)
    return place


def _runs(place: Place) -> dict[str, dict[str, Any]]:
    return {row["pipeline"]: row for row in place.table("runs")}


def test_what_is_read_runs_first_and_is_read(tmp_path: Path) -> None:
    place = _place(tmp_path / "place")
    done = place.daycast("run", "moved", "--as-of", AS_OF.isoformat())
    assert done.returncode == 0, done.stdout + done.stderr
    runs = _runs(place)
    assert {(row["status"], row["as_of"]) for row in runs.values()} == {("succeeded", AS_OF)}
    assert runs["reviews"]["finished_at"] <= runs["moved"]["started_at"]
    told = pd.DataFrame(place.table("labels"))
    tonight = told[told["as_of"] == pd.Timestamp(AS_OF)]
    assert len(tonight) == 200
    (forecast,) = place.table("forecasts")
    assert (forecast["origin"], forecast["quality"]) == (
        AS_OF,
        "ok" if forecast["forecaster"] == "network" else "baseline",
    )
    before = _runs(place)["reviews"]
    again = place.daycast("run", "moved", "--as-of", AS_OF.isoformat())
    assert again.returncode == 0, again.stdout + again.stderr
    assert _runs(place)["reviews"] == before, "what is done is not done again"


def test_all_of_a_file_run_in_that_order_whatever_the_files(tmp_path: Path) -> None:
    place = _place(tmp_path / "place")
    text = (place.root / "pipelines.toml").read_text()
    of_reviews, _, of_moved = text.partition("[moved]")
    (place.root / "pipelines.toml").write_text(f"[moved]{of_moved}\n{of_reviews}")
    done = place.daycast("run", "--as-of", AS_OF.isoformat())
    assert done.returncode == 0, done.stdout + done.stderr
    runs = _runs(place)
    assert runs["reviews"]["finished_at"] <= runs["moved"]["started_at"]


def test_a_run_of_a_deployment_runs_first_what_it_reads(tmp_path: Path) -> None:
    place = _place(tmp_path / "place")
    environment = {**place.environment, "PREFECT_RUNNER_POLL_FREQUENCY": "1", "PREFECT_LOGGING_LEVEL": "ERROR"}
    serving = subprocess.Popen(
        [sys.executable, "-c", SERVE], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with get_client(sync_client=True) as client:
            state = _ended(client, as_of=AS_OF)
    finally:
        serving.terminate()
        serving.wait(timeout=60)
    assert state.is_completed(), state.message
    runs = _runs(place)
    assert {row["status"] for row in runs.values()} == {"succeeded"}
    assert runs["reviews"]["finished_at"] <= runs["moved"]["started_at"]


def _ended(client: Any, *, as_of: datetime) -> Any:
    found: list[Any] = []

    def there() -> bool:
        found[:] = [each for each in client.read_deployments() if each.name == "moved"]
        return bool(found)

    until(there, seconds=90, what="the deployment")
    time.sleep(2)  # of another test's by this name the entrypoint is written again now
    run = client.create_flow_run_from_deployment(found[0].id, parameters={"as_of": as_of.isoformat()})
    states: list[Any] = []

    def final() -> bool:
        states.append(client.read_flow_run(run.id).state)
        return bool(states[-1].is_final())

    until(final, seconds=240, what="the run's end")
    return states[-1]


def test_where_what_is_read_fails_the_run_goes_on_with_what_was_told_before(tmp_path: Path) -> None:
    place = _place(tmp_path / "place")
    (place.root / "reviews.csv").unlink()
    done = place.daycast("run", "moved", "--as-of", AS_OF.isoformat())
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: row["status"] for name, row in _runs(place).items()} == {"reviews": "failed", "moved": "succeeded"}
    assert len(place.table("forecasts")) == 1
    assert "reads reviews, whose run failed" in place.daycast("logs", "moved").stdout


def test_what_is_read_must_be_there_and_tell_labels(tmp_path: Path) -> None:
    place = _place(tmp_path / "place")
    for source, said in (
        (
            "review:good",
            "from_labels: a pipeline of this file that predicts labels is required: reviews. Received: 'review'",
        ),
        ("moved:good", "required: reviews. Received: 'moved'"),
        ("reviews", "from_labels gives each column as pipeline:label"),
    ):
        text = (place.root / "pipelines.toml").read_text()
        (place.root / "wrong.toml").write_text(text.replace("reviews:good", source))
        done = place.daycast("run", "moved", DAYCAST_PIPELINES=str(place.root / "wrong.toml"))
        assert done.returncode == 2
        assert said in " ".join(done.stderr.split()), done.stderr
    assert not (place.root / "data" / "lake").exists()
