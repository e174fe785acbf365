"""Pictures of forecasts: arrays in, PNG bytes out; readable on a white and on a dark page, and at a phone's width."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.differencing import Floats

Times = NDArray[np.datetime64]

_INK, _BLUE, _PAPER, _GRID = "#1b1f24", "#1f6feb", "#ffffff", "#d0d7de"
_WIDTH, _PANEL_HEIGHT, _DPI = 7.2, 2.6, 100


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


def draw_fans(fans: Sequence[Fan]) -> bytes:
    """One panel a series, below each other.

    Returns:
        A PNG, 720 pixels wide.
    """
    figure, panels = _figure(len(fans))
    for panel, fan in zip(panels, fans, strict=True):
        _fan(panel, fan)
    panels[0].legend(loc="upper left", frameon=False, fontsize=8)
    return _png(figure)


def _fan(panel: Any, fan: Fan) -> None:
    origin, level = fan.past_times[-1:], fan.past[-1:]
    times = np.concatenate([origin, fan.times])
    panel.plot(fan.past_times, fan.past, color=_INK, linewidth=1.2, label="observed")
    for coverage, (lower, upper) in sorted(fan.bands.items(), reverse=True):
        edges = [np.concatenate([level, edge]) for edge in (lower, upper)]
        panel.fill_between(
            times, *edges, color=_BLUE, alpha=0.15 if coverage > 80 else 0.3, linewidth=0, label=f"{coverage} %"
        )
    panel.plot(times, np.concatenate([level, fan.mean]), color=_BLUE, linewidth=1.8, label="forecast")
    panel.set_title(fan.title, fontsize=10, loc="left", color=_INK)
    panel.set_ylabel(fan.unit, fontsize=8)


def _figure(count: int) -> tuple[Any, list[Any]]:
    # Without pyplot: it keeps figures of its own, and a flow may draw in a thread.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, _PANEL_HEIGHT * count), dpi=_DPI, facecolor=_PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    panels = [figure.add_subplot(count, 1, row + 1) for row in range(count)]
    for panel in panels:
        locator = AutoDateLocator(maxticks=7)  # type: ignore[no-untyped-call]
        panel.xaxis.set_major_locator(locator)
        panel.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        panel.tick_params(labelsize=8, colors=_INK)
        panel.grid(color=_GRID, linewidth=0.5)
        panel.spines[["top", "right"]].set_visible(False)
    return figure, panels


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
