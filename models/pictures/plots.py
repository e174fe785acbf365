"""Pictures of a run: arrays in, SVG out; each on a white card of its own, so that it reads on a dark page too.

A picture is one panel, drawn for the width of a phone: a page lays several of them beside or below each other.
"""

import functools
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.differencing import Floats

Times = NDArray[np.datetime64]
P = ParamSpec("P")

_INK, _QUIET, _BLUE, _ORANGE = "#1b1f24", "#57606a", "#0969da", "#bc4c00"
_PAPER, _GRID = "#ffffff", "#d8dee4"
_SIZE = (4.1, 2.5)
"""Inches of 96 pixels: 394 × 240."""
_TEXT = 8.5
_SVG: Any = {"svg.fonttype": "none", "svg.hashsalt": "daycast"}
_UNSIGNED = {"Date": None, "Creator": None, "Format": None, "Type": None}
_DECIMALS = re.compile(r"(\.\d\d)\d+")


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


def _as_matplotlib_ships(draw: Callable[P, bytes]) -> Callable[P, bytes]:
    """Draw with Matplotlib's own settings, whatever a ``matplotlibrc`` of the working folder or of the user says."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> bytes:
        import matplotlib.style as styles

        with styles.context("default"):
            return draw(*args, **kwargs)

    return drawn


@_as_matplotlib_ships
def draw_fan(fan: Fan) -> bytes:
    """The recent values, the forecast and its intervals.

    Returns:
        An SVG.
    """
    figure, panel = _panel(fan.title, fan.unit)
    _dates(panel)
    times = np.concatenate([fan.past_times[-1:], fan.times])
    panel.plot(fan.past_times, fan.past, color=_INK, linewidth=1.1, label="observed")
    for coverage, bounds in sorted(fan.bands.items(), reverse=True):
        lower, upper = (np.concatenate([fan.past[-1:], bound]) for bound in bounds)
        shade = 0.16 if coverage > 80 else 0.32
        panel.fill_between(times, lower, upper, color=_BLUE, alpha=shade, linewidth=0, label=f"{coverage} %")
    mean = np.concatenate([fan.past[-1:], fan.mean])
    panel.plot(times, mean, color=_BLUE, linewidth=1.8, label="forecast")
    if len(fan.times) == 1:
        panel.plot(fan.times, fan.mean, color=_BLUE, marker="o", markersize=3.5)
    return _svg(figure, panel)


@_as_matplotlib_ships
def draw_trace(trace: Trace) -> bytes:
    """Predicted against true over time.

    Returns:
        An SVG.
    """
    figure, panel = _panel(trace.title, trace.unit)
    _dates(panel)
    panel.plot(trace.times, trace.actual, color=_INK, linewidth=1.1, label="true")
    panel.plot(trace.times, trace.predicted, color=_ORANGE, linewidth=1.1, label="predicted one step ahead")
    return _svg(figure, panel)


@functools.lru_cache(maxsize=16)
@_as_matplotlib_ships
def draw_losses(losses: tuple[float, ...], validation: tuple[float, ...], *, title: str) -> bytes:
    """The loss on the training and on the validation part by epoch, the best epoch marked.

    They do not change once a version is trained: days that reuse it share the picture.

    Args:
        losses: one an epoch, in scaled units.
        validation: likewise.
        title: whose.

    Returns:
        An SVG.
    """
    from matplotlib.ticker import MaxNLocator

    figure, panel = _panel(title, "scaled units")
    panel.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    panel.set_xlabel("epoch", fontsize=_TEXT, color=_QUIET, loc="right", labelpad=1)
    epochs = np.arange(1, len(losses) + 1)
    best = int(np.argmin(validation))
    panel.plot(epochs, losses, color=_INK, linewidth=1.2, marker="o", markersize=2.5, label="training")
    panel.plot(epochs, validation, color=_BLUE, linewidth=1.6, marker="o", markersize=2.5, label="validation")
    panel.plot(
        epochs[best : best + 1],
        validation[best : best + 1],
        color=_BLUE,
        marker="o",
        markersize=7,
        markerfacecolor="none",
        linestyle="none",
        label=f"kept: epoch {best + 1}",
    )
    return _svg(figure, panel, bottom=0.2)


@_as_matplotlib_ships
def draw_weeks(weeks: Weeks) -> bytes:
    """Live skill, and how often actual values lay inside the 80 % interval, by week.

    Returns:
        An SVG.
    """
    from matplotlib.ticker import PercentFormatter

    figure, panel = _panel(weeks.title, "7 days each")
    _dates(panel)
    panel.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    panel.axhline(0.8, color=_QUIET, linewidth=0.8, linestyle=":")
    panel.axhline(0.0, color=_QUIET, linewidth=0.8)
    panel.plot(
        weeks.times, weeks.coverage_80, color=_BLUE, linewidth=1.6, marker="o", markersize=3, label="in the 80 %"
    )
    panel.plot(weeks.times, weeks.skill, color=_ORANGE, linewidth=1.6, marker="o", markersize=3, label="skill")
    panel.set_ylim(min(-0.1, max(-1.0, float(np.nanmin([*weeks.skill, 0.0])) - 0.1)), 1.05)
    return _svg(figure, panel)


def _panel(title: str, unit: str) -> tuple[Any, Any]:
    # Without pyplot: it keeps figures of its own, and a flow may draw in a thread.
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, facecolor=_PAPER)
    panel = figure.add_subplot()
    panel.tick_params(labelsize=_TEXT, colors=_INK, length=2.5)
    panel.grid(color=_GRID, linewidth=0.6)
    panel.spines[["top", "right"]].set_visible(False)
    panel.spines[["left", "bottom"]].set_color(_GRID)
    heading = figure.text(0.025, 0.975, title, fontsize=9.5, fontweight="bold", color=_INK, va="top")
    heading.set_parse_math(False)
    figure.text(0.975, 0.975, unit, fontsize=_TEXT, color=_QUIET, va="top", ha="right").set_parse_math(False)
    return figure, panel


def _dates(panel: Any) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=2, maxticks=7)  # type: ignore[no-untyped-call]
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    panel.xaxis.get_offset_text().set_fontsize(_TEXT)


def _svg(figure: Any, panel: Any, *, bottom: float = 0.175) -> bytes:
    """The figure as SVG, byte for byte the same for the same arrays."""
    import matplotlib as mpl

    figure.subplots_adjust(left=0.14, right=0.975, top=0.775, bottom=bottom)
    panel.margins(x=0.01)
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(0.01, 0.915),
        ncols=len(labels),
        frameon=False,
        fontsize=_TEXT,
        handlelength=1.4,
        columnspacing=1.2,
        labelcolor=_INK,
    )
    buffer = io.StringIO()
    with mpl.rc_context(_SVG):
        figure.savefig(buffer, format="svg", metadata=_UNSIGNED)
    return _slim(buffer.getvalue()).encode()


def _slim(svg: str) -> str:
    """The picture alone: no preamble, the reader's own font, and curves to a hundredth of a point."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r">\n\s*<", "><", svg)
    svg = re.sub(r"font-family: [^;<>\"]*sans-serif", "font-family: sans-serif", svg)
    svg = re.sub(r' transform="rotate\(-0 [^"]*"', "", svg)
    return re.sub(r' d="[^"]*"', lambda path: _DECIMALS.sub(r"\1", path[0]).replace("\n", ""), svg)
