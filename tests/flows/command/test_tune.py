"""``daycast tune``: a search that is stopped goes on, writes no forecast and no version, and refuses another table."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests.places import AS_OF, Place, make_place, walk

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tune")]

MODEL = {"cell": "gru", "units": [4], "epochs": 3, "batch_size": 32, "learning_rate": 0.01, "seed": 3}
_CREATE_TRIAL = 4


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place whose pipeline has been tuned by two trials."""
    place = make_place(tmp_path_factory.mktemp("tune") / "place")
    for seed, symbol in enumerate("AB"):
        place.write(symbol, walk(seed, 400))
    place.define(model=MODEL)
    done = place.daycast("tune", "mine", "--trials", "2", "--seeds", "1", timeout=280)
    assert done.returncode == 0, done.stderr
    (place.root / "said.txt").write_text(done.stdout + done.stderr)
    return place


def _trials(place: Place) -> int:
    """Trials that were begun, in Optuna's own words."""
    text = (place.root / "data" / "studies" / "mine.journal").read_text()
    return sum(json.loads(line)["op_code"] == _CREATE_TRIAL for line in text.splitlines())


def test_it_tells_the_table_beside_the_best_and_a_table_that_can_be_used(tuned):
    said = (tuned.root / "said.txt").read_text()
    assert len(re.findall(r"^trial \d: \d", said, flags=re.MULTILINE)) == 2
    assert "trial 1: " in said
    assert "cell gru, units 4, lookback 8, learning_rate 0.01, dropout 0, level log+none" in said, (
        "the table comes first"
    )
    assert "mine: 2 trials" in said
    for who in ("the table as it is", "the best of the trials"):
        assert re.search(rf"{who}: \d\.\d+ from one seed", said)


def test_it_leaves_no_forecast_no_version_and_no_run(tuned):
    for table in ("forecasts", "model_versions", "runs", "evaluations", "explanations"):
        assert tuned.table(table) == []
    assert not (tuned.root / "data" / "models").exists()


def test_it_goes_on_where_it_was_left_and_tries_nothing_twice(tuned):
    before = _trials(tuned)
    again = tuned.daycast("tune", "mine", "--trials", "2", "--seeds", "1", timeout=280)
    assert again.returncode == 0, again.stderr
    assert "trial " not in again.stdout
    assert _trials(tuned) == before == 2
    more = tuned.daycast("tune", "mine", "--trials", "3", "--seeds", "1", timeout=280)
    assert len(re.findall(r"^trial 3: ", more.stdout + more.stderr, flags=re.MULTILINE)) == 1


def test_nothing_after_the_validation_part_changes_what_is_found(tuned, tmp_path):
    """The test part is not read: with other values there the first trial comes to the same."""
    other = make_place(tmp_path / "place")
    for seed, symbol in enumerate("AB"):
        values = walk(seed, 400)
        values[-55:] = np.linspace(10, 90, 55)
        other.write(symbol, values)
    other.define(model=MODEL)
    done = other.daycast("tune", "mine", "--trials", "1", "--seeds", "1", timeout=280)
    first = re.search(r"trial 1: (\S+)", (tuned.root / "said.txt").read_text())
    assert first is not None
    assert re.findall(r"trial 1: (\S+)", done.stdout + done.stderr) == [first.group(1)]


def test_a_study_of_another_table_and_another_instant_are_refused(tuned):
    file = tuned.root / "pipelines.toml"
    held = file.read_text()
    file.write_text(held.replace("lookback = 8", "lookback = 12"))
    refused = tuned.daycast("tune", "mine", "--trials", "9")
    file.write_text(held)
    assert refused.returncode == 2, refused.stderr
    assert re.search(r"study of the table as it is now is required.*another lookback.*--new", _one_line(refused.stderr))
    late = tuned.daycast("tune", "mine", "--as-of", f"{AS_OF:%Y-%m-%d}")
    assert late.returncode == 2
    assert "Leave --as-of out, or begin anew with --new" in _one_line(late.stderr)


def test_a_pipeline_of_sixty_windows_is_refused_and_leaves_no_study(tmp_path: Path):
    place = make_place(tmp_path / "place")
    for seed, symbol in enumerate("AB"):
        place.write(symbol, walk(seed, 42))
    place.define()
    refused = place.daycast("tune", "mine")
    assert refused.returncode == 1
    assert re.search(
        r"mine: a search needs 100 training windows.*Received: \d+, \d+ and \d+\.", _one_line(refused.stderr)
    )
    assert not (place.root / "data" / "studies").exists()


def test_of_the_minutes_some_are_kept_for_seeds_of_the_table_and_of_the_best(tmp_path: Path):
    place = make_place(tmp_path / "place")
    for seed, symbol in enumerate("AB"):
        place.write(symbol, walk(seed, 400))
    place.define(model={**MODEL, "epochs": 1})
    done = place.daycast("tune", "mine", "--minutes", "0.8", "--seeds", "2", timeout=280)
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    assert len(re.findall(r"^trial \d+: \d", said, flags=re.MULTILINE)) > 1
    assert "given up early; the time was over" in said
    for who in ("the table as it is", "the best of the trials"):
        assert re.search(rf"{who}: \d\.\d+ ± \d\.\d+ over 2 seeds", said), said


def _one_line(text: str) -> str:
    return " ".join(text.split())


def test_known_inputs_are_read_and_candidates_stay(tmp_path):
    place = make_place(tmp_path / "place")
    for seed, symbol in enumerate("AB"):
        place.write(symbol, walk(seed, 400))
    place.define(model=MODEL, known=["weekday"], candidates=[{**MODEL, "cell": "segment_gru", "segment": 8}])
    done = place.daycast("tune", "mine", "--trials", "3", "--seeds", "1", timeout=280)
    assert done.returncode == 0, done.stderr
    assert "mine: the table model alone is tuned; candidates stay as they are." in done.stdout + done.stderr
    assert "cell gru, units 4" in done.stdout + done.stderr
    assert "3 trials" in done.stdout + done.stderr
