"""Versions that a process has read, held for the next run that asks for them; no Prefect."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from daycast.tasks.apart.networks import load
from daycast.tasks.handover.job import AnyJob

_MOST = 2
_HELD: dict[tuple[str, str, str], Any] = {}
"""Those read last, by the hash of their manifest, the spec and the part: days of a backfill that reuse one share it."""


def held_version(job: AnyJob, version: str, read: Callable[[Path, Mapping[str, Any]], Any], *, part: str = "") -> Any:
    """A version, read anew or held.

    Args:
        job: the run.
        version: which.
        read: makes it of a local folder with its files and of the state in its manifest; called once Keras is there.
        part: of the version, where that is what is read.

    Raises:
        ModelFileError: a file is not the one that was saved.
    """
    # TensorFlow brings a libcurl of its own. Loaded first, it takes the place of the one that the Yahoo feed asks with,
    # and the next pipeline or day that this process fetches for gets no answer.
    importlib.import_module("curl_cffi")
    load()
    from daycast.storage.sql.versions import find_version

    registry, name = job.registry(), job.pipeline.name
    with job.database() as database:
        sha256 = find_version(database, name, version).sha256
    key = sha256, job.pipeline.model_dump_json(), part
    with registry.fetch(name, version, sha256=sha256) as folder:  # verifies the files, also of a version that is held
        if key not in _HELD:
            while len(_HELD) >= _MOST:
                _HELD.pop(next(iter(_HELD)))
            _HELD[key] = read(folder, registry.manifest(name, version).state)
    return _HELD[key]
