"""``network = "shard"``: a network a shard, in one version that is kept, served and trained on like any other."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daycast.storage.terms.errors import ConfigError
from tests.places import AS_OF, DAYS, EARLIER, FIRST, TINY, WALL_CLOCK, Place, make_place, walk

pytestmark = pytest.mark.usefixtures("prefect_server")
SYMBOLS = ["A", "B", "C", "D", "E"]
POOR = {**TINY["model"], "cell": "lstm", "units": [1], "epochs": 1, "learning_rate": 1e-6}
YOUNG = 40
"""Days of the series that is alone in its shard: too few for a network."""


@pytest.fixture(scope="module", autouse=True)
def small_shards() -> Iterator[None]:
    """Shards of two series, so that five are in three."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("daycast.storage.lake.observations.MOST_SERIES", 2)
        yield


def _write(place: Place, symbols: list[str]) -> None:
    for seed, symbol in enumerate(symbols):
        place.write(symbol, walk(seed))
    if "E" in symbols:
        first = FIRST.date() + timedelta(days=DAYS - YOUNG)
        rows = [f"{first + timedelta(days=day)},{value!r}" for day, value in enumerate(walk(4)[:YOUNG].tolist())]
        (place.root / "E.csv").write_text("\n".join(["date,close", *rows]) + "\n")


@pytest.fixture(scope="module")
def _own(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> Place:
    assert prefect_server
    place = make_place(tmp_path_factory.mktemp("own") / "place")
    _write(place, SYMBOLS)
    place.define(symbols=SYMBOLS, network="shard")
    assert place.run(as_of=EARLIER).status == "succeeded"
    return place


@pytest.fixture
def own(_own: Place, tmp_path: Path) -> Place:
    """A place of the test's own where ``mine`` was run as of :data:`EARLIER`."""
    return _own.copied(tmp_path / "own")


def _manifest(place: Place, version: str | None = None) -> Any:
    folder = place.root / "data" / "models" / "mine"
    named = version or sorted(each.name for each in folder.iterdir())[-1]
    return json.loads((folder / named / "manifest.json").read_text())


@pytest.mark.slow
def test_each_shard_has_its_network_among_the_versions_files(own: Place, command: Callable[..., Any]) -> None:
    manifest = _manifest(own)
    assert set(manifest["files"]) == {"model_0000.keras", "model_0001.keras", "ridge_0000.npy", "ridge_0001.npy"}
    shards = manifest["state"]["shards"]
    names = {shard: each["scaler"]["names"] for shard, each in shards.items()}
    assert names == {"_0000": ["mine/A", "mine/B"], "_0001": ["mine/C", "mine/D"]}
    assert list(manifest["state"]["untrained"]) == ["_0002"], "its one series has too few windows"
    assert len(manifest["history"]["loss"]) == max(len(each["history"]) for each in shards.values())
    (row,) = own.table("model_versions")
    assert (row["cell"], row["parameters"]) == ("gru", manifest["parameters"])
    assert command(own, "models", "verify", "mine").code == 0
    assert manifest["version"] in command(own, "models", "show", "mine").out


@pytest.mark.slow
def test_every_series_is_forecast_and_one_without_a_network_by_a_baseline(own: Place) -> None:
    who = {row["series_id"]: row["forecaster"] for row in own.table("forecasts")}
    assert set(who) == {f"mine/{symbol}" for symbol in SYMBOLS}
    assert {who[f"mine/{symbol}"] for symbol in "ABCD"} <= {"network", "ridge", "blend"}
    assert who["mine/E"] not in {"network", "ridge", "blend"}
    (remark,) = [row for row in own.table("remarks") if row["series_id"] == "mine/E"]
    assert remark["kind"] in {"new", "short"}
    evaluated = {row["series_id"] for row in own.table("evaluations") if row["forecaster"] == "network"}
    assert {"mine/A", "mine/B", "mine/C", "mine/D"} <= evaluated


@pytest.mark.slow
def test_a_network_is_the_one_that_its_shard_alone_would_have(own: Place, tmp_path: Path) -> None:
    alone = make_place(tmp_path / "alone")
    _write(alone, ["A", "B"])
    alone.define(symbols=["A", "B"])
    alone.run(as_of=EARLIER)
    theirs, ours = _manifest(alone)["state"], _manifest(own)["state"]["shards"]["_0000"]
    assert ours["history"] == theirs["history"]
    assert ours["scaler"] == theirs["scaler"]


@pytest.mark.slow
def test_the_same_again_leaves_the_same(own: Place) -> None:
    before, files = own.tables(leave=WALL_CLOCK), own.files()
    own.run(as_of=EARLIER)
    assert own.tables(leave=WALL_CLOCK) == before
    models = {name: each for name, each in own.files().items() if name.startswith("models/")}
    assert models == {name: each for name, each in files.items() if name.startswith("models/")}


@pytest.mark.slow
def test_the_next_days_go_on_from_each_shards_network(own: Place) -> None:
    """Fine-tuned, a shard goes on from its own; one that had none by then is trained anew."""
    day = EARLIER + timedelta(days=1)
    assert own.run(as_of=day, training="reuse").status == "succeeded"
    before = _manifest(own)
    summary = own.run(as_of=AS_OF, training="fine_tune")
    after = _manifest(own)
    assert after["training"] == "fine_tune"
    assert after["parent_version"] == before["version"]
    for shard in ("_0000", "_0001"):
        was, now = (each["state"]["shards"][shard] for each in (before, after))
        assert now["scaler"] == was["scaler"], "it goes on with its parent's scaling"
    assert summary.status == "succeeded"


@pytest.mark.slow
def test_candidates_are_chosen_shard_by_shard_and_a_rollback_serves_the_networks_before(
    own: Place, command: Callable[..., Any]
) -> None:
    first, day = _manifest(own)["version"], EARLIER + timedelta(days=1)
    own.run(as_of=day, training="reuse")
    served = own.table("forecasts")
    pipelines = own.root / "pipelines.toml"
    before = pipelines.read_text()
    pipelines.unlink()
    own.define(symbols=SYMBOLS, network="shard", candidates=[POOR])
    own.run(as_of=day + timedelta(days=1), training="retrain")
    shards = _manifest(own)["state"]["shards"]
    assert set(shards) == {"_0000", "_0001"}
    for state in shards.values():
        assert {each["name"] for each in state["networks"]} == {"gru", "lstm"}
        assert state["chosen"]["cell"] == "gru", "the other cannot have learned anything"
    assert command(own, "models", "promote", "mine", _manifest(own)["version"]).code == 0
    assert command(own, "models", "rollback", "mine").code == 0
    pipelines.write_text(before)
    own.run(as_of=day, training="reuse")
    again = {(row["series_id"], row["origin"], row["lead"]): row["mean"] for row in served}
    now = [row for row in own.table("forecasts") if row["as_of"] == day]
    assert {row["series_id"] for row in now} == {f"mine/{symbol}" for symbol in SYMBOLS}
    assert {row["version"] for row in now if row["forecaster"] in {"network", "ridge", "blend"}} == {first}
    assert all(row["mean"] == again[row["series_id"], row["origin"], row["lead"]] for row in now)


@pytest.mark.slow
def test_who_goes_back_to_one_for_all_retrains(own: Place) -> None:
    pipelines = own.root / "pipelines.toml"
    pipelines.write_text(pipelines.read_text().replace('network = "shard"\n', ""))
    own.run(as_of=EARLIER + timedelta(days=1))
    assert [row["training"] for row in own.table("model_versions")] == ["retrain", "retrain"]
    assert "model.keras" in _manifest(own)["files"]


@pytest.mark.slow
def test_with_dask_all_is_the_same_to_the_last_bit(own: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_place(tmp_path / "dask")
    _write(other, SYMBOLS)
    other.define(symbols=SYMBOLS, network="shard")
    monkeypatch.setenv("DAYCAST_DASK", "local:2")
    assert other.run(as_of=EARLIER).status == "succeeded"
    assert other.tables(leave=WALL_CLOCK) == own.tables(leave=WALL_CLOCK)


def test_a_key_that_is_neither_is_refused(tmp_path: Path) -> None:
    place = make_place(tmp_path / "refused")
    with pytest.raises(ConfigError, match=r"network.*'all' or 'shard'"):
        place.define(network="each")


@pytest.mark.slow
def test_keras_is_loaded_where_networks_are_trained_and_not_beside(own: Place) -> None:
    """It takes seconds and hundreds of MiB, and TensorFlow has lines of its own for the terminal."""
    script = (
        "import sys\nfrom daycast.flows.command.cli import main\n"
        "try:\n    main()\nfinally:\n    print('keras' in sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "run", "mine", "--as-of", EARLIER.isoformat(), "--train", "retrain"],
        env=own.environment, capture_output=True, text=True, check=True, timeout=240,
    )  # fmt: skip
    assert done.stderr.splitlines()[-1] == "False"
    assert "TF_ENABLE" not in done.stderr
