"""How the networks of a version that has one a shard lie in its state and among its files.

What a version with one network for all has at the top of its state and in ``model.keras``, this one has for each shard:
below ``shards`` in its state, and in ``model_0000.keras`` and so on.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SHARDS = "shards"
"""In a version's state: by shard, the state of its network."""
UNTRAINED = "untrained"
"""Likewise: by shard, why it has none."""

State = Mapping[str, Any]


def file_name(name: str, shard: str) -> str:
    """What a file of a shard's network is called among the version's.

    >>> file_name("model.keras", "_0001")
    'model_0001.keras'
    """
    path = Path(name)
    return f"{path.stem}{shard}{path.suffix}"


def state_of(state: State, shard: str) -> State | None:
    """The state of the network that forecasts a shard; none where the version has none for it.

    >>> state_of({"scaler": {}}, "_0001"), state_of({"shards": {"_0000": {"scaler": {}}}}, "_0001")
    ({'scaler': {}}, None)
    """
    if SHARDS not in state:
        return state
    found: State | None = state[SHARDS].get(shard)
    return found


def states_of(state: State) -> list[State]:
    """The state of each network of a version."""
    return list(state[SHARDS].values()) if SHARDS in state else [state]


def known_series(state: State) -> frozenset[str]:
    """The series that the networks of a version were trained on."""
    return frozenset(name for each in states_of(state) for name in each["scaler"]["names"])


def files_of(folder: Path, state: State, shard: str) -> Path:
    """A local folder with the files of a shard's network under the names that they have where there is one for all.

    Args:
        folder: the version's files, in a folder that may be written to.
        state: the version's.
        shard: of which it has a network.
    """
    if SHARDS not in state:
        return folder
    own = folder / f"of{shard}"
    own.mkdir(exist_ok=True)
    for path in folder.glob(f"*{shard}.*"):
        shutil.copyfile(path, own / f"{path.stem.removesuffix(shard)}{path.suffix}")
    return own
