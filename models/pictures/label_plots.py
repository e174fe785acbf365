"""Pictures of a run that tells labels: curves of accuracy, and how often what was told came."""

from collections.abc import Sequence

import numpy as np

from daycast.models.pictures.canvas import BLUE, INK, QUIET, TEXT_SIZE, as_matplotlib_ships, panel_of, svg_of
from daycast.models.scores.labels import Reliability


@as_matplotlib_ships
def draw_accuracy(training: Sequence[float], validation: Sequence[float], *, title: str) -> bytes:
    """The share told rightly of the training and of the validation part, by epoch.

    Returns:
        An SVG.
    """
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    figure, panel = panel_of(title, "told rightly")
    panel.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    panel.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    panel.set_xlabel("epoch", fontsize=TEXT_SIZE, color=QUIET, loc="right", labelpad=1)
    epochs = np.arange(1, len(training) + 1)
    panel.plot(epochs, training, color=INK, linewidth=1.2, marker="o", markersize=2.5, label="training")
    panel.plot(epochs, validation, color=BLUE, linewidth=1.6, marker="o", markersize=2.5, label="validation")
    return svg_of(figure, panel, bottom=0.2)


def accuracy_in_words(training: Sequence[float], validation: Sequence[float], *, title: str) -> str:
    """Where the two curves end."""
    return (
        f"{title} by epoch: after {len(training)} epochs {training[-1]:.1%} of the training part, "
        f"at best {max(validation):.1%} of the validation part."
    )


@as_matplotlib_ships
def draw_reliability(found: Reliability, *, title: str) -> bytes:
    """How often what was told with a probability came; on the line it is as often as that.

    Returns:
        An SVG.
    """
    from matplotlib.ticker import PercentFormatter

    figure, panel = panel_of(title, "came")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    panel.set_xlabel("told", fontsize=TEXT_SIZE, color=QUIET, loc="right", labelpad=1)
    first = min(float(found.told.min(initial=0.5)), float(found.right.min(initial=0.5)))
    panel.plot([first, 1.0], [first, 1.0], color=QUIET, linewidth=0.8, linestyle=":", label="as told")
    sizes = 8 + 70 * found.n / max(int(found.n.max(initial=1)), 1)
    panel.scatter(found.told, found.right, s=sizes, color=BLUE, label="documents")
    panel.set_xlim(first - 0.03, 1.03)
    panel.set_ylim(first - 0.05, 1.05)
    return svg_of(figure, panel, bottom=0.2)


def reliability_in_words(found: Reliability, *, title: str) -> str:
    """The most frequent certainty, and how often it was right."""
    if not len(found.n):
        return f"{title}: no document."
    most = int(found.n.argmax())
    return (
        f"{title}: of {int(found.n.sum())} documents {int(found.n[most])} were told with {found.told[most]:.0%} on the "
        f"mean, and {found.right[most]:.0%} of these came."
    )
