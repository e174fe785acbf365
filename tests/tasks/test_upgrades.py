"""A version that the first release saved loads, serves and is trained on."""

import hashlib
import json
import warnings
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from daycast.storage.sql.database import Database
from tests.places import AS_OF, TINY, Place

MODEL = {
    "cell", "units", "bidirectional", "dropout", "epochs", "batch_size", "learning_rate", "loss", "patience", "seed"
}  # fmt: skip
"""What the first release knew of a network."""


def _of_the_first_release(place: Place) -> str:
    """Turn the champion into what the first release would have saved; gives its name."""
    (row,) = place.table("model_versions")
    folder = place.root / "data" / "models" / "mine" / row["version"]
    _keras_layers(folder / "model.keras")
    manifest = json.loads((folder / "manifest.json").read_text())
    for model in (manifest["spec"]["model"], manifest["state"]["identity"]["model"]):
        for key in model.keys() - MODEL:
            del model[key]
    manifest["state"].pop("ridge", None)
    manifest["files"] = {"model.keras": _sha256(folder / "model.keras")}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with Database.open(place.database_url) as db, db.transaction() as connection:
        connection.execute(
            text("UPDATE model_versions SET sha256 = :sha256"), {"sha256": _sha256(folder / "manifest.json")}
        )
    return str(row["version"])


def _keras_layers(path: Path) -> None:
    """Save the network anew with the same weights in Keras' own layers, as the first release built it."""
    from daycast.models.networks.backend import load_keras

    load_keras()
    import keras

    import daycast.models.networks.build  # noqa: F401 — registers daycast's layers

    network = keras.models.load_model(path, compile=False)
    inputs = keras.Input((TINY["lookback"], 1), name="inputs")
    state = keras.layers.GRU(*TINY["model"]["units"])(inputs)
    former = keras.Model(inputs, keras.layers.Dense(TINY["horizon"], name="leads")(state), name="gru")
    former.set_weights(network.get_weights())
    with warnings.catch_warnings():
        # Keras copies TensorFlow's variables in a way that NumPy 2 deprecates
        warnings.filterwarnings("ignore", message="__array__ implementation", category=DeprecationWarning)
        former.save(path)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def former(trained: Place) -> tuple[Place, str]:
    """A place whose champion is of the first release, and that one's name."""
    return trained, _of_the_first_release(trained)


def test_a_version_of_the_first_release_serves_and_is_fine_tuned(former: tuple[Place, str]) -> None:
    place, version = former
    reused = place.run(as_of=AS_OF - timedelta(days=1), training="reuse")
    assert (reused.status, reused.version, reused.quality) == ("succeeded", version, "ok")
    tuned = place.run(as_of=AS_OF, training="fine_tune")
    assert tuned.status == "succeeded"
    parents = {row["version"]: row["parent_version"] for row in place.table("model_versions")}
    assert parents == {version: None, next(iter(parents.keys() - {version})): version}


def test_the_rules_go_on_with_a_version_of_the_first_release(former: tuple[Place, str]) -> None:
    from daycast.tasks.steps.ingest import ingest
    from daycast.tasks.steps.plan import plan
    from daycast.tasks.steps.prepare import prepare

    place, version = former
    job = place.job(as_of=AS_OF - timedelta(days=18))
    ingest.fn(job)
    planned = plan.fn(job, prepare.fn(job), requested="auto", broken={})
    assert (planned.training, planned.champion, planned.refused) == ("fine_tune", version, ())
