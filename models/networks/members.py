"""Networks trained from seeds one after the other, whose forecasts are averaged, with least squares beside them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from daycast.models.networks.build import Frame, build, join, members_of
from daycast.models.networks.fitting import Epoch, Fitted, Pair, run
from daycast.models.networks.ridge import fit_ridge
from daycast.storage.terms.network import ModelSpec


def fit_members(
    parts: Sequence[Pair],
    *,
    model: ModelSpec,
    frame: Frame,
    parent: Any,
    on_epoch: Callable[[Epoch], None],
    expired: Callable[[], bool],
) -> tuple[Any, Fitted]:
    """Train ``model.members`` networks, the first from ``model.seed``, each next from the seed after it.

    Least squares, where the model has a share of it, is solved anew each time.

    Args:
        parts: the training and the validation part.
        model: the network and how it is fitted.
        frame: what it reads and gives.
        parent: a network of the same specification whose members are trained on; none for new weights.
        on_epoch: told of each pass, numbered from the first member's first to the last member's last.
        expired: asked every so many steps; once true, training ends.

    Returns:
        One network that joins its members and least squares, or the one member alone, and how the fits went: every
        member's epochs one after another, and the mean of the members' validation losses.

    Raises:
        DataError: a loss is not a number.
    """
    count = _Count(on_epoch, members=model.members)
    fits = [
        _fit(
            model.model_copy(update={"seed": model.seed + number}),
            parts=parts,
            frame=frame,
            parent=members_of(parent)[number] if parent else None,
            on_epoch=count,
            expired=expired,
        )
        for number in range(model.members)
    ]
    networks = [network for network, _ in fits]
    loss = float(np.mean([fitted.validation_loss for _, fitted in fits]))
    fitted = Fitted(history=count.history, validation_loss=loss)
    return _joined(networks, parts[0], model=model, frame=frame), fitted


def _joined(networks: Sequence[Any], training: Pair, *, model: ModelSpec, frame: Frame) -> Any:
    if model.ridge_share:
        (window, *_), targets = training
        ridge = fit_ridge(window, targets, model=model, frame=frame)
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
    model: ModelSpec,
    *,
    parts: Sequence[Pair],
    frame: Frame,
    parent: Any,
    on_epoch: Callable[[Epoch], None],
    expired: Callable[[], bool],
) -> tuple[Any, Fitted]:
    tf.random.set_seed(model.seed)
    network = build(model, frame=frame)
    if parent:
        network.set_weights(parent.get_weights())
    training, validation = parts
    fitted = run(
        network,
        training=training,
        validation=validation,
        model=model,
        warm=parent is not None,
        on_epoch=on_epoch,
        expired=expired,
    )
    return network, fitted
