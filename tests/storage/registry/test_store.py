"""The files of the versions: saved whole, verified on the way out, refused when altered."""

import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daycast.storage.lake.folder import Folder
from daycast.storage.registry.store import Manifest, Registry, Verification
from daycast.storage.terms.errors import ModelFileError, RegistryError, StorageError

AT = datetime(2026, 8, 21, 22, 30, tzinfo=UTC)


HDF5 = b"\x89HDF\r\n\x1a\n"


def model(folder: Path, *, weights: bytes = b"weights", saved: str = "monday") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "model.keras", "w") as file:
        file.writestr("metadata.json", json.dumps({"date_saved": saved}))
        file.writestr("config.json", json.dumps({"module": "keras", "class_name": "Sequential"}))
        file.writestr("model.weights.h5", HDF5 + weights)
    (folder / "intervals.json").write_text("{}")
    return folder


def manifest(version: str = "v1", **changes: object) -> Manifest:
    given: dict[str, object] = {
        "pipeline": "prices",
        "version": version,
        "as_of": AT,
        "created_at": AT,
        "training": "retrain",
        "spec": {"name": "prices"},
        "state": {"lookback": 50},
        "data_hash": "data",
        "parameters": 1000,
        **changes,
    }
    return Manifest.model_validate(given)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(Folder(tmp_path / "models"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return model(tmp_path / "source")


@pytest.fixture
def place(registry: Registry, source: Path, tmp_path: Path) -> Path:
    """Where v1 lies, once it is saved."""
    registry.save(source, manifest())
    return tmp_path / "models" / "prices" / "v1"


def bad(registry: Registry) -> list[tuple[str, str | None, str | None]]:
    return [(found.file, found.expected, found.received) for found in registry.verify() if not found.ok]


def test_what_goes_in_comes_out(registry: Registry, source: Path) -> None:
    saved = registry.save(source, manifest())
    with registry.fetch("prices", "v1", sha256=saved.sha256) as folder:
        assert (folder / "model.keras").read_bytes() == (source / "model.keras").read_bytes()
        assert sorted(path.name for path in folder.iterdir()) == ["intervals.json", "manifest.json", "model.keras"]
    assert not folder.exists()
    assert sorted(path.name for path in source.iterdir()) == ["intervals.json", "model.keras"]
    stored = registry.manifest("prices", "v1")
    assert stored.model_copy(update={"files": {}, "content": {}}) == manifest()
    assert sorted(stored.files) == ["intervals.json", "model.keras"]
    assert registry.saved("prices", "v1") == saved
    assert saved.uri.endswith("models/prices/v1")


def test_saving_again_leaves_the_first(registry: Registry, source: Path, tmp_path: Path) -> None:
    first = registry.save(source, manifest())
    again = model(tmp_path / "again", saved="tuesday")
    assert registry.save(again, manifest(created_at=datetime(2027, 1, 1, tzinfo=UTC))) == first
    assert registry.manifest("prices", "v1").created_at == AT
    assert bad(registry) == []


def test_other_content_under_the_same_name_is_refused(registry: Registry, source: Path, tmp_path: Path) -> None:
    first = registry.save(source, manifest())
    with pytest.raises(RegistryError, match=r"never changes.*other content in model\.keras"):
        registry.save(model(tmp_path / "other", weights=b"others"), manifest())
    assert registry.saved("prices", "v1") == first


def test_saving_at_once_ends_with_one_whole_version(registry: Registry, source: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        saved = set(pool.map(lambda _: registry.save(source, manifest()), range(8)))
    assert len(saved) == 1
    assert registry.versions("prices") == ["v1"]
    assert bad(registry) == []


def test_a_model_with_code_in_it_is_not_saved(registry: Registry, source: Path) -> None:
    with zipfile.ZipFile(source / "model.keras", "a") as file:
        file.writestr("payload.py", "print('hello')")
    with pytest.raises(ModelFileError, match=r"also holds 'payload\.py'"):
        registry.save(source, manifest())
    assert registry.pipelines() == []


def test_nothing_to_save_is_refused(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RegistryError, match="which has none"):
        registry.save(tmp_path / "empty", manifest())


def test_versions_and_pipelines_are_told_in_order(registry: Registry, source: Path) -> None:
    assert registry.pipelines() == registry.versions("prices") == []
    for version in ("v2", "v1"):
        registry.save(source, manifest(version))
    registry.save(source, manifest(pipeline="etth1"))
    assert registry.pipelines() == ["etth1", "prices"]
    assert registry.versions("prices") == ["v1", "v2"]
    assert registry.exists("prices", "v1")
    assert not registry.exists("prices", "v3")


def test_checking_a_version_hashes_its_files(registry: Registry, place: Path) -> None:
    registry.check("prices", "v1", sha256=registry.saved("prices", "v1").sha256)
    (place / "intervals.json").write_text("[]")
    with pytest.raises(ModelFileError, match=r"intervals\.json of prices v1"):
        registry.check("prices", "v1")
    with pytest.raises(RegistryError, match=r"A stored model version is required"):
        registry.check("prices", "v9")


def test_removing_twice_is_harmless(registry: Registry, source: Path) -> None:
    registry.save(source, manifest())
    registry.remove("prices", "v1")
    registry.remove("prices", "v1")
    assert registry.versions("prices") == []
    with pytest.raises(RegistryError, match=r"Received: prices v1, .*daycast models list prices"):
        registry.manifest("prices", "v1")


def alter(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [alter, truncate, Path.unlink])
@pytest.mark.parametrize("file", ["model.keras", "intervals.json"])
def test_a_damaged_file_is_refused_by_name(registry: Registry, place: Path, damage: object, file: str) -> None:
    expected = registry.manifest("prices", "v1").files[file]
    damage(place / file)  # type: ignore[operator]
    message = rf"{file} of prices v1 must have the SHA-256 {expected}\. Received: ([0-9a-f]{{64}}|no such file)"
    with pytest.raises(ModelFileError, match=message), registry.fetch("prices", "v1"):
        pass
    ((found, wanted, received),) = bad(registry)
    assert (found, wanted) == (file, expected)
    assert received != expected


def test_a_file_swapped_with_another_versions_is_refused(registry: Registry, place: Path, tmp_path: Path) -> None:
    registry.save(model(tmp_path / "other", weights=b"others"), manifest("v2"))
    (place / "model.keras").write_bytes((place.parent / "v2" / "model.keras").read_bytes())
    with pytest.raises(ModelFileError, match=r"model\.keras of prices v1"), registry.fetch("prices", "v1"):
        pass


def test_a_version_swapped_whole_is_refused(registry: Registry, place: Path, tmp_path: Path) -> None:
    registry.save(model(tmp_path / "other", weights=b"others"), manifest("v2"))
    first, second = place, place.parent / "v2"
    first.rename(place.parent / "aside")
    second.rename(first)
    (place.parent / "aside").rename(second)
    with pytest.raises(ModelFileError, match=r"The manifest of prices v1 is required\. Received: that of prices v2"):
        registry.manifest("prices", "v1")


def test_a_manifest_rewritten_to_match_is_refused_by_what_sql_has(
    registry: Registry, place: Path, tmp_path: Path
) -> None:
    vouched = registry.saved("prices", "v1").sha256
    registry.remove("prices", "v1")
    registry.save(model(tmp_path / "other", weights=b"others"), manifest())
    registry.manifest("prices", "v1")
    with pytest.raises(ModelFileError, match=rf"manifest\.json of prices v1 must have the SHA-256 {vouched}"):
        registry.manifest("prices", "v1", sha256=vouched)
    found = registry.verify(recorded={("prices", "v1"): vouched})
    assert [(row.file, row.ok, row.expected) for row in found] == [("manifest.json", False, vouched)]
    assert place.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pipeline": "prices", "from_the_future": 1}'])
def test_a_manifest_that_cannot_be_read_is_refused(registry: Registry, place: Path, text: str) -> None:
    (place / "manifest.json").write_text(text)
    with pytest.raises(RegistryError, match="A manifest that this daycast understands is required"):
        registry.manifest("prices", "v1")
    assert [found[0] for found in bad(registry)] == ["manifest.json"]


def test_a_manifest_that_names_files_outside_is_refused(registry: Registry, place: Path) -> None:
    text = (place / "manifest.json").read_text().replace('"intervals.json"', '"../../../secret"')
    (place / "manifest.json").write_text(text)
    with (
        pytest.raises(ModelFileError, match=r"plain file name.*'\.\./\.\./\.\./secret'"),
        registry.fetch("prices", "v1"),
    ):
        pass


def test_verify_tells_good_missing_and_extra_files(registry: Registry, place: Path) -> None:
    assert [(row.file, row.ok) for row in registry.verify("prices")] == [
        ("manifest.json", True), ("intervals.json", True), ("model.keras", True)
    ]  # fmt: skip
    (place / "extra.bin").write_bytes(b"extra")
    (place / "intervals.json").unlink()
    assert [(file, expected is None, received is None) for file, expected, received in bad(registry)] == [
        ("extra.bin", True, False), ("intervals.json", False, True)
    ]  # fmt: skip
    assert registry.verify("etth1") == []


def test_verify_tells_a_recorded_version_without_files(registry: Registry, place: Path) -> None:
    recorded = {("prices", "v9"): "hash", ("etth1", "v1"): "hash"}
    found = [row for row in registry.verify("prices", recorded=recorded) if not row.ok]
    assert found == [Verification("prices", "v9", "manifest.json", ok=False, expected="hash", received=None)]
    assert place.exists()


@pytest.mark.parametrize("name", ["..", "../prices", "/etc", ""])
def test_names_that_lead_outside_are_refused(registry: Registry, source: Path, name: str) -> None:
    for act in (
        lambda: registry.manifest("prices", name),
        lambda: registry.manifest(name, "v1"),
        lambda: registry.remove("prices", name),
        lambda: registry.save(source, manifest(name)),
    ):
        with pytest.raises(StorageError, match="A name inside the storage folder is required"):
            act()


def test_versions_behind_an_fsspec_url(source: Path) -> None:
    registry = Registry(Folder("memory://test-registry/models"))
    try:
        saved = registry.save(source, manifest())
        assert registry.save(source, manifest()) == saved
        with registry.fetch("prices", "v1", sha256=saved.sha256) as folder:
            assert (folder / "model.keras").read_bytes() == (source / "model.keras").read_bytes()
        assert bad(registry) == []
    finally:
        registry.remove("prices", "v1")
