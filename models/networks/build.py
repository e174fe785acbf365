"""Networks: a specification in, a Keras model out.

Every layer has a name: Keras would number the others by what the process made before, and a network's file would not be
the same from process to process.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from daycast.models.networks.levels import Cycle, Level, Restore
from daycast.models.networks.stack import LAYERS, seeds, stacked
from daycast.storage.terms.network import ModelSpec

_MEMBER = "member_"
_KNOWN_UNITS = 32
_APART = 10**6
"""Between the seeds of the recurrent part and of what reads the horizon."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What goes into a network and comes out.

    Attributes:
        lookback: steps in.
        features: columns in.
        horizon: steps out, all at once.
        target: the column that is forecast, counted from 0; it matters where a level or cycles are taken off.
        series: how many series there are.
        known: columns that are known of each lead.
    """

    lookback: int
    features: int
    horizon: int
    target: int = 0
    series: int = 1
    known: int = 0


def build(model: ModelSpec, *, frame: Frame) -> Any:
    """Build a network with new weights (a :class:`keras.Model`), which ``model.seed`` decides.

    Cycles and level are taken off the window, the recurrent part gives every lead at once, and both are put back.

    Args:
        model: the network's specification.
        frame: what it reads and gives.

    Returns:
        A model from ``(batch, lookback, features)`` to ``(batch, horizon)``, float32. With learned cycles it reads
        ``places`` as well, ``(batch, 2)`` int32, as :class:`~.levels.Cycle` says, and last what is known of the
        horizon, ``(batch, horizon, known)``. It is made of Keras' own layers and of daycast's, so that its ``.keras``
        file loads in safe mode.
    """
    window = keras.Input((frame.lookback, frame.features), name="inputs")
    known = keras.Input((frame.horizon, frame.known), name="known") if frame.known else None
    beside = [] if known is None else [known]
    if not model.cycle:
        outputs = _levelled(window, known, model=model, frame=frame)
        return keras.Model([window, *beside] if beside else window, outputs, name=model.cell)
    places = keras.Input((2,), dtype="int32", name="places")
    cycle = Cycle(
        periods=model.cycle,
        series=frame.series,
        columns=frame.features,
        column=frame.target,
        lookback=frame.lookback,
        horizon=frame.horizon,
        name="cycle",
    )
    past, future = cycle(places)
    outputs = _levelled(keras.layers.subtract([window, past], name="uncycled"), known, model=model, frame=frame)
    return keras.Model([window, places, *beside], keras.layers.add([outputs, future], name="cycled"), name=model.cell)


def join(members: Sequence[Any], *, ridge: Any = None, share: float = 0.0) -> Any:
    """The network whose forecasts are the mean of its members', held as ``member_1``, ``member_2`` and so on.

    Args:
        members: networks that read the same.
        ridge: least squares beside them, of :func:`daycast.models.networks.ridge.fit_ridge`.
        share: its weight in the forecast; the members have the rest.
    """
    inputs = [keras.Input(each.shape[1:], dtype=each.dtype, name=each.name) for each in members[0].inputs]
    for number, member in enumerate(members, start=1):
        member.name = f"{_MEMBER}{number}"
    given = inputs[0] if len(inputs) == 1 else inputs
    forecasts = [member(given) for member in members]
    outputs = keras.layers.average(forecasts, name="mean") if len(forecasts) > 1 else forecasts[0]
    if ridge is not None:
        of_members = keras.layers.Rescaling(1 - share, name="share_of_members")(outputs)
        of_ridge = keras.layers.Rescaling(share, name="share_of_ridge")(ridge(inputs[0]))
        outputs = keras.layers.add([of_members, of_ridge], name="shared")
    return keras.Model(given, outputs, name="joined")


def members_of(network: Any) -> list[Any]:
    """The networks that :func:`join` joined, or the network itself."""
    members = [layer for layer in network.layers if isinstance(layer, keras.Model) and layer.name.startswith(_MEMBER)]
    return members or [network]


def _levelled(window: Any, known: Any, *, model: ModelSpec, frame: Frame) -> Any:
    recurrent = _segments if model.segmented else _steps
    if model.normalization == "none":
        return _informed(recurrent(window, model=model, frame=frame), known, model=model, frame=frame)
    centred, level, deviation = Level(model.normalization, name="level")(window)
    outputs = _informed(recurrent(centred, model=model, frame=frame), known, model=model, frame=frame)
    return Restore(frame.target, name="restore")(outputs, level, deviation)


def _informed(outputs: Any, known: Any, *, model: ModelSpec, frame: Frame) -> Any:
    """Each lead corrected by what is known of it, beside what is known of the first lead and what is forecast so far.

    The correction begins at nothing: what is known moves a forecast only as far as it was worth it in training.
    """
    if known is None:
        return outputs
    drawn = seeds(model.seed + _APART)
    first = keras.layers.Cropping1D((0, frame.horizon - 1), name="known_first")(known)
    repeated = keras.layers.UpSampling1D(frame.horizon, name="known_begin")(first)
    forecast = keras.layers.Reshape((frame.horizon, 1), name="known_forecast")(outputs)
    beside = keras.layers.Concatenate(name="known_beside")([known, repeated, forecast])
    kernel = keras.initializers.GlorotUniform(seed=next(drawn))
    hidden = keras.layers.Dense(_KNOWN_UNITS, "relu", kernel_initializer=kernel, name="known_read")(beside)
    moved = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros", name="known_moves")(hidden)
    return keras.layers.add(
        [outputs, keras.layers.Reshape((frame.horizon,), name="known_leads")(moved)], name="informed"
    )


def _steps(window: Any, *, model: ModelSpec, frame: Frame) -> Any:
    """Recurrent layers in a row, the last one's final state into a dense layer."""
    drawn = seeds(model.seed)
    return _leads(frame.horizon, drawn=drawn)(stacked(window, model=model, drawn=drawn))


def _leads(count: int, *, drawn: Iterator[int]) -> Any:
    kernel = keras.initializers.GlorotUniform(seed=next(drawn))
    return keras.layers.Dense(count, kernel_initializer=kernel, name="leads")


def _segments(window: Any, *, model: ModelSpec, frame: Frame) -> Any:
    """The recurrence over segments, a dense layer on the state of each segment of the horizon, and a linear path."""
    positions, drawn = -(-frame.horizon // model.segment), seeds(model.seed)
    recurrence = LAYERS[model.cell]
    layer = recurrence(
        model.cell.removeprefix("segment_"),
        units=model.units[0],
        segment=model.segment,
        positions=positions,
        seeds=[next(drawn) for _ in range(recurrence.DRAWN)],
        name="segments",
    )
    state = layer(window)
    if model.dropout:
        state = keras.layers.Dropout(model.dropout, seed=next(drawn), name="dropout")(state)
    leads = _leads(model.segment, drawn=drawn)(state)
    if model.linear:
        linear = _linear(window, segment=model.segment, positions=positions)
        leads = keras.layers.add([leads, linear], name="with_linear")
    steps = keras.layers.Reshape((positions * model.segment, 1), name="steps")(leads)
    within = keras.layers.Cropping1D((0, positions * model.segment - frame.horizon), name="within_horizon")(steps)
    return keras.layers.Reshape((frame.horizon,), name="horizon")(within)


def _linear(window: Any, *, segment: int, positions: int) -> Any:
    """Each place of a segment ahead from the same place of every segment behind, with the same weights at every place.

    Source: Lin et al., "SparseTSF: Modeling Long-term Time Series Forecasting with 1k Parameters", ICML 2024,
    https://arxiv.org/abs/2405.00946.
    """
    _, lookback, columns = window.shape
    count = lookback // segment
    segments = keras.layers.Reshape((count, segment, columns), name="linear_segments")(window)
    by_place = keras.layers.Permute((2, 1, 3), name="linear_places")(segments)
    flat = keras.layers.Reshape((segment, count * columns), name="linear_inputs")(by_place)
    ahead = keras.layers.Dense(positions, use_bias=False, kernel_initializer="zeros", name="linear")(flat)
    return keras.layers.Permute((2, 1), name="linear_leads")(ahead)
