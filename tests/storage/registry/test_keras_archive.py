"""What a .keras file may hold."""

import json
import pickle
import sys
import zipfile
from pathlib import Path

import pytest

from daycast.storage.registry.keras_archive import check_keras_archive, content_hash
from daycast.storage.terms.errors import ModelFileError

CONFIG: dict[str, object] = {
    "module": "keras",
    "class_name": "Sequential",
    "config": {"layers": [{"module": "keras.layers", "class_name": "LSTM", "config": {"units": 4}}]},
}


HDF5 = b"\x89HDF\r\n\x1a\n"


def archive(
    path: Path,
    *,
    config: object = CONFIG,
    saved: str = "monday",
    compression: int = zipfile.ZIP_STORED,
    **members: bytes,
) -> Path:
    with zipfile.ZipFile(path, "w", compression=compression) as file:
        file.writestr("metadata.json", json.dumps({"date_saved": saved}))
        file.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
        file.writestr("model.weights.h5", members.pop("weights", HDF5 + b"weights"))
        for name, data in members.items():
            file.writestr(name, data)
    return path


def layer(**changes: object) -> dict[str, object]:
    return {**CONFIG, "config": {"layers": [{"module": "keras.layers", "class_name": "LSTM", **changes}]}}


def test_a_network_and_its_weights_pass(tmp_path: Path) -> None:
    check_keras_archive(archive(tmp_path / "model.keras", **{"assets/": b""}))


@pytest.mark.parametrize("name", ["assets/vocabulary.txt", "../outside", "/etc/passwd", "code.py", "model.pkl"])
def test_another_file_in_it_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelFileError, match=f"also holds {name!r}"):
        check_keras_archive(archive(tmp_path / "model.keras", **{name: b"x"}))


@pytest.mark.parametrize(
    "config",
    [
        layer(module="os", class_name="system"),
        layer(module="builtins", class_name="eval"),
        layer(module="keras.utils", class_name="get_file"),
        layer(module="kerasx.layers"),
        layer(class_name="Lambda"),
        layer(class_name="TFSMLayer"),
        layer(config={"function": {"class_name": "__lambda__", "config": {"code": "4wEA"}}}),
        layer(module=None, class_name="Evil", registered_name="evil>Evil"),
        layer(module=None, class_name="__typespec__"),
        layer(class_name=None),
        layer(class_name=["LSTM"]),
        layer(registered_name="evil>LSTM"),
        layer(module="evil.layers", registered_name="daycast>LSTM"),
        layer(module="daycast.models.networks.segments", class_name="SegmentRecurrence"),
        layer(
            module="daycast.models.networks.segments",
            class_name="SegmentRecurrence",
            registered_name="evil>SegmentRecurrence",
        ),
        layer(module="daycast.models.networks.segments", class_name="Any", registered_name="daycast>Any"),
        layer(module="models.backend", class_name="load_keras", registered_name="daycast>load_keras"),
        layer(module="daycast.models.series.windows", class_name="Windows", registered_name="daycast>Windows"),
        layer(module="daycast.storage.registry.store", class_name="Registry", registered_name="daycast>Registry"),
    ],
)
def test_code_in_its_configuration_is_refused(tmp_path: Path, config: object) -> None:
    with pytest.raises(ModelFileError, match="a configuration (with code|that names)"):
        check_keras_archive(archive(tmp_path / "model.keras", config=config))


@pytest.mark.parametrize(
    "config",
    [
        layer(registered_name=None),
        layer(module="keras.src.models.functional", class_name="Functional", registered_name="Functional"),
        layer(
            module="daycast.models.networks.segments",
            class_name="SegmentRecurrence",
            registered_name="daycast>SegmentRecurrence",
        ),
        layer(module="models.levels", class_name="Level", registered_name="daycast>Level"),
        layer(config={"inbound": [{"class_name": "__keras_tensor__", "config": {"shape": [None, 1]}}]}),
    ],
)
def test_keras_and_daycasts_own_layers_pass(tmp_path: Path, config: object) -> None:
    check_keras_archive(archive(tmp_path / "model.keras", config=config))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = archive(tmp_path / "model.keras", weights=HDF5 + bytes(2**24), compression=zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 2**15
    with pytest.raises(ModelFileError, match=r"Received: \S+ compressed from"):
        check_keras_archive(bomb)


@pytest.mark.parametrize("weights", [pickle.dumps({"weights": [1.0]}), b"", b"\x93NUMPY"])
def test_weights_that_are_no_hdf5_are_refused(tmp_path: Path, weights: bytes) -> None:
    with pytest.raises(ModelFileError, match=r"model\.weights\.h5 that are no HDF5"):
        check_keras_archive(archive(tmp_path / "model.keras", weights=weights))


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    whole = archive(tmp_path / "model.keras").read_bytes()
    cut = tmp_path / "cut.keras"
    for data in (b"", b"\x80\x04pickle", whole[:-30]):
        cut.write_bytes(data)
        with pytest.raises(ModelFileError, match=r"cut\.keras\. Received: a file that cannot be read"):
            check_keras_archive(cut)


def test_a_configuration_that_is_no_json_or_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot be read"):
        check_keras_archive(archive(tmp_path / "a.keras", config="{"))
    with pytest.raises(ModelFileError, match="beyond"):
        check_keras_archive(archive(tmp_path / "b.keras", config=" " * (16 * 2**20 + 1)))
    with pytest.raises(ModelFileError, match="cannot be read"):
        check_keras_archive(archive(tmp_path / "c.keras", config="[" * 100_000))


def test_an_archive_without_weights_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as file:
        file.writestr("config.json", "{}")
    with pytest.raises(ModelFileError, match=r"without model\.weights\.h5"):
        check_keras_archive(tmp_path / "model.keras")


def test_the_content_is_the_same_whenever_and_wherever_it_was_saved(tmp_path: Path) -> None:
    one = archive(tmp_path / "one.keras", config=layer(shared_object_id=1))
    other = archive(tmp_path / "other.keras", config=layer(shared_object_id=2), saved="tuesday")
    trained = archive(tmp_path / "trained.keras", config=layer(shared_object_id=1), weights=HDF5 + b"others")
    assert one.read_bytes() != other.read_bytes()
    assert content_hash(one) == content_hash(other) != content_hash(trained)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("models.levels", "LevelOfAnother"),
        ("models.backend", "Level"),
        ("daycast.models.networks.build", "Frame"),
        ("daycast.models.networks.foreign", "Foreign"),
    ],
)
def test_a_layer_that_daycast_does_not_have_is_refused_and_nothing_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    (tmp_path / "models").mkdir()
    for file in ("__init__", "levels", "backend"):
        (tmp_path / "models" / f"{file}.py").write_text("raise AssertionError('executed')")
    monkeypatch.syspath_prepend(tmp_path)
    loaded = set(sys.modules)
    named = layer(module=module, class_name=name, registered_name=f"daycast>{name}")
    with pytest.raises(ModelFileError, match=rf"names '{name}' of the module '{module}'"):
        check_keras_archive(archive(tmp_path / "model.keras", config=named))
    ours = {found for found in set(sys.modules) - loaded if found.split(".")[0] in {"models", "daycast", "keras"}}
    assert ours == set()
