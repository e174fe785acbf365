"""What moved a forecast, drawn and in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from daycast.models.pictures.canvas import BLUE, INK, ORANGE, QUIET, TEXT_SIZE, as_matplotlib_ships, panel_of, svg_of
from daycast.models.scores.explaining import REST
from daycast.models.series.differencing import Floats

_COLOURS = (BLUE, ORANGE, "#1a7f37")
"""Of the features that do most; the others are one, in grey."""
_NAME = 14
_REST = "others"
_AHEAD = "ahead"


@dataclass(frozen=True, kw_only=True, eq=False)
class Reasons:
    """What moved one forecast.

    Attributes:
        title: the series.
        unit: of the target.
        steps: ``ahead`` where anything is known of the horizon, and the groups of past steps, newest first, such as
            ``4–7``.
        effects: by feature, the one that does most first, ``(groups,)`` each, on the mean over the leads.
        level: what is forecast of a window at its own level.
        forecast: the mean over the leads.
    """

    title: str
    unit: str
    steps: tuple[str, ...]
    effects: Mapping[str, Floats]
    level: float
    forecast: float


def reasons(rows: Sequence[Mapping[str, Any]], *, unit: str) -> Reasons:
    """What the rows of ``explanations`` of one series and origin say.

    Args:
        rows: all of them.
        unit: of the target.
    """
    groups = sorted({(row["step"], row["step_to"]) for row in rows if row["step"]})
    at = {step: place for place, (step, _) in enumerate(groups)}
    found: dict[str, Floats] = {}
    for row in rows:
        if row["step"]:
            found.setdefault(row["feature"], np.zeros(len(groups)))[at[row["step"]]] = row["effect"]
    ranked = sorted(found, key=lambda name: (name == REST, -float(np.abs(found[name]).sum()), name))
    shown = ranked if len(ranked) <= len(_COLOURS) and REST not in ranked else ranked[: len(_COLOURS)]
    effects = {name: found[name] for name in shown if name != REST}
    rest = [found[name] for name in ranked if name not in effects]
    if rest:
        effects[_REST] = np.sum(rest, axis=0)
    return Reasons(
        title=f"{rows[0]['series_id']}: what moved it",
        unit=unit,
        steps=tuple(_group(step, step_to) for step, step_to in groups),
        effects=effects,
        level=float(sum(row["effect"] for row in rows if not row["step"])),
        forecast=float(sum(row["effect"] for row in rows)),
    )


def _group(step: int, step_to: int) -> str:
    """What a group of steps is called: of those before 0, the leads, there is one."""
    if step < 0:
        return _AHEAD
    return str(step) if step == step_to else f"{step}–{step_to}"


@as_matplotlib_ships
def draw_reasons(shown: Reasons) -> bytes:
    """A bar a group of steps, what is known ahead on top, then the newest, cut by feature.

    Returns:
        An SVG.
    """
    figure, panel = panel_of(shown.title, shown.unit)
    places = np.arange(len(shown.steps))
    below, above = np.zeros(len(places)), np.zeros(len(places))
    colours = [*_COLOURS[: len(shown.effects) - (_REST in shown.effects)], QUIET]
    for (name, effect), colour in zip(shown.effects.items(), colours, strict=False):
        start = np.where(effect < 0, below, above)
        label = name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
        panel.barh(places, effect, left=start, height=0.7, color=colour, label=label)
        below, above = below + np.minimum(effect, 0), above + np.maximum(effect, 0)
    panel.axvline(0.0, color=INK, linewidth=0.8)
    panel.set_yticks(places, shown.steps)
    panel.invert_yaxis()
    told = "effect on the mean forecast, by steps back"
    panel.set_xlabel(told, fontsize=TEXT_SIZE, color=QUIET, loc="right", labelpad=1)
    return svg_of(figure, panel, bottom=0.2)


def reasons_in_words(shown: Reasons) -> str:
    """The largest effect, and from where to where all of them lead."""
    largest = max(
        ((abs(effect), name, place) for name, of in shown.effects.items() for place, effect in enumerate(of)),
        default=(0.0, "", 0),
    )
    _, name, place = largest
    where = "known ahead" if shown.steps[place] == _AHEAD else f"{shown.steps[place]} steps back"
    told = f"{name} {where} by {shown.effects[name][place]:+.4g}" if name else "nothing"
    return (
        f"{shown.title}: from {shown.level:.5g}, forecast of a window at its own level, to {shown.forecast:.5g} "
        f"{shown.unit}".rstrip()
        + f"; most by {told}."
    )
