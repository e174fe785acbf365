"""What every picture is drawn on: one panel on a white card, so that it reads on a dark page too."""

import functools
import io
import re
from collections.abc import Callable
from typing import Any, ParamSpec

P = ParamSpec("P")

INK, QUIET, BLUE, ORANGE = "#1b1f24", "#57606a", "#0969da", "#bc4c00"
PAPER, GRID = "#ffffff", "#d8dee4"
_SIZE = (4.1, 2.5)
"""Inches of 96 pixels: 394 × 240."""
TEXT_SIZE = 8.5
_SVG: Any = {"svg.fonttype": "none", "svg.hashsalt": "daycast"}
_UNSIGNED = {"Date": None, "Creator": None, "Format": None, "Type": None}
_DECIMALS = re.compile(r"(\.\d\d)\d+")


def as_matplotlib_ships(draw: Callable[P, bytes]) -> Callable[P, bytes]:
    """Draw with Matplotlib's own settings, whatever a ``matplotlibrc`` of the working folder or of the user says."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> bytes:
        import matplotlib.style as styles

        with styles.context("default"):
            return draw(*args, **kwargs)

    return drawn


def panel_of(title: str, unit: str) -> tuple[Any, Any]:
    """A figure and its panel."""
    # Without pyplot: it keeps figures of its own, and a flow may draw in a thread.
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, facecolor=PAPER)
    panel = figure.add_subplot()
    panel.tick_params(labelsize=TEXT_SIZE, colors=INK, length=2.5)
    panel.grid(color=GRID, linewidth=0.6)
    panel.spines[["top", "right"]].set_visible(False)
    panel.spines[["left", "bottom"]].set_color(GRID)
    heading = figure.text(0.025, 0.975, title, fontsize=9.5, fontweight="bold", color=INK, va="top")
    heading.set_parse_math(False)
    figure.text(0.975, 0.975, unit, fontsize=TEXT_SIZE, color=QUIET, va="top", ha="right").set_parse_math(False)
    return figure, panel


def dates(panel: Any) -> None:
    """Let the horizontal axis tell dates."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=2, maxticks=7)  # type: ignore[no-untyped-call]
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    panel.xaxis.get_offset_text().set_fontsize(TEXT_SIZE)


def svg_of(figure: Any, panel: Any, *, bottom: float = 0.175) -> bytes:
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
        fontsize=TEXT_SIZE,
        handlelength=1.4,
        columnspacing=1.2,
        labelcolor=INK,
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
