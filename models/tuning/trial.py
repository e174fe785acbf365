"""What settings are worth: fitted on the training part, stopped and judged on blocks of the validation part."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daycast.models.networks.forecaster import NetworkForecaster, scaler_of
from daycast.models.series.differencing import Floats
from daycast.models.series.panel import Index, Panel
from daycast.models.series.portion import Portion, blocks
from daycast.models.series.scaling import Scaler
from daycast.models.tuning.blocks import Halves
from daycast.models.tuning.tried import Tried
from daycast.storage.terms.network import Loss
from daycast.storage.terms.pipeline import Pipeline


@dataclass(frozen=True, kw_only=True, eq=False)
class Held:
    """A shard's windows as the settings of a trial cut them.

    Attributes:
        panel: the rows.
        training: windows to be fitted on.
        stopping: windows that say when to stop.
        judging: windows that say what it is worth.
        scales: ``(series,)`` the mean step of each.
    """

    panel: Panel
    training: Index
    stopping: Index
    judging: Index
    scales: Floats


def hold(panel: Panel, *, readable: NDArray[np.bool_], halves: Halves, scales: Floats) -> Held:
    """Cut a shard's windows.

    Args:
        panel: of the trial's settings.
        readable: ``(series, instants)`` origins that every trial can read, so that all are judged on the same ones.
        halves: of the validation part.
        scales: the mean step of each series.
    """
    index = panel.index
    same = index.where(readable[index.codes, index.places])
    return Held(
        panel=panel,
        training=index.where(halves.training(index)),
        stopping=same.where(halves.stopping(same)),
        judging=same.where(halves.judging(same)),
        scales=scales,
    )


def attempt(
    held: Sequence[Held],
    *,
    spec: Pipeline,
    told: Callable[..., None],
    expired: Callable[[], bool],
    most: int | None = None,
) -> Tried:
    """Fit a network and judge it.

    Args:
        held: every shard's windows.
        spec: the pipeline with the trial's settings.
        told: called after each epoch with its number, how many at most, and its validation loss as a share of the loss
            that the last value would have, which trials of any settings share.
        expired: once true, training ends.
        most: training windows at most, drawn evenly over series and time; none takes all.

    Raises:
        DataError: the loss is not a number.
    """
    training = Portion.joined([Portion.of(each.panel, each.training) for each in held])
    stopping = Portion.joined([Portion.of(each.panel, each.stopping) for each in held])
    stopping = replace(stopping, panels=training.panels)
    if most is not None and most < len(training):
        training, stopping = (each.evenly(most / len(training), seed=spec.model.seed) for each in (training, stopping))
    scaler = scaler_of(training, spec=spec, parent=None)
    stopping = stopping.among(scaler.knows(stopping))
    unit = _of_naive(stopping, scaler=scaler, spec=spec)
    forecaster = NetworkForecaster.fit(
        training,
        stopping,
        spec=spec,
        parent=None,
        on_epoch=lambda epoch: told(epoch.number, epoch.total, epoch.validation_loss / unit),
        expired=expired,
        scaler=scaler,
    )
    kind = spec.difference_of(spec.target)
    sums, count = np.zeros(2), 0
    for each in held:
        windows = each.panel.windows(each.judging)
        scales = each.scales[windows.codes][:, np.newaxis]
        actual = windows.levels(kind)
        for place, mean in enumerate((forecaster.predict(windows), windows.base[:, np.newaxis])):
            sums[place] += (np.abs(actual - mean) / scales).sum()
        count += actual.size
    error, naive = sums / max(count, 1)
    return Tried(error=float(error), naive=float(naive), epochs=len(forecaster.history))


def _of_naive(stopping: Portion, *, scaler: Scaler, spec: Pipeline) -> float:
    """The loss of the last value, as the network's is measured: differenced and scaled."""
    kind, sums, count = spec.difference_of(spec.target), 0.0, 0
    for windows in blocks(stopping):
        rows = scaler.rows(windows)
        still = windows.base if kind == "none" else np.zeros(len(windows))
        said = ((still - scaler.target_mean[rows]) / scaler.target_std[rows])[:, np.newaxis]
        sums += _loss(np.abs(scaler.targets(windows) - said), spec.model.loss)
        count += windows.targets.size
    return max(sums / max(count, 1), 1e-12)


def _loss(errors: NDArray[Any], kind: Loss) -> float:
    """Over all of them."""
    if kind == "mse":
        return float(np.square(errors).sum())
    if kind == "huber":
        return float(np.where(errors <= 1, errors**2 / 2, errors - 0.5).sum())
    return float(errors.sum())
