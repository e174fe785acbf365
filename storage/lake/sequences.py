"""The text of a pipeline as numbers, with the vocabulary that numbers it.

``<lake>/sequences/<pipeline>/`` has a Parquet file for one state of the text, a row a token; the one before it goes.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daycast.storage.lake.folder import Folder
from daycast.storage.lake.parquet import read_table, whole_table, write_frame

_TOKEN, _VOCABULARY = "token", "vocabulary"


class Sequences:
    """The text of one pipeline as numbers.

    Args:
        lake: the lake.
        pipeline: its name.

    Raises:
        StorageError: from every method, where the folder cannot be read or written.
    """

    def __init__(self, lake: Folder, pipeline: str) -> None:
        self._folder = lake / "sequences" / pipeline

    def empty(self) -> bool:
        """Whether nothing was ever kept."""
        return not self._folder.names()

    def has(self, state: str) -> bool:
        """Whether a state of the text is there, whole."""
        return self._folder.exists(_file(state)) and whole_table(self._folder, _file(state)) is not None

    def keep(self, state: str, numbers: NDArray[np.int32], vocabulary: Mapping[str, Any]) -> None:
        """Keep a state of the text.

        Args:
            state: its name.
            numbers: ``(tokens,)``.
            vocabulary: as :meth:`daycast.models.text.vocabulary.Vocabulary.state` gives it.
        """
        told = {_VOCABULARY: json.dumps(vocabulary)}
        write_frame(self._folder, _file(state), pd.DataFrame({_TOKEN: numbers}), metadata=told)

    def remove_others(self, state: str) -> None:
        """Remove every state but this one: those before it, and one that a killed run left."""
        for name in self._folder.names():
            if name != _file(state):
                self._folder.remove(name)

    def read(self, state: str) -> tuple[NDArray[np.int32], dict[str, Any]]:
        """The numbers of a state, and the vocabulary's."""
        table = read_table(self._folder, _file(state))
        vocabulary: dict[str, Any] = json.loads(table.schema.metadata[_VOCABULARY.encode()])
        return table.column(_TOKEN).to_numpy(), vocabulary


def _file(state: str) -> str:
    return f"{state}.parquet"
