"""What a version of a pipeline on text keeps beside its network, and reads again: a vocabulary, and arrays by name."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daycast.models.text.vocabulary import Vocabulary
from daycast.storage.terms.errors import RegistryError

VOCABULARY_FILE = "vocabulary.json"
COUNTS = "ngram"
"""The arrays in which the counts of n-grams are kept."""


def save_vocabulary(vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``vocabulary.json``: a file of its own, as it can have tens of thousands of words."""
    text = json.dumps(vocabulary.state(), ensure_ascii=False)
    (folder / VOCABULARY_FILE).write_text(text, encoding="utf-8")


def load_vocabulary(folder: Path) -> Vocabulary:
    """Read what :func:`save_vocabulary` wrote.

    Raises:
        RegistryError: it is not there, or is none.
    """
    try:
        return Vocabulary.from_state(json.loads((folder / VOCABULARY_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _refused(VOCABULARY_FILE, error) from None


def save_arrays(arrays: Mapping[str, NDArray[Any]], folder: Path, *, name: str) -> None:
    """Write arrays as ``<name>.npz``, the same bytes each time."""
    np.savez(folder / f"{name}.npz", allow_pickle=False, **arrays)


def load_arrays(folder: Path, *, name: str) -> dict[str, NDArray[Any]]:
    """Read what :func:`save_arrays` wrote; never an object of Python's, which could be code.

    Raises:
        RegistryError: it is not there, or holds something else.
    """
    try:
        with (folder / f"{name}.npz").open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return dict(kept)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _refused(f"{name}.npz", error) from None


def _refused(file: str, error: Exception) -> RegistryError:
    return RegistryError(f"A readable {file} of the version is required. Received: {error}. Retrain.")
