"""What a ``.keras`` file may hold: an archive is looked at before Keras opens it.

A ``.keras`` file is a zip of the network's configuration, its weights and a note of when it was saved. Anything else
in it is refused, and so is a configuration that names code from outside Keras and daycast, or that carries code (a
``Lambda``). Its parts lie in it as they are, uncompressed, so that none can be larger than the file.
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from daycast.storage.terms.cells import own_layers
from daycast.storage.terms.errors import ModelFileError

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_MAY_STAND = {CONFIG, METADATA, WEIGHTS, "assets/"}
_MUST_STAND = {CONFIG, WEIGHTS}
_CONFIG_LIMIT = 16 * 2**20
_HDF5 = b"\x89HDF\r\n\x1a\n"
_CODE = {"Lambda", "__lambda__", "function", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
_PARTS = "layers|initializers|optimizers|losses|metrics|regularizers|constraints|activations|models"
_MODULES = re.compile(rf"keras(\.(src\.)?({_PARTS})(\.\w+)*)?")
_OWN_MODULES = re.compile(r"daycast\.models\.networks\.\w+|models\.(levels|recurrent|segments)")
"""Where daycast's own layers are; the second are their names up to 0.1.0. Each is registered with Keras as ``daycast>``
and the class's name, and found by that: the module is never imported."""
_TENSOR = "__keras_tensor__"
"""What a configuration calls the place where one layer's output goes into the next: a name and a shape."""


def check_keras_archive(path: Path) -> None:
    """Refuse a ``.keras`` file that holds anything but a network and its weights.

    Raises:
        ModelFileError: it is no zip, holds other files or compressed ones, its weights are no HDF5, or its
            configuration names code from outside Keras and daycast.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_parts(path, archive.infolist())
            config = json.loads(_text(path, archive, CONFIG))
            if METADATA in archive.namelist():
                json.loads(_text(path, archive, METADATA))
            _check_weights(path, archive)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise _refused(path, f"a file that cannot be read as one: {error}") from None
    for node in _nodes(config):
        _check_node(path, node)


def content_hash(path: Path) -> str:
    """SHA-256 of what a model file means.

    Of a ``.keras`` file that is its configuration and weights: not when it was saved, and not the memory addresses that
    Keras writes as ``shared_object_id``, so that the same network saved by two processes has the same hash.

    Raises:
        ModelFileError: a ``.keras`` file cannot be read.
    """
    if path.suffix != ".keras":
        return hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read(CONFIG), object_hook=_without_addresses)
            digest.update(hashlib.sha256(json.dumps(config, sort_keys=True).encode()).digest())
            digest.update(hashlib.sha256(archive.read(WEIGHTS)).digest())
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise _refused(path, f"a file that cannot be read as one: {error}") from None
    return digest.hexdigest()


def _without_addresses(node: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key != "shared_object_id"}


def _check_parts(path: Path, parts: list[zipfile.ZipInfo]) -> None:
    names = [part.filename for part in parts]
    if len(set(names)) != len(names):
        raise _refused(path, f"an archive in which a name stands twice: {sorted(names)}")
    if other := sorted(set(names) - _MAY_STAND):
        raise _refused(path, f"an archive that also holds {', '.join(map(repr, other))}")
    if missing := sorted(_MUST_STAND - set(names)):
        raise _refused(path, f"an archive without {', '.join(missing)}")
    for part in parts:
        if part.compress_type != zipfile.ZIP_STORED or part.file_size != part.compress_size:
            raise _refused(path, f"{part.filename} compressed from {part.file_size:,} to {part.compress_size:,} bytes")


def _text(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    size = archive.getinfo(name).file_size
    if size > _CONFIG_LIMIT:
        raise _refused(path, f"a {name} of {size:,} bytes, beyond {_CONFIG_LIMIT:,}")
    return archive.read(name)


def _check_weights(path: Path, archive: zipfile.ZipFile) -> None:
    with archive.open(WEIGHTS) as file:
        if file.read(len(_HDF5)) != _HDF5:
            raise _refused(path, f"{WEIGHTS} that are no HDF5")


def _nodes(config: Any) -> Iterator[dict[str, Any]]:
    """Every object of a configuration, at any depth."""
    left = [config]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            yield node
            left.extend(node.values())
        elif isinstance(node, list):
            left.extend(node)


def _check_node(path: Path, node: dict[str, Any]) -> None:
    """Every object that Keras would build must be of a class of Keras' or daycast's own, under its own name."""
    module, name = node.get("module"), node.get("class_name")
    if module is None and (name is None or name == _TENSOR):
        return
    if isinstance(name, str) and name in _CODE:
        raise _refused(path, f"a configuration with code in it ({name})")
    if not (_is_keras(node) or _is_own(node)):
        registered = node.get("registered_name")
        raise _refused(
            path, f"a configuration that names {name!r} of the module {module!r}, registered as {registered!r}"
        )


def _is_keras(node: dict[str, Any]) -> bool:
    module, name = node.get("module"), node.get("class_name")
    known = isinstance(name, str) and _MODULES.fullmatch(str(module)) is not None
    return known and node.get("registered_name") in (None, name)


def _is_own(node: dict[str, Any]) -> bool:
    name = node.get("class_name")
    known = name in own_layers() and _OWN_MODULES.fullmatch(str(node.get("module"))) is not None
    return known and node.get("registered_name") == f"daycast>{name}"


def _refused(path: Path, received: str) -> ModelFileError:
    return ModelFileError(
        f"A .keras file with a network and its weights, and nothing else, is required: {path.name}. "
        f"Received: {received}. Do not load it; roll back to another version, or retrain."
    )
