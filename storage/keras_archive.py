"""What a ``.keras`` file may hold: an archive is looked at before Keras opens it.

A ``.keras`` file is a zip of the network's configuration, its weights and a note of when it was saved. Anything else
in it is refused, and so is a configuration that names code from outside Keras, or that carries code (a ``Lambda``).
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from storage.errors import ModelFileError

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_MAY_STAND = {CONFIG, METADATA, WEIGHTS, "assets/"}
_MUST_STAND = {CONFIG, WEIGHTS}
_CONFIG_LIMIT = 16 * 2**20
_CODE = {"Lambda", "__lambda__", "function", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
_PARTS = "layers|initializers|optimizers|losses|metrics|regularizers|constraints|activations|models"
_MODULES = re.compile(rf"keras(\.(src\.)?({_PARTS})(\.\w+)*)?")


def check_keras_archive(path: Path) -> None:
    """Refuse a ``.keras`` file that holds anything but a network and its weights.

    Raises:
        ModelFileError: it is no zip, holds other files, or its configuration names code from outside Keras.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_names(path, archive.namelist())
            config = json.loads(_config(path, archive))
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


def _check_names(path: Path, names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise _refused(path, f"an archive in which a name stands twice: {sorted(names)}")
    if other := sorted(set(names) - _MAY_STAND):
        raise _refused(path, f"an archive that also holds {', '.join(map(repr, other))}")
    if missing := sorted(_MUST_STAND - set(names)):
        raise _refused(path, f"an archive without {', '.join(missing)}")


def _config(path: Path, archive: zipfile.ZipFile) -> bytes:
    size = archive.getinfo(CONFIG).file_size
    if size > _CONFIG_LIMIT:
        raise _refused(path, f"a {CONFIG} of {size:,} bytes, beyond {_CONFIG_LIMIT:,}")
    return archive.read(CONFIG)


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
    module, name = node.get("module"), node.get("class_name")
    if name in _CODE:
        raise _refused(path, f"a configuration with code in it ({name})")
    if module is not None and not _MODULES.fullmatch(str(module)):
        raise _refused(path, f"a configuration that names {name!r} of the module {module!r}")


def _refused(path: Path, received: str) -> ModelFileError:
    return ModelFileError(
        f"A .keras file with a network and its weights, and nothing else, is required: {path.name}. "
        f"Received: {received}. Do not load it; roll back to another version, or retrain."
    )
