"""The daily flow through a real Prefect server: what it leaves in SQL, run again, of the past, and on bad data.

Training runs in a thread of this process here; that it runs in a process of its own is proved by the commands' tests.
"""

import shutil
from datetime import timedelta

import numpy as np
import pytest

from daycast.storage.sql.database import Database
from daycast.storage.sql.versions import list_versions
from tests.places import AS_OF, DAYS, EARLIER, WALL_CLOCK, walk

pytestmark = pytest.mark.usefixtures("prefect_server")


def _forecasts(place, *, as_of):
    keys = ("series_id", "origin", "valid_at", "lead", "mean", "lower_80", "upper_80", "lower_95", "upper_95")
    return [tuple(row[key] for key in keys) for row in place.table("forecasts") if row["as_of"] == as_of]


def _without_reports(files):
    return {name: digest for name, digest in files.items() if not name.startswith("reports/")}


def test_a_second_run_with_the_same_as_of_leaves_the_same_rows_and_no_more(trained):
    place = trained
    leave = {"runs": WALL_CLOCK["runs"], "model_versions": {"uri"}}  # the place was copied
    rows, files = place.tables(leave=leave), place.files()
    assert {name: len(found) for name, found in rows.items()} == {
        "series": 2,
        "runs": 1,
        "actuals": 2 * (DAYS - 20),
        "forecasts": 4,
        "live_accuracy": 2,
        "model_versions": 1,
        "remarks": 0,
        **dict.fromkeys(("labels", "actual_labels", "texts"), 0),
        "drift": 0,
        **{name: len(rows[name]) for name in ("evaluations", "explanations")},
    }
    assert len(rows["evaluations"]) > 50
    assert rows["explanations"]
    (before,) = place.table("runs")
    second = place.run(as_of=EARLIER)
    assert place.tables(leave=leave) == rows
    assert _without_reports(place.files()) == _without_reports(files)  # they name the folder: the place was copied
    (run,) = place.table("runs")
    assert (second.status, second.message, second.version) == (run["status"], run["message"], run["version"])
    assert run["finished_at"] >= run["started_at"] > before["started_at"]


def test_no_value_after_as_of_changes_a_bit_of_a_forecast(place, new_place):
    """Four ways to the same instant: nothing later exists, it is altered, it is there already, it is revised since."""
    alone, altered, late = new_place("alone"), new_place("altered"), place
    known = DAYS - 20
    for seed, symbol in enumerate("AB"):
        values = walk(seed)
        alone.write(symbol, values[:known])
        altered.write(symbol, np.concatenate([values[:known], 7.0 * values[known:][::-1], [1e6] * 5]))
    summary = alone.run(as_of=EARLIER)
    expected = _forecasts(alone, as_of=EARLIER)
    assert summary.forecaster == "network", "what would notice is what serves"
    assert len(expected) == 4
    assert all(row[1] == EARLIER < row[2] for row in expected)

    altered.run(as_of=EARLIER)
    assert _forecasts(altered, as_of=EARLIER) == expected

    # A run of now has fetched, trained and served on all the data; then the feed revises the past; then we go back.
    late.run()
    for seed, symbol in enumerate("AB"):
        revised = walk(seed)
        revised[known - 10 : known] *= 1.2  # a correction; a step of a split's size would be refused
        late.write(symbol, revised)
    again = late.run(as_of=EARLIER)
    assert _forecasts(late, as_of=EARLIER) == expected
    assert again.version == summary.version
    assert late.job(as_of=EARLIER).registry().manifest("mine", again.version).content == (
        alone.job(as_of=EARLIER).registry().manifest("mine", summary.version).content
    )
    # The revision is in the lake all the same, for runs that come after it.
    a = late.job().observations()
    assert a.read("A")["close"].iloc[known - 1] == pytest.approx(1.2 * walk(0)[known - 1])
    assert a.read("A", as_of=EARLIER)["close"].iloc[-1] == walk(0)[known - 1]


@pytest.mark.slow
def test_a_value_before_as_of_does_change_the_forecast(trained, new_place):
    """The check above can fail."""
    changed = new_place("changed")
    values = walk(0)
    values[DAYS - 21] *= 1.0000001
    changed.write("A", values)
    changed.run(as_of=EARLIER)
    assert _forecasts(changed, as_of=EARLIER) != _forecasts(trained, as_of=EARLIER)


@pytest.mark.slow
def test_training_is_chosen_by_the_rules_and_noted(new_place):
    place = new_place("rules")
    place.define("ours", training={"retrain_every_days": 30, "fine_tune_epochs": 1, "margin": 0.0})

    def run(as_of, training="auto"):
        return place.run("ours", as_of=as_of, training=training)

    start = AS_OF - timedelta(days=60)
    first = run(start)
    assert first.training == "retrain"
    assert "there is no champion yet" in first.message
    unchanged = run(start + timedelta(hours=6))
    assert (unchanged.training, unchanged.version) == ("reuse", first.version)
    assert "there are no new data" in unchanged.message
    tuned = run(start + timedelta(days=1))
    assert tuned.training == "fine_tune"
    newest = max(place.table("model_versions"), key=lambda row: row["as_of"])
    assert (newest["training"], newest["parent_version"]) == ("fine_tune", first.version)
    manifest = place.job("ours").registry().manifest("ours", newest["version"])
    assert (manifest.parent_version, len(manifest.history["loss"])) == (first.version, 1)
    parent = place.job("ours").registry().manifest("ours", first.version)
    assert manifest.state["scaler"] == parent.state["scaler"], "a fine-tune keeps its parent's scaling"
    asked = run(start + timedelta(days=2), training="reuse")
    assert asked.training == "reuse"
    assert "it was asked for" in asked.message
    old = run(start + timedelta(days=31))
    assert old.training == "retrain"
    assert "retrain_every_days = 30" in old.message
    with Database.open(place.database_url) as db:
        stages = [row.stage for row in list_versions(db, "ours")]
    assert stages.count("champion") == 1


def test_reuse_without_a_champion_fails_the_run_with_the_reason(place):
    summary = place.run(training="reuse")
    assert summary.status == "failed"
    assert "reuse needs a champion" in summary.message
    (run,) = place.table("runs")
    assert (run["status"], run["message"]) == ("failed", summary.message)
    assert not place.table("forecasts")


def test_rows_set_aside_are_counted_in_the_message_and_kept(trained):
    place = trained
    lines = (place.root / "A.csv").read_text().splitlines()
    lines[10] = lines[10].split(",")[0] + ",-3.5"
    lines[20] = lines[20].split(",")[0] + ","
    (place.root / "A.csv").write_text("\n".join(lines) + "\n")
    summary = place.run(training="reuse")
    assert summary.status == "succeeded"
    assert "2 rows set aside" in summary.message
    assert "not positive" in summary.message
    assert summary.message in {row["message"] for row in place.table("runs")}
    aside = place.job().observations().read_set_aside()
    assert sorted(aside["reason"]) == sorted(aside["reason"].unique())
    assert len(aside) == 2
    assert any("-3.5" in raw for raw in aside["raw"])
    place.run(training="reuse")
    assert len(place.job().observations().read_set_aside()) == 2, "the same rows again are not kept twice"


@pytest.mark.slow
def test_a_feed_that_fails_for_a_symbol_makes_the_run_degraded_and_that_one_stale(trained):
    place = trained
    (place.root / "B.csv").unlink()
    summary = place.run(as_of=EARLIER + timedelta(days=1))
    assert summary.status == "degraded"
    assert "Feed failed: 1 series (mine/B)" in summary.message
    assert "B.csv" in summary.message
    newest = [row for row in place.table("forecasts") if row["run_id"] == summary.run_id]
    assert {(row["series_id"], row["quality"]) for row in newest} == {("mine/A", "ok"), ("mine/B", "stale")}
    (remark,) = place.table("remarks")
    assert (remark["run_id"], remark["series_id"], remark["kind"]) == (summary.run_id, "mine/B", "feed")
    assert "serve, by network" in remark["message"]
    assert {row["status"] for row in place.table("runs")} == {"succeeded", "degraded"}


def test_an_observation_that_is_too_old_makes_the_run_degraded(trained):
    pipelines = trained.root / "pipelines.toml"
    pipelines.write_text(pipelines.read_text() + "stale_after_days = 3\n")
    summary = trained.run(as_of=AS_OF + timedelta(days=10), training="reuse")
    assert (summary.status, summary.quality) == ("degraded", "stale")
    assert "older than 3 days (stale_after_days)" in summary.message


def _without(trained, damage):
    """What a run on new data says, which has to do without its champion, once a file of it was damaged."""
    (version,) = (row["version"] for row in trained.table("model_versions"))
    folder = trained.root / "data" / "models" / "mine" / version
    damage(folder)
    summary = trained.run(training="reuse")
    assert (summary.status, summary.quality, summary.forecaster) == ("degraded", "baseline", "naive")
    assert version in summary.message
    newest = [row for row in trained.table("forecasts") if row["as_of"] == AS_OF]
    assert newest
    assert {(row["forecaster"], row["version"]) for row in newest} == {("naive", None)}
    return summary.message


def _append(path):
    path.write_bytes(path.read_bytes() + b"\n")


def test_a_tampered_model_is_not_served(trained):
    message = _without(trained, lambda folder: _append(folder / "model.keras"))
    assert "model.keras" in message
    assert "SHA-256" in message


def test_a_manifest_that_sql_does_not_vouch_for_is_not_served(trained):
    """Who alters a model and its manifest alike is found out by the hash in SQL."""
    assert "manifest.json" in _without(trained, lambda folder: _append(folder / "manifest.json"))


def test_a_version_lost_from_the_disk_is_named(trained):
    assert "No version is left: naive serves" in _without(trained, shutil.rmtree)
