"""The training loop: Keras' own, with early stopping, a time budget and a report of each epoch."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from daycast.models.series.gathering import Gathered
from daycast.models.series.inputs import as_read
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.network import ModelSpec

MOST_REMEMBERED = 1 << 20
"""Windows at most whose order is a shuffle's; of more it is a permutation that remembers none."""

_STEPS = 32
"""Steps between two looks at the clock; Python is left out of the steps between."""

_ROUNDS = 12
"""Of the cipher that permutes. With TensorFlow's four, numbers next but one to each other are correlated by -.38, and
the means of batches hardly differ; from eight on nothing of it is left."""

_VALIDATION_BLOCK = 8192


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What one pass over the training windows came to.

    Attributes:
        number: from 1.
        total: passes at most.
        loss: training loss, in scaled units.
        validation_loss: validation loss, in scaled units.
        accuracy: share of the training documents whose label was the most probable one; none where nothing is labelled.
        validation_accuracy: likewise.
    """

    number: int
    total: int
    loss: float
    validation_loss: float
    accuracy: float | None = None
    validation_accuracy: float | None = None


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """How a fit went.

    Attributes:
        history: every epoch.
        validation_loss: of the weights that were kept.
    """

    history: tuple[Epoch, ...]
    validation_loss: float


def ready(network: Any, *, model: ModelSpec, loss: Any = None, metrics: Sequence[str] = ()) -> Any:
    """Compile a network for :func:`run`, and return it.

    Args:
        network: a built model.
        model: learning rate, weight average, and the loss unless one is given.
        loss: what is minimised, as Keras takes it.
        metrics: what else each epoch tells.
    """
    network.compile(
        optimizer=_optimizer(model),
        loss=loss or model.loss,
        metrics=list(metrics),
        steps_per_execution=_STEPS,
        jit_compile="auto",
    )
    return network


def run(
    network: Any,
    *,
    training: Any,
    validation: Any,
    model: ModelSpec,
    warm: bool,
    on_epoch: Callable[[Epoch], None],
    expired: Callable[[], bool],
) -> Fitted:
    """Train a network in place, and leave it with the weights that were best on validation.

    Args:
        network: of :func:`ready`.
        training: batches of inputs and targets, as of :func:`shuffled`.
        validation: likewise, as of :func:`in_order`.
        model: learning rate and its decay, weight average, epochs at most, patience.
        warm: the weights are worth keeping as they are if no epoch betters them (fine-tuning).
        on_epoch: told of each pass.
        expired: asked every so many steps; once true, training ends.

    Raises:
        DataError: the loss is not a number.
    """
    watch = _Watch(model, on_epoch=on_epoch, expired=expired)
    if warm:
        watch.keep(network, loss=float(network.evaluate(validation, verbose=0, return_dict=True)["loss"]))
    network.fit(
        training,
        validation_data=validation,
        epochs=model.epochs,
        shuffle=False,  # the batches are shuffled already
        callbacks=[keras.callbacks.SwapEMAWeights(swap_on_epoch=True), watch] if model.weight_average else [watch],
        verbose=0,
    )
    network.set_weights(watch.best)
    return Fitted(history=tuple(watch.history), validation_loss=watch.lowest)


def _optimizer(model: ModelSpec) -> Any:
    averaged = {"use_ema": True, "ema_momentum": model.weight_average} if model.weight_average else {}
    # named, since Keras would number it by what was made before, and the name stands in the network's file
    return keras.optimizers.Adam(model.learning_rate, global_clipnorm=1.0, name="adam", **averaged)


def rate(model: ModelSpec, *, epoch: int) -> float:
    """The learning rate of an epoch, counted from 0.

    >>> [round(rate(ModelSpec(decay="step", learning_rate=0.1), epoch=epoch), 3) for epoch in range(5)]
    [0.1, 0.1, 0.1, 0.08, 0.064]
    >>> [round(rate(ModelSpec(decay="cosine", learning_rate=0.1, epochs=4), epoch=epoch), 3) for epoch in range(4)]
    [0.1, 0.085, 0.05, 0.015]
    """
    match model.decay:
        case "step":
            return model.learning_rate * 0.8 ** max(0, epoch - 2)
        case "cosine":
            return model.learning_rate * (1 + math.cos(math.pi * epoch / model.epochs)) / 2
        case _:
            return model.learning_rate


class _Watch(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Sets each epoch's learning rate, keeps the weights that are best on validation, and says when to stop."""

    def __init__(self, spec: ModelSpec, *, on_epoch: Callable[[Epoch], None], expired: Callable[[], bool]) -> None:
        super().__init__()
        self._spec = spec
        self._on_epoch, self._expired = on_epoch, expired
        self._waited = 0
        self.history: list[Epoch] = []
        self.best: list[NDArray[np.float32]] = []
        self.lowest = math.inf

    def keep(self, network: Any, *, loss: float) -> None:
        """Remember the network's weights as the best so far."""
        self.best, self.lowest, self._waited = network.get_weights(), loss, 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 — Keras' signature
        """Set the epoch's learning rate."""
        self.model.optimizer.learning_rate = rate(self._spec, epoch=epoch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002 — Keras' signature
        """Look at the clock, once every so many steps."""
        if self._expired():
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Judge the epoch."""
        done = Epoch(
            number=epoch + 1,
            total=self._spec.epochs,
            loss=float(logs["loss"]),
            validation_loss=float(logs["val_loss"]),
            accuracy=logs.get("accuracy"),
            validation_accuracy=logs.get("val_accuracy"),
        )
        _require_number(done)
        self.history.append(done)
        self._waited += 1
        if done.validation_loss < self.lowest:
            self.keep(self.model, loss=done.validation_loss)
        if self._waited >= self._spec.patience or self._expired():
            self.model.stop_training = True
        self._on_epoch(done)


def shuffled(part: Gathered, *, model: ModelSpec) -> Any:
    """Batches of one size, in an order that the seed alone decides, new each epoch; a smaller rest is left."""
    count, read = len(part), _reader(part)
    size = min(model.batch_size, count)
    if count > MOST_REMEMBERED:
        return untuned(permuted(count, size=size, seed=model.seed).map(read).prefetch(_STEPS))
    rows = tf.data.Dataset.range(count).shuffle(count, seed=model.seed, reshuffle_each_iteration=True)
    return untuned(rows.batch(size, drop_remainder=True).map(read).prefetch(_STEPS))


def permuted(count: int, *, size: int, seed: int) -> Any:
    """Numbers below ``count`` in batches of one size, each once an epoch, in another order each epoch.

    A shuffle remembers every number, which of some million takes hundreds of megabytes; a permutation by a cipher
    remembers none.
    """
    epochs = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(3, drop_remainder=True).take(1)
    steps = tf.range(size, dtype=tf.int64)

    def numbers(key: Any) -> Any:
        def batch(place: Any) -> Any:
            return tf.raw_ops.RandomIndexShuffle(
                index=place * size + steps, seed=key, max_index=tf.constant(count - 1, tf.int64), rounds=_ROUNDS
            )

        return tf.data.Dataset.range(count // size).map(as_written(batch))

    return epochs.flat_map(as_written(numbers)).apply(tf.data.experimental.assert_cardinality(count // size))


def in_order(part: Gathered) -> Any:
    """Batches of all there is, in its order."""
    return untuned(tf.data.Dataset.range(len(part)).batch(_VALIDATION_BLOCK).map(_reader(part)).prefetch(1))


def _reader(part: Gathered) -> Any:
    """Numbers of windows to what a network reads of them and shall give."""
    rows, targets, reads = (tf.convert_to_tensor(each) for each in (part.rows, part.targets, part.reads))
    places = () if part.places is None else (tf.convert_to_tensor(part.places),)
    known = () if part.known is None else ((tf.convert_to_tensor(part.known), tf.convert_to_tensor(part.known_at)),)
    steps, ahead = tf.range(part.lookback), tf.range(part.lookback, part.lookback + part.horizon)

    def read(numbers: Any) -> Any:
        first = tf.gather(reads, numbers)[:, tf.newaxis]
        inputs = [tf.gather(rows, first + steps), *(tf.gather(each, numbers) for each in places)]
        inputs += [tf.gather(each, tf.gather(at, numbers)) for each, at in known]
        return as_read(inputs), tf.gather(targets, first + ahead)

    return as_written(read)


def as_written(function: Any) -> Any:
    """For a function of tensors without branch or loop: AutoGraph has nothing to do, and on Python 3.13 prints why."""
    return tf.autograph.experimental.do_not_convert(function)


def untuned(batches: Any) -> Any:
    """Without the thread that would tune them: an epoch's end waits until it wakes of itself, often for seconds."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)


def _require_number(epoch: Epoch) -> None:
    if not (math.isfinite(epoch.loss) and math.isfinite(epoch.validation_loss)):
        raise DataError(
            f"A loss that is a finite number is required. Received: loss {epoch.loss}, validation loss "
            f"{epoch.validation_loss} in epoch {epoch.number}. Make learning_rate smaller, or look at the data."
        )
