"""Pictures of a run: arrays in, SVG out; each on a white card of its own, so that it reads on a dark page too.

A picture is one panel, drawn for the width of a phone: a page lays several of them beside or below each other.
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daycast.models.pictures.canvas import (
    BLUE,
    INK,
    ORANGE,
    QUIET,
    TEXT_SIZE,
    as_matplotlib_ships,
    dates,
    panel_of,
    svg_of,
)
from daycast.models.series.differencing import Floats

Times = NDArray[np.datetime64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Fan:
    """A forecast beside what came before it.

    Attributes:
        title: the series, and what serves it.
        unit: of the values.
        past_times: ``(m,)`` instants, UTC.
        past: ``(m,)`` observed values, the one at the origin last.
        times: ``(horizon,)`` instants, UTC.
        mean: ``(horizon,)``.
        bands: by nominal coverage in per cent, lower and upper bounds ``(horizon,)``.
    """

    title: str
    unit: str
    past_times: Times
    past: Floats
    times: Times
    mean: Floats
    bands: dict[int, tuple[Floats, Floats]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Trace:
    """What was predicted one step ahead, beside what came.

    Attributes:
        title: the series and the part of the history.
        unit: of the values.
        times: ``(n,)`` instants that the values are of, UTC.
        actual: ``(n,)``.
        predicted: ``(n,)``.
    """

    title: str
    unit: str
    times: Times
    actual: Floats
    predicted: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Weeks:
    """How forecasts had turned out, week by week.

    Attributes:
        title: whose.
        times: ``(n,)`` when each week was told, UTC.
        skill: ``(n,)``, not a number where it is not known.
        coverage_80: ``(n,)`` shares, likewise.
    """

    title: str
    times: Times
    skill: Floats
    coverage_80: Floats


@as_matplotlib_ships
def draw_fan(fan: Fan) -> bytes:
    """The recent values, the forecast and its intervals.

    Returns:
        An SVG.
    """
    figure, panel = panel_of(fan.title, fan.unit)
    dates(panel)
    times = np.concatenate([fan.past_times[-1:], fan.times])
    panel.plot(fan.past_times, fan.past, color=INK, linewidth=1.1, label="observed")
    for coverage, bounds in sorted(fan.bands.items(), reverse=True):
        lower, upper = (np.concatenate([fan.past[-1:], bound]) for bound in bounds)
        shade = 0.16 if coverage > 80 else 0.32
        panel.fill_between(times, lower, upper, color=BLUE, alpha=shade, linewidth=0, label=f"{coverage} %")
    mean = np.concatenate([fan.past[-1:], fan.mean])
    panel.plot(times, mean, color=BLUE, linewidth=1.8, label="forecast")
    if len(fan.times) == 1:
        panel.plot(fan.times, fan.mean, color=BLUE, marker="o", markersize=3.5)
    return svg_of(figure, panel)


@as_matplotlib_ships
def draw_trace(trace: Trace) -> bytes:
    """Predicted against true over time.

    Returns:
        An SVG.
    """
    figure, panel = panel_of(trace.title, trace.unit)
    dates(panel)
    panel.plot(trace.times, trace.actual, color=INK, linewidth=1.1, label="true")
    panel.plot(trace.times, trace.predicted, color=ORANGE, linewidth=1.1, label="predicted one step ahead")
    return svg_of(figure, panel)


@functools.lru_cache(maxsize=16)
@as_matplotlib_ships
def draw_losses(
    losses: tuple[float, ...], validation: tuple[float, ...], *, title: str, unit: str = "scaled units"
) -> bytes:
    """The loss on the training and on the validation part by epoch, the best epoch marked.

    They do not change once a version is trained: days that reuse it share the picture.

    Args:
        losses: one an epoch, in scaled units.
        validation: likewise.
        title: whose.
        unit: of the loss.

    Returns:
        An SVG.
    """
    from matplotlib.ticker import MaxNLocator

    figure, panel = panel_of(title, unit)
    panel.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    panel.set_xlabel("epoch", fontsize=TEXT_SIZE, color=QUIET, loc="right", labelpad=1)
    epochs = np.arange(1, len(losses) + 1)
    best = int(np.argmin(validation))
    panel.plot(epochs, losses, color=INK, linewidth=1.2, marker="o", markersize=2.5, label="training")
    panel.plot(epochs, validation, color=BLUE, linewidth=1.6, marker="o", markersize=2.5, label="validation")
    panel.plot(
        epochs[best : best + 1],
        validation[best : best + 1],
        color=BLUE,
        marker="o",
        markersize=7,
        markerfacecolor="none",
        linestyle="none",
        label=f"kept: epoch {best + 1}",
    )
    return svg_of(figure, panel, bottom=0.2)


@as_matplotlib_ships
def draw_weeks(weeks: Weeks) -> bytes:
    """Live skill, and how often actual values lay inside the 80 % interval, by week.

    Returns:
        An SVG.
    """
    from matplotlib.ticker import PercentFormatter

    figure, panel = panel_of(weeks.title, "7 days each")
    dates(panel)
    panel.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    panel.axhline(0.8, color=QUIET, linewidth=0.8, linestyle=":")
    panel.axhline(0.0, color=QUIET, linewidth=0.8)
    panel.plot(weeks.times, weeks.coverage_80, color=BLUE, linewidth=1.6, marker="o", markersize=3, label="in the 80 %")
    panel.plot(weeks.times, weeks.skill, color=ORANGE, linewidth=1.6, marker="o", markersize=3, label="skill")
    panel.set_ylim(min(-0.1, max(-1.0, float(np.nanmin([*weeks.skill, 0.0])) - 0.1)), 1.05)
    return svg_of(figure, panel)
