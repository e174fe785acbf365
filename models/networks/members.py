"""Networks trained from seeds one after the other, whose forecasts are averaged, with least squares beside them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from daycast.models.networks.build import Frame, build, join, members_of
from daycast.models.networks.fitting import Epoch, Fitted, in_order, ready, run, shuffled
from daycast.models.networks.ridge import fit_ridge
from daycast.models.series.gathering import Gathered
from daycast.storage.terms.network import ModelSpec


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How one network comes about, whatever it forecasts.

    Attributes:
        build: a compiled network with new weights, of a model with a seed.
        training: its batches of training, of the same model.
        validation: batches of validation.
        join: one network of the trained ones.
    """

    build: Callable[[ModelSpec], Any]
    training: Callable[[ModelSpec], Any]
    validation: Any
    join: Callable[[Sequence[Any]], Any]


def series_recipe(parts: Sequence[Gathered], *, model: ModelSpec, frame: Frame) -> Recipe:
    """Of windows of series: least squares, where the model has a share of it, is solved anew each time.

    Args:
        parts: the training and the validation part.
        model: the network and how it is fitted.
        frame: what it reads and gives.
    """
    training, validation = _as_tensors(parts)
    return Recipe(
        build=lambda each: ready(build(each, frame=frame), model=each),
        training=lambda each: shuffled(training, model=each),
        validation=in_order(validation),
        join=lambda networks: _joined(networks, training, model=model, frame=frame),
    )


def fit_members(
    recipe: Recipe,
    *,
    model: ModelSpec,
    parent: Any,
    on_epoch: Callable[[Epoch], None],
    expired: Callable[[], bool],
) -> tuple[Any, Fitted]:
    """Train ``model.members`` networks, the first from ``model.seed``, each next from the seed after it.

    Args:
        recipe: what is trained, and on what.
        model: the network and how it is fitted.
        parent: a network of the same specification whose members are trained on; none for new weights.
        on_epoch: told of each pass, numbered from the first member's first to the last member's last.
        expired: asked every so many steps; once true, training ends.

    Returns:
        One network that joins its members, or the one member alone, and how the fits went: every member's epochs one
        after another, and the mean of the members' validation losses.

    Raises:
        DataError: a loss is not a number.
    """
    count = _Count(on_epoch, members=model.members)
    fits = [
        _fit(
            recipe,
            model=model.model_copy(update={"seed": model.seed + number}),
            parent=members_of(parent)[number] if parent else None,
            on_epoch=count,
            expired=expired,
        )
        for number in range(model.members)
    ]
    loss = float(np.mean([fitted.validation_loss for _, fitted in fits]))
    return recipe.join([network for network, _ in fits]), Fitted(history=count.history, validation_loss=loss)


def _as_tensors(parts: Sequence[Gathered]) -> list[Gathered]:
    """The parts as tensors, an array that they share once."""
    made: dict[int, Any] = {}

    def tensor(array: Any) -> Any:
        if array is None:
            return None
        if id(array) not in made:
            made[id(array)] = tf.convert_to_tensor(array)
        return made[id(array)]

    names = ("rows", "targets", "reads", "places")
    return [replace(part, **{name: tensor(getattr(part, name)) for name in names}) for part in parts]


def _joined(networks: Sequence[Any], training: Gathered, *, model: ModelSpec, frame: Frame) -> Any:
    if model.ridge_share:
        ridge = fit_ridge(training, model=model, frame=frame)
        return join(networks, ridge=ridge, share=model.ridge_share)
    return join(networks) if len(networks) > 1 else networks[0]


class _Count:
    """Numbers the epochs of one member after another, and keeps them."""

    def __init__(self, on_epoch: Callable[[Epoch], None], *, members: int) -> None:
        self._on_epoch, self._members = on_epoch, members
        self.history: tuple[Epoch, ...] = ()

    def __call__(self, epoch: Epoch) -> None:
        counted = replace(epoch, number=len(self.history) + 1, total=epoch.total * self._members)
        self.history += (counted,)
        self._on_epoch(counted)


def _fit(
    recipe: Recipe,
    *,
    model: ModelSpec,
    parent: Any,
    on_epoch: Callable[[Epoch], None],
    expired: Callable[[], bool],
) -> tuple[Any, Fitted]:
    tf.random.set_seed(model.seed)
    network = recipe.build(model)
    if parent:
        network.set_weights(parent.get_weights())
    fitted = run(
        network,
        training=recipe.training(model),
        validation=recipe.validation,
        model=model,
        warm=parent is not None,
        on_epoch=on_epoch,
        expired=expired,
    )
    return network, fitted
