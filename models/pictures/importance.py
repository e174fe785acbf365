"""How much each setting mattered in a search."""

from collections.abc import Mapping

import numpy as np

from daycast.models.pictures.canvas import BLUE, INK, QUIET, TEXT_SIZE, as_matplotlib_ships, panel_of, svg_of


@as_matplotlib_ships
def draw_importance(weights: Mapping[str, float], *, title: str) -> bytes:
    """A bar a setting, the greatest on top.

    Args:
        weights: shares of the errors' spread, by setting, the greatest first.
        title: whose.

    Returns:
        An SVG.
    """
    from matplotlib.ticker import PercentFormatter

    figure, panel = panel_of(title, "")
    places = np.arange(len(weights))
    panel.barh(places, list(weights.values()), height=0.6, color=BLUE, label="share of the errors' spread")
    panel.set_yticks([])
    for place, (name, share) in enumerate(weights.items()):
        panel.text(share + 0.02, place, name.replace("_", " "), fontsize=TEXT_SIZE, color=INK, va="center")
    panel.set_xlim(0, 1.35 * max([*weights.values(), 0.1]))
    panel.invert_yaxis()
    panel.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    panel.set_xlabel("functional ANOVA over the trials", fontsize=TEXT_SIZE, color=QUIET, loc="right", labelpad=1)
    return svg_of(figure, panel, bottom=0.2)
