"""Recurrent layers in a row, and the seeds of all that a network draws at random."""

import random
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import keras

from daycast.storage.terms.cells import CELLS
from daycast.storage.terms.network import ModelSpec

_LARGEST_SEED = 10**9


def _layer_at(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(keras.layers if module == "keras" else import_module(f"{__package__}.{module}"), name)


LAYERS: Mapping[str, Any] = {name: _layer_at(cell.layer) for name, cell in CELLS.items()}
"""Cell to layer. All are imported here: a stored network is read by the names that Keras then knows."""


def seeds(first: int) -> Iterator[int]:
    """Seeds without end, of what is drawn at random, decided by the first.

    Left to itself Keras takes them from Python's own generator, of which every thread of the process takes: the ping of
    a connection to the Prefect server does, and a network that is built meanwhile would have other weights.
    """
    generator = random.Random(first)  # noqa: S311 — no secret
    while True:
        yield generator.randint(1, _LARGEST_SEED)


def stacked(inputs: Any, *, model: ModelSpec, drawn: Iterator[int], sequences: bool = False, mask: Any = None) -> Any:
    """Layers of the model's cell, each followed by its dropout.

    Args:
        inputs: ``(batch, steps, features)``.
        model: cell, units, directions, dropout.
        drawn: seeds, of :func:`seeds`.
        sequences: whether the last layer gives its state after every step.
        mask: ``(batch, steps)``, true where a step counts; none where all do.

    Returns:
        ``(batch, units)``, or ``(batch, steps, units)``; of two directions twice as wide.
    """
    state, masked = inputs, {} if mask is None else {"mask": mask}
    for depth, units in enumerate(model.units, start=1):
        every = sequences or depth < len(model.units)
        settings = {"units": units, "return_sequences": every, "name": f"recurrent_{depth}"}
        if mask is not None:  # what a masked step gives nobody reads, and zeros cost least
            settings["zero_output_for_mask"] = True
        state = _recurrent(model, settings, drawn=drawn)(state, **masked)
        if model.dropout:
            state = keras.layers.Dropout(model.dropout, seed=next(drawn), name=f"dropout_{depth}")(state)
    return state


def _recurrent(model: ModelSpec, settings: Mapping[str, Any], *, drawn: Iterator[int]) -> Any:
    def layer(**direction: bool) -> Any:
        return LAYERS[model.cell](
            kernel_initializer=keras.initializers.GlorotUniform(seed=next(drawn)),
            recurrent_initializer=keras.initializers.Orthogonal(seed=next(drawn)),
            seed=next(drawn),
            **settings,
            **direction,
        )

    if not model.bidirectional:
        return layer()
    return keras.layers.Bidirectional(layer(), backward_layer=layer(go_backwards=True), name=settings["name"])
