"""Stored versions that are not as they were saved: refused by name, and the one before serves, or the best baseline."""

import hashlib
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from daycast.storage.sql.database import Database
from daycast.storage.sql.versions import promote
from daycast.storage.terms.errors import ModelFileError, RegistryError
from daycast.tasks.answers import queries
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Prepared
from daycast.tasks.steps.ingest import ingest
from daycast.tasks.steps.plan import plan
from daycast.tasks.steps.prepare import prepare
from tests.places import AS_OF, EARLIER, Place

SECOND = EARLIER + timedelta(days=5)
HDF5 = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True)
class Two:
    """A place where ``old`` served before ``new``, which is the champion."""

    place: Place
    old: str
    new: str

    def folder(self, version: str) -> Path:
        """Where a version's files are."""
        return self.place.root / "data" / "models" / "mine" / version

    def vouch(self, version: str) -> None:
        """Let the manifest and SQL vouch for the files as they are now, as whoever can write both could."""
        path = self.folder(version) / "manifest.json"
        manifest = json.loads(path.read_text())
        manifest["files"] = {name: _sha256(self.folder(version) / name) for name in manifest["files"]}
        path.write_text(json.dumps(manifest))
        with Database.open(self.place.database_url) as db, db.transaction() as connection:
            connection.execute(
                text("UPDATE model_versions SET sha256 = :sha256 WHERE version = :version"),
                {"sha256": _sha256(path), "version": version},
            )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def _two(_trained: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("two") / "two"
    place = _trained.copied(root)
    place.run(as_of=SECOND, training="retrain")
    (made,) = [row["version"] for row in place.table("model_versions") if row["as_of"] == SECOND]
    with Database.open(place.database_url) as db:
        promote(db, "mine", made, at=SECOND)
    return place


@pytest.fixture
def two(_two: Place, tmp_path: Path) -> Two:
    """Two versions, of which the newer one serves."""
    place = _two.copied(tmp_path / "two")
    stages = {row["stage"]: row["version"] for row in place.table("model_versions")}
    return Two(place=place, old=stages["retired"], new=stages["champion"])


@pytest.fixture
def prepared(two: Two) -> tuple[Job, Prepared]:
    """A run as of the last day, up to where it comes by a network."""
    job = two.place.job()
    ingest.fn(job)
    return job, prepare.fn(job)


class Payload:
    """Writes a file where it is unpickled."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.proof}'",)


@pytest.fixture
def proof(tmp_path: Path) -> Iterator[Path]:
    """The file that a loaded pickle would write; it is held not to be there."""
    path = tmp_path / "loaded"
    pickle.loads(pickle.dumps(Payload(path)))  # noqa: S301 — to see that it would
    path.unlink()
    yield path
    assert not path.exists()


def _flip(two: Two) -> str:
    path = two.folder(two.new) / "model.keras"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    return "model.keras"


def _cut(two: Two) -> str:
    path = two.folder(two.new) / "model.keras"
    path.write_bytes(path.read_bytes()[:-100])
    return "model.keras"


def _lose(two: Two) -> str:
    (two.folder(two.new) / "model.keras").unlink()
    return "model.keras"


def _lose_all(two: Two) -> str:
    shutil.rmtree(two.folder(two.new))
    return "manifest.json"


def _swap(two: Two) -> str:
    shutil.copy(two.folder(two.old) / "model.keras", two.folder(two.new) / "model.keras")
    return "model.keras"


def _swap_manifest(two: Two) -> str:
    shutil.copy(two.folder(two.old) / "manifest.json", two.folder(two.new) / "manifest.json")
    return "manifest.json"


def _swap_folder(two: Two) -> str:
    shutil.copytree(two.folder(two.old), two.folder(two.new), dirs_exist_ok=True)
    return "manifest.json"


def _other_pipelines(two: Two) -> str:
    path = two.folder(two.new) / "manifest.json"
    path.write_text(path.read_text().replace('"pipeline": "mine"', '"pipeline": "yours"'))
    two.vouch(two.new)
    return "that of yours"


def _edit(two: Two) -> str:
    path = two.folder(two.new) / "manifest.json"
    path.write_text(path.read_text().replace('"lookback": 8', '"lookback": 9'))
    return "manifest.json"


def _pickle(name: str, *, vouched: bool) -> Callable[[Two], str]:
    def damage(two: Two) -> str:
        proof = two.place.root.parent / "loaded"
        (two.folder(two.new) / name).write_bytes(pickle.dumps(Payload(proof)))
        if vouched:
            two.vouch(two.new)
        return name

    return damage


def _rewrite(two: Two, change: Callable[[dict[str, bytes]], None], *, compression: int = zipfile.ZIP_STORED) -> str:
    """Change the parts of the ``.keras`` file, and have that vouched for."""
    path = two.folder(two.new) / "model.keras"
    with closing(zipfile.ZipFile(path)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", compression=compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    two.vouch(two.new)
    return "model.keras"


def _layer(**changes: object) -> Callable[[Two], str]:
    """Let the last layer be another one."""

    def change(parts: dict[str, bytes]) -> None:
        config = json.loads(parts["config.json"])
        config["config"]["layers"][-1].update(changes)
        parts["config.json"] = json.dumps(config).encode()

    return lambda two: _rewrite(two, change)


def _bomb(two: Two) -> str:
    return _rewrite(two, lambda parts: parts.update({"model.weights.h5": HDF5 + bytes(2**26)}), compression=8)


def _pickled_weights(two: Two) -> str:
    payload = pickle.dumps(Payload(two.place.root.parent / "loaded"))
    return _rewrite(two, lambda parts: parts.update({"model.weights.h5": payload}))


DAMAGES: dict[str, Callable[[Two], str]] = {
    "a bit": _flip,
    "cut": _cut,
    "missing": _lose,
    "the folder is missing": _lose_all,
    "another version's file": _swap,
    "another version's manifest": _swap_manifest,
    "another version's folder": _swap_folder,
    "another pipeline's manifest, vouched for": _other_pipelines,
    "an edited manifest": _edit,
    "a pickle for the network": _pickle("model.keras", vouched=False),
    "a pickle for the network, vouched for": _pickle("model.keras", vouched=True),
    "a pickle for the manifest": _pickle("manifest.json", vouched=False),
    "pickled weights, vouched for": _pickled_weights,
    "a bomb, vouched for": _bomb,
    "a Lambda": _layer(module="keras.layers", class_name="Lambda", registered_name=None),
    "a module of somebody's": _layer(module="evil.layers", class_name="Evil", registered_name="evil>Evil"),
    "another package's name": _layer(module="keras.layers", class_name="Dense", registered_name="evil>Dense"),
    "another class of a module of ours": _layer(
        module="daycast.models.networks.segments", class_name="Any", registered_name="daycast>Any"
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.usefixtures("proof")
def test_a_damaged_champion_is_refused_by_name_and_the_version_before_goes_on(
    two: Two, prepared: tuple[Job, Prepared], damage: Callable[[Two], str]
) -> None:
    named = damage(two)
    job, state = prepared
    planned = plan.fn(job, state, requested="reuse", broken={})
    assert (planned.training, planned.version, planned.champion) == ("reuse", two.old, two.old)
    (why,) = planned.refused
    assert named in why
    assert f"mine {two.new}" in why or named == "model.keras"
    retrained = plan.fn(job, state, requested="auto", broken={})
    assert (retrained.training, retrained.champion, retrained.refused) == ("retrain", two.old, (why,))
    assert retrained.version not in {two.old, two.new}
    for act in (
        lambda: queries.promote(two.place.settings, pipeline="mine", name=two.new, at=AS_OF),
        lambda: _loaded(job, two.new),
    ):
        with pytest.raises(RegistryError):
            act()


def _loaded(job: Job, version: str) -> object:
    from daycast.tasks.apart.predicting import load

    return load(job, version, "_0000")


def test_whole_versions_are_not_refused(two: Two, prepared: tuple[Job, Prepared]) -> None:
    planned = plan.fn(prepared[0], prepared[1], requested="reuse", broken={})
    assert (planned.version, planned.refused) == (two.new, ())


def test_where_a_whole_folder_is_gone_not_every_version_is_told(two: Two, prepared: tuple[Job, Prepared]) -> None:
    with Database.open(two.place.database_url) as db, db.transaction() as connection:
        for number in range(9):
            connection.execute(
                text(
                    "INSERT INTO model_versions SELECT pipeline, :name, 'retired', created_at, as_of, training, "
                    "parent_version, cell, parameters, data_hash, uri, sha256, promoted_at FROM model_versions "
                    "WHERE version = :old"
                ),
                {"name": f"v{number}", "old": two.old},
            )
    shutil.rmtree(two.folder("").parent)
    planned = plan.fn(prepared[0], prepared[1], requested="reuse", broken={})
    assert planned.version is None
    assert len(planned.refused) == 4
    assert planned.refused[-1].startswith("and 8 more versions")


def test_the_version_before_serves_and_status_tells_it(two: Two) -> None:
    _flip(two)
    summary = two.place.run(as_of=AS_OF, training="reuse")
    assert (summary.status, summary.version) == ("degraded", two.old)
    assert summary.quality == ("stale" if summary.forecaster == "network" else "baseline")
    assert f"Refused: model.keras of mine {two.new} must have the SHA-256" in summary.message
    assert {row["version"] for row in two.place.table("forecasts") if row["as_of"] == AS_OF} == {two.old}
    told = two.place.daycast("status")
    assert told.returncode == 1
    assert two.new in told.stdout
    assert "refused" in told.stdout.lower()


@pytest.mark.slow
def test_a_refused_champion_is_replaced_by_a_new_one(two: Two) -> None:
    _lose_all(two)
    summary = two.place.run(as_of=AS_OF)
    assert (summary.status, summary.training) == ("degraded", "retrain")
    stages = {row["version"]: row["stage"] for row in two.place.table("model_versions")}
    assert summary.version in {two.old, *stages.keys() - {two.new}}
    promoted = [version for version, stage in stages.items() if stage == "champion"]
    assert promoted == [summary.version if summary.version != two.old else two.new]


@pytest.mark.slow
def test_with_no_version_left_the_best_baseline_serves_and_no_pickle_is_loaded(two: Two, proof: Path) -> None:
    for version in (two.old, two.new):
        for path in two.folder(version).iterdir():
            path.write_bytes(pickle.dumps(Payload(proof)))
    summary = two.place.run(as_of=AS_OF - timedelta(days=1), training="reuse")
    assert (summary.status, summary.forecaster, summary.quality) == ("degraded", "seasonal_naive", "baseline")
    assert summary.version is None
    assert summary.rows == 4
    for version in (two.old, two.new):
        assert f"mine {version}" in summary.message
    assert {found.ok for found in queries.verify(two.place.settings, pipeline=None)} == {False}
    with pytest.raises(RegistryError):
        queries.rollback(two.place.settings, pipeline="mine", at=AS_OF)
    following = two.place.run(as_of=AS_OF)
    assert (following.status, following.training) == ("degraded", "retrain")
    assert following.version not in {None, two.old, two.new}
    (champion,) = [row["version"] for row in two.place.table("model_versions") if row["stage"] == "champion"]
    assert champion == following.version


@pytest.mark.slow
def test_a_version_that_a_run_made_is_made_anew_when_its_files_are_refused(two: Two) -> None:
    job = two.place.job(as_of=SECOND, now=SECOND)
    before = job.registry().manifest("mine", two.new).content
    _flip(two)
    shutil.rmtree(two.place.root / "data" / "lake" / "predictions")
    summary = two.place.run(as_of=SECOND, training="retrain")
    assert summary.status == "succeeded"
    assert [found for found in queries.verify(two.place.settings, pipeline="mine") if not found.ok] == []
    assert job.registry().manifest("mine", two.new).content.keys() == before.keys()


def test_a_rollback_to_a_damaged_version_changes_nothing(two: Two) -> None:
    path = two.folder(two.old) / "model.keras"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelFileError, match=rf"model\.keras of mine {two.old}"):
        queries.rollback(two.place.settings, pipeline="mine", at=AS_OF)
    (champion,) = [row["version"] for row in two.place.table("model_versions") if row["stage"] == "champion"]
    assert champion == two.new


def test_an_edited_manifest_is_told_by_verify(two: Two) -> None:
    _edit(two)
    bad = [found for found in queries.verify(two.place.settings, pipeline="mine") if not found.ok]
    assert [(found.version, found.file) for found in bad] == [(two.new, "manifest.json")]


def test_the_layers_that_a_file_may_name_are_those_that_daycast_registers() -> None:
    from daycast.models.networks.backend import load_keras

    load_keras()
    import keras

    import daycast.models.networks.build  # these two register them
    import daycast.models.networks.reading  # noqa: F401
    from daycast.storage.terms.cells import own_layers

    registered = {name: kind for name, kind in keras.saving.get_custom_objects().items() if name.startswith("daycast>")}
    assert sorted(registered) == [f"daycast>{name}" for name in own_layers()]
    assert {kind.__module__.rpartition(".")[0] for kind in registered.values()} == {"daycast.models.networks"}
