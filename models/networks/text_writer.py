"""Who writes of a version that continues text, read alone: where counts write, Keras is not needed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from daycast.models.networks.text_files import COUNTS, load_arrays, load_vocabulary
from daycast.models.text.generation import Writer
from daycast.models.text.ngram import NGram, NGramWriter
from daycast.models.text.vocabulary import Vocabulary
from daycast.storage.terms.words import NETWORK


def needs_network(state: Mapping[str, Any]) -> bool:
    """Whether the network of a version is the one that writes, by the version's state."""
    return bool(state["served"] == NETWORK)


def load_writer(folder: Path, state: Mapping[str, Any]) -> tuple[Writer, Vocabulary]:
    """Read who writes of what :meth:`.text_forecaster.TextForecaster.save` wrote, and what it knows.

    Raises:
        RegistryError: a file cannot be read.
    """
    if needs_network(state):
        from daycast.models.networks.text_forecaster import TextForecaster

        forecaster = TextForecaster.load(folder, state)
        return forecaster.network, forecaster.vocabulary
    return NGramWriter(NGram.from_arrays(load_arrays(folder, name=COUNTS))), load_vocabulary(folder)
