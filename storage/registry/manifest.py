"""What a model version is: its name and its manifest."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, JsonValue

from daycast.storage.terms.words import Training


class Manifest(BaseModel):
    """What a version is, as ``manifest.json`` has it.

    Attributes:
        pipeline: whose version it is.
        version: its name.
        as_of: of the run that made it.
        created_at: the real time.
        training: what was done to the weights.
        parent_version: whose weights it was fine-tuned from.
        spec: the pipeline's settings.
        state: what a forecaster needs beside the weights: differencing, scaling, lookback, features.
        data_hash: of the windows it was trained on.
        metrics: by name: ``validation_loss`` in scaled units, how many ``training_seconds`` it took, and where its time
            budget ended it, how many epochs it had before it (``cut_short_of_epochs``).
        history: ``loss`` and ``val_loss`` by epoch, in scaled units.
        parameters: how many weights.
        libraries: their versions.
        content: SHA-256 of what the files mean, by name (of a ``.keras`` file without its date).
        files: SHA-256 of each file's bytes, by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    pipeline: str
    version: str
    as_of: AwareDatetime
    created_at: AwareDatetime
    training: Training
    parent_version: str | None = None
    spec: dict[str, JsonValue]
    state: dict[str, JsonValue]
    data_hash: str
    metrics: dict[str, float | None] = {}
    history: dict[str, list[float]] = {}
    parameters: int
    libraries: dict[str, str] = {}
    content: dict[str, str] = {}
    files: dict[str, str] = {}


def version_name(*, as_of: datetime, identity: Mapping[str, object]) -> str:
    """Name a version so that names sort by ``as_of``, and the same identity has the same name.

    Args:
        as_of: of the run that makes it; aware.
        identity: what decides the weights (spec, data's hash, training, parent), as JSON has it.

    >>> version_name(as_of=datetime(2026, 8, 21, 22, 30, tzinfo=UTC), identity={"seed": 7})
    '20260821T223000Z-beced1fe69'
    """
    canonical = json.dumps(identity, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}-{hashlib.sha256(canonical.encode()).hexdigest()[:10]}"
