"""Several networks of one pipeline: the best on validation is the version's, and one that fails stops none."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.places import AS_OF, EARLIER, TINY, Place

STEPS: dict[str, Any] = dict(TINY["model"])
SEGMENTS = {**STEPS, "cell": "segment_gru", "segment": 4}
POOR = {**STEPS, "cell": "lstm", "units": [1], "epochs": 1, "learning_rate": 1e-6}
BROKEN = {**STEPS, "cell": "lstm", "learning_rate": 1e38}

pytestmark = pytest.mark.usefixtures("prefect_server")


def _manifest(place: Place, version: str | None) -> Mapping[str, Any]:
    path = place.root / "data" / "models" / "several" / str(version) / "manifest.json"
    return json.loads(path.read_text())  # type: ignore[no-any-return]


def _altered(place: Place, before: str, now: str) -> None:
    pipelines = place.root / "pipelines.toml"
    text = pipelines.read_text()
    assert before in text
    pipelines.write_text(text.replace(before, now))


@pytest.fixture
def several(new_place: Callable[[str], Place]) -> Callable[..., Place]:
    """Makes a place with the pipeline ``several``, of a model and its candidates."""

    def make(name: str, *, model: Mapping[str, Any], candidates: list[Mapping[str, Any]], **keys: Any) -> Place:
        place = new_place(name)
        place.define("several", model=model, candidates=candidates, **keys)
        return place

    return make


@pytest.mark.slow
def test_the_best_on_validation_is_the_versions_and_goes_on(several: Callable[..., Place]) -> None:
    place = several("one", model=POOR, candidates=[SEGMENTS])
    first = place.run("several", as_of=EARLIER)
    assert first.status == "succeeded"
    assert "segment_gru was chosen of 2 networks: its MASE is " in first.message
    assert "below lstm's on validation." in first.message
    state = _manifest(place, first.version)["state"]
    assert [each["name"] for each in state["networks"]] == ["segment_gru", "lstm"]
    assert state["networks"][0]["error"] < state["networks"][1]["error"]
    assert state["chosen"]["cell"] == "segment_gru"
    assert [row["cell"] for row in place.table("model_versions")] == ["segment_gru"]

    again = several("again", model=POOR, candidates=[SEGMENTS])
    assert (
        _manifest(again, again.run("several", as_of=EARLIER).version)["content"]
        == (_manifest(place, first.version)["content"])
    )

    second = place.run("several", as_of=EARLIER + timedelta(days=5))
    assert second.training == "fine_tune"
    assert "was chosen" not in second.message
    assert _manifest(place, second.version)["state"]["chosen"] == state["chosen"]
    assert [row["cell"] for row in place.table("model_versions")] == ["segment_gru"] * 2
    assert place.run("several", as_of=EARLIER + timedelta(days=6), training="reuse").status == "succeeded"
    assert place.daycast("models", "verify", "several").returncode == 0

    _altered(place, "units = [1]", "units = [2]")
    assert place.run("several", as_of=EARLIER + timedelta(days=7)).training == "retrain"
    _altered(place, _candidates(place), "")
    last = place.run("several", as_of=AS_OF)
    assert last.training == "retrain"
    assert "candidates was" in last.message
    assert "is nothing" in last.message


def _file(place: Place) -> str:
    return (place.root / "pipelines.toml").read_text()


def _candidates(place: Place) -> str:
    (line,) = [line for line in _file(place).splitlines() if line.startswith("candidates")]
    return line


@pytest.mark.slow
def test_one_that_cannot_be_trained_stops_no_other(several: Callable[..., Place]) -> None:
    place = several("one", model=BROKEN, candidates=[SEGMENTS, STEPS])
    summary = place.run("several")
    assert summary.status == "succeeded"
    assert "was chosen of 3 networks" in summary.message
    assert "lstm could not be trained: A loss that is a finite number is required." in summary.message
    alone = several("alone", model=BROKEN, candidates=[{**BROKEN, "cell": "gru"}])
    summary = alone.run("several")
    assert summary.status == "failed"
    assert "None of 2 networks could be trained." in summary.message
    assert alone.table("model_versions") == []


@pytest.mark.slow
def test_each_has_its_part_of_the_time(several: Callable[..., Place]) -> None:
    long = {"epochs": 100_000, "patience": 100_000}
    place = several(
        "one",
        model={**STEPS, **long},
        candidates=[{**SEGMENTS, **long}],
        training={"time_budget_seconds": 8, "fine_tune_epochs": 0},
    )
    summary = place.run("several")
    assert summary.seconds < 100, "200,000 epochs take hours"
    networks = _manifest(place, summary.version)["state"]["networks"]
    epochs = [int(each["cut_short"].split()[0]) for each in networks]
    assert min(epochs) >= 1, "the first would have taken all of it"
    assert f"had {networks[1]['cut_short']} epochs, as its part of the time was over." in summary.message
    assert "Training cut short: " in summary.message
