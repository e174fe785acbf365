"""The commands: what they do and print, with a Prefect server configured and with none."""

import csv
import io
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.places import EARLIER, make_place, prefect_headers

ROOT = Path(__file__).parents[3]
STAMP = "2024-06-08"
DRIVER = (
    "import sys; sys.argv = ['daycast', *sys.argv[1:]]\n"
    "from daycast.flows.command.cli import main\n"
    "try: main()\n"
    "finally: print('here:', sorted({'tensorflow', 'keras'} & set(sys.modules)), file=sys.stderr)\n"
)


def _ask(server, path, **body):
    request = urllib.request.Request(  # noqa: S310 — http on loopback
        f"{server}/{path}", data=json.dumps(body).encode(), headers=prefect_headers()
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.loads(answer.read())


@pytest.fixture(scope="module")
def served(prefect_server, tmp_path_factory):
    """Two pipelines run by one command through a configured server: one fails, the other is done."""
    place = make_place(tmp_path_factory.mktemp("served") / "place")
    place.define("broken", symbols=["GONE"])
    place.define("kept_apart")
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, "run", "--as-of", STAMP],
        env={**place.environment, "PREFECT_API_URL": prefect_server},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    return place, done, prefect_server


@pytest.mark.slow
def test_a_pipeline_that_fails_does_not_stop_the_others(served):
    place, done, _ = served
    assert done.returncode == 1
    assert {row["pipeline"]: row["status"] for row in place.table("runs")} == {
        "broken": "failed",
        "kept_apart": "succeeded",
    }
    assert "GONE" in done.stdout
    assert {row["pipeline"] for row in place.table("forecasts")} == {"kept_apart"}
    assert "Traceback" not in done.stdout + done.stderr


def test_training_is_done_in_another_process_than_the_flow(served):
    _, done, _ = served
    assert "here: []" in done.stderr, "the process of the flow has not loaded TensorFlow"
    assert "kept_apart: retrain" in done.stderr, "and yet a network was trained"


@pytest.mark.slow
def test_the_same_data_seed_and_spec_give_the_same_weights_in_another_place(served, place):
    """Bit by bit."""
    other, _, _ = served
    place.define("kept_apart")
    place.run("kept_apart", as_of=next(row["as_of"] for row in other.table("runs")))
    (version,) = other.job("kept_apart").registry().versions("kept_apart")
    one, two = (made.job("kept_apart").registry().manifest("kept_apart", version) for made in (other, place))
    assert one.content == two.content
    assert one.data_hash == two.data_hash


def test_the_flow_run_is_named_and_tagged_and_shows_its_artifacts(served):
    place, _, server = served
    runs = _ask(server, "flow_runs/filter", flow_runs={"tags": {"all_": ["kept_apart"]}})
    recorded = {row["prefect_flow_run_id"] for row in place.table("runs")}
    (run,) = (found for found in runs if found["id"] in recorded)
    assert run["name"] == "kept_apart@2024-06-08T23:59Z"
    assert run["state_type"] == "COMPLETED"
    assert {"kept_apart", "files", "gru"} <= set(run["tags"])
    artifacts = _ask(server, "artifacts/filter", flow_runs={"id": {"any_": [run["id"]]}})
    by_kind = {artifact["type"]: artifact for artifact in artifacts}
    page = by_kind["markdown"]["data"]
    assert r"![Forecast of kept\_apart/A: " in page
    assert "](data:image/svg+xml;base64,PHN2Zy" in page
    assert "| skill |" in page
    rows = json.loads(by_kind["table"]["data"])
    assert [(row["series_id"], row["lead"]) for row in rows] == [
        ("kept_apart/A", 1),
        ("kept_apart/A", 2),
        ("kept_apart/B", 1),
        ("kept_apart/B", 2),
    ]
    assert rows[0]["mean"] == pytest.approx(place.table("forecasts")[0]["mean"], abs=1e-3)
    assert by_kind["progress"]["data"] == 100.0


def test_a_failed_flow_run_is_failed_in_prefect_with_the_reason(served):
    _, _, server = served
    runs = _ask(server, "flow_runs/filter", flow_runs={"tags": {"all_": ["broken"]}})
    states = {run["state_type"] for run in runs} if runs else set()
    named = _ask(server, "flow_runs/filter", flow_runs={"name": {"like_": "broken@"}})
    assert named
    assert named[0]["state_type"] == "FAILED"
    assert "GONE" in named[0]["state"]["message"]
    assert states <= {"FAILED"}


def test_status_shows_what_needs_a_person(served, command):
    place, _, _ = served
    done = command(place, "status")
    assert done.code == 1
    assert "broken" in done.out
    assert "failed: " in done.out
    assert "Next: daycast run broken" in done.out


def test_forecasts_as_a_table_as_csv_and_as_json_are_the_same_rows(served, command):
    place, _, _ = served
    stored = sorted(place.table("forecasts"), key=lambda row: (row["series_id"], row["lead"]))
    as_json = json.loads(command(place, "forecasts", "--format", "json").out)
    as_csv = list(csv.DictReader(io.StringIO(command(place, "forecasts", "kept_apart", "--format", "csv").out)))
    table = command(place, "forecasts", "--series", "kept_apart/A").out
    assert [row["mean"] for row in as_json] == [row["mean"] for row in stored]
    assert [float(row["mean"]) for row in as_csv] == [row["mean"] for row in stored]
    assert [row["valid_at"] for row in as_json] == [row["valid_at"] for row in as_csv]
    assert as_json[0]["valid_at"].endswith("+00:00")
    assert table.count("kept_apart/A ") == 2
    assert "kept_apart/B" not in table
    assert command(place, "forecasts", "nobody", "--format", "json").code == 2


def test_models_are_listed_shown_promoted_rolled_back_and_verified(trained, command):
    place = trained
    (first,) = (row["version"] for row in place.table("model_versions"))
    place.run(as_of=EARLIER.replace(hour=6), training="retrain")
    versions = {row["version"]: row["stage"] for row in place.table("model_versions")}
    (second,) = set(versions) - {first}
    listed = command(place, "models", "list", "mine")
    assert listed.code == 0
    assert first in listed.out
    assert second in listed.out
    shown = command(place, "models", "show", "mine", second)
    assert shown.code == 0
    assert "naive" in shown.out
    assert "sha256 of the manifest" in shown.out
    promoted = command(place, "models", "promote", "mine", second)
    assert promoted.code == 0
    assert _champion(place) == second
    assert command(place, "models", "promote", "mine", second).code == 0
    back = command(place, "models", "rollback", "mine")
    assert back.code == 0
    assert _champion(place) == first
    verified = command(place, "models", "verify")
    assert verified.code == 0
    assert "6 files of 2 versions" in verified.out


def _champion(place):
    (name,) = [row["version"] for row in place.table("model_versions") if row["stage"] == "champion"]
    return name


def test_before_the_first_run_each_command_says_what_to_do(place, command):
    for arguments in (["status"], ["forecasts"], ["models", "list"]):
        done = command(place, *arguments)
        assert done.code == 0
        assert "Next: daycast run" in done.out
    assert command(place, "models", "verify").code == 0


def test_the_commands_that_read_need_no_server(served):
    """As processes of their own, with no API configured: none is started, none is asked."""
    place, _, _ = served
    assert "PREFECT_API_URL" in os.environ
    done = place.daycast("forecasts", "--format", "csv", timeout=60)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith("series_id,origin,valid_at,")
