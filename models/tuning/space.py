"""The settings that a search may change, and the pipeline with some of them changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from daycast.models.series.differencing import POSITIVE
from daycast.storage.terms.cells import CELLS
from daycast.storage.terms.pipeline import Pipeline

Settings = Mapping[str, Any]
"""Values by the names of choices."""

_CELLS = ("gru", "lstm")
_SEGMENTED = "segment_gru"
_UNITS = ("16", "32", "64", "128")
_DROPOUTS = (0.0, 0.1, 0.2, 0.3, 0.5)
_RIDGES = (0.0, 0.25, 0.5)
_RATES = (3e-4, 1e-2)
_LONGEST_SHARE = 8
"""A lookback tried is at most the training part divided by this."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What one setting may be.

    Attributes:
        name: of the setting.
        values: those to choose from; empty where it is a number between two.
        between: the least and the greatest, tried on a logarithmic scale.
    """

    name: str
    values: tuple[Any, ...] = ()
    between: tuple[float, float] = (0.0, 0.0)


def current(spec: Pipeline) -> dict[str, Any]:
    """The table as it is, by the names of choices."""
    model = spec.model
    return {
        "cell": model.cell,
        "units": "-".join(map(str, model.units)),
        "lookback": spec.lookback,
        "learning_rate": model.learning_rate,
        "dropout": model.dropout,
        "level": f"{spec.difference_of(spec.target)}+{model.normalization}",
        "ridge_share": model.ridge_share,
    }


def choices(spec: Pipeline, *, training: int) -> tuple[Choice, ...]:
    """What may be tried for a pipeline; what it says now is among it.

    Args:
        spec: the pipeline.
        training: instants of the training part.
    """
    now = current(spec)
    lookbacks = _lookbacks(spec, training=training)
    segments = _segmentable(spec, lookbacks) or CELLS[spec.model.cell].reads == "segments"
    cells = (*_CELLS, *([_SEGMENTED] if segments else []))
    low, high = _RATES
    found = {
        "cell": Choice(name="cell", values=_with(now["cell"], cells)),
        "units": Choice(name="units", values=_with(now["units"], _UNITS)),
        "lookback": Choice(name="lookback", values=lookbacks),
        "learning_rate": Choice(
            name="learning_rate", between=(min(low, now["learning_rate"]), max(high, now["learning_rate"]))
        ),
        "dropout": Choice(name="dropout", values=_with(now["dropout"], _DROPOUTS)),
        "level": Choice(name="level", values=_with(now["level"], _levels(spec))),
        "ridge_share": Choice(name="ridge_share", values=_with(now["ridge_share"], _RIDGES)),
    }
    widest = {**now, "lookback": lookbacks[-1], "ridge_share": _RIDGES[-1]}
    try:
        applied(spec, widest)
    except ValueError:  # least squares of so wide a window are not solved
        found["ridge_share"] = Choice(name="ridge_share", values=(now["ridge_share"],))
    return tuple(each for each in found.values() if len(each.values) != 1)


def applied(spec: Pipeline, settings: Settings) -> Pipeline:
    """The pipeline with these settings in place of its own.

    Raises:
        ValueError: they do not go together.
    """
    chosen = {**current(spec), **settings}
    difference, normalization = str(chosen["level"]).split("+")
    table = spec.model_dump(exclude_unset=True)
    table["lookback"] = int(chosen["lookback"])
    if difference != spec.difference_of(spec.target):
        kinds = {column: spec.difference_of(column) for column in spec.columns} | {spec.target: difference}
        table["difference"] = difference if set(kinds.values()) == {difference} else kinds
    table["model"] = _model(spec, chosen) | {"normalization": normalization}
    return type(spec).model_validate(table)


def longest(spec: Pipeline, *, training: int) -> Pipeline:
    """The pipeline with the longest lookback that may be tried: an origin that it can read, all of them can."""
    lookback = max(_lookbacks(spec, training=training))
    return spec.model_copy(update={"lookback": lookback})


def _model(spec: Pipeline, chosen: Settings) -> dict[str, Any]:
    """The table ``model``, without keys that belong to cells of another reading, and ridges that have no share."""
    model = spec.model.model_dump(exclude_unset=True)
    cell = str(chosen["cell"])
    units = tuple(int(part) for part in str(chosen["units"]).split("-"))
    reads = CELLS[cell].reads
    strange = ("segment", "linear", "ridges") if reads == "steps" else ("bidirectional",)
    idle = () if chosen["ridge_share"] else ("ridges",)
    kept = {key: value for key, value in model.items() if key not in (*strange, *idle)}
    if reads == "segments":
        kept["segment"] = kept.get("segment", spec.season_length)
        units = units[:1]
    changed = {name: chosen[name] for name in ("learning_rate", "dropout", "ridge_share")}
    return {**kept, "cell": cell, "units": units, **changed}


def _lookbacks(spec: Pipeline, *, training: int) -> tuple[int, ...]:
    """The lookback, half of it and two times it, in whole segments or seasons where it is that already."""
    unit = spec.model.segment if spec.model.segmented else spec.season_length
    unit = 1 if spec.lookback % unit else unit
    tried = {max(unit, round(spec.lookback * factor / unit) * unit) for factor in (0.5, 1, 2, 4)}
    most = max(spec.lookback, training // _LONGEST_SHARE)
    return tuple(sorted(each for each in tried if each <= most))


def _segmentable(spec: Pipeline, lookbacks: tuple[int, ...]) -> bool:
    """Whether each lookback is several whole seasons."""
    season = spec.season_length
    return season > 1 and all(each % season == 0 and each >= 2 * season for each in lookbacks)


def _levels(spec: Pipeline) -> tuple[str, ...]:
    """Kinds of difference of the target and of normalization, one after the other."""
    if spec.target not in spec.features or spec.model.cycle:
        return ()
    kind = spec.difference_of(spec.target)
    kinds = [kind, *(["log"] if kind in POSITIVE else []), "absolute"]
    return (*(f"{each}+none" for each in dict.fromkeys(kinds)), "none+last", "none+mean")


def _with(value: Any, values: tuple[Any, ...]) -> tuple[Any, ...]:
    return values if value in values else (value, *values)
