"""What every network does once it is trained, whatever it forecasts: it is kept, read again, and asked in blocks."""

import functools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from daycast.models.series.inputs import Inputs, as_read
from daycast.storage.terms.errors import RegistryError

MODEL_FILE = "model.keras"

_BLOCK = 256
"""Rows a call. Every call is of this size, filled up where need be, so that what is told of a row is the same to the
last bit whichever rows stand beside it."""


def save_network(network: Any, folder: Path) -> None:
    """Write ``model.keras`` into a local folder."""
    with warnings.catch_warnings():
        # Keras copies TensorFlow's variables in a way that NumPy 2 deprecates
        warnings.filterwarnings("ignore", message="__array__ implementation", category=DeprecationWarning)
        network.save(folder / MODEL_FILE)


def load_network(folder: Path, *, reads: tuple[Any, ...], gives: tuple[Any, ...]) -> Any:
    """Read ``model.keras``, which must be of known shapes.

    Args:
        folder: a local folder.
        reads: shape of its first input, the batch none.
        gives: of its output.

    Raises:
        RegistryError: the file cannot be read, or the network reads or gives something else.
    """
    network = _read(folder / MODEL_FILE)
    given = network.inputs[0].shape, network.output_shape
    if given != (reads, gives):
        raise RegistryError(
            f"A network of the shapes {reads} → {gives} is required. "
            f"Received: {given[0]} → {given[1]} in {MODEL_FILE}. Retrain."
        )
    return network


def forward(network: Any) -> Callable[[Any], Any]:
    """A network's outputs without training, traced once a shape."""
    traced: Callable[[Any], Any] = tf.function(functools.partial(network, training=False), autograph=False)
    return traced


def in_blocks(outputs: Callable[[Any], Any], inputs: Inputs, *, gives: tuple[int, ...]) -> NDArray[np.float32]:
    """What a network gives of some rows.

    Args:
        outputs: of :func:`forward`.
        inputs: with a row each.
        gives: the shape of one row's outputs.
    """
    count = len(inputs[0])
    blocks = []
    for start in range(0, count, _BLOCK):
        block = [_filled(array[start : start + _BLOCK]) for array in inputs]
        blocks.append(outputs(as_read(block)).numpy()[: count - start])
    return np.concatenate(blocks) if blocks else np.zeros((0, *gives), dtype=np.float32)


def _filled(block: NDArray[Any]) -> NDArray[Any]:
    """A block of the one size, zeros after what there is."""
    return np.concatenate([block, np.zeros((_BLOCK - len(block), *block.shape[1:]), dtype=block.dtype)])


def _read(path: Path) -> Any:
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise RegistryError(
            f"A Keras file that loads in safe mode is required. Received: {path.name}: {error}. Retrain."
        ) from error
