"""What errors are divided by, so that those of several series may be averaged."""

import numpy as np

from daycast.models.series.differencing import Floats
from daycast.models.series.panel import Panel

NEWEST = 1000
"""Steps that a scale is of: of a price that grew a thousandfold, the first years say nothing of an error today."""


def naive_scales(panel: Panel, *, until: np.datetime64) -> Floats:
    """The one-step naive MAE of each series over the newest steps up to an instant: what ``mase`` divides by.

    A series that has no step by then is measured over all of its steps.

    Args:
        panel: the rows.
        until: the end of the training part, UTC.

    Returns:
        ``(series,)`` in the target's unit; 1 for a series that never moves.

    Source: Hyndman, Koehler (2006), "Another look at measures of forecast accuracy", section 4.1, who take the whole
    training part; here its newest :data:`NEWEST` steps.
    """
    steps = np.abs(np.diff(panel.level, axis=1))
    there = np.isfinite(steps) & np.isfinite(panel.target[:, 1:])
    early = there & (panel.instants[1:] <= until)
    to_come = early[:, ::-1].cumsum(axis=1, dtype=np.int32)[:, ::-1]
    early &= to_come <= NEWEST
    chosen = np.where(early.any(axis=1, keepdims=True), early, there)
    sums, counts = np.where(chosen, steps, 0.0).sum(axis=1), chosen.sum(axis=1)
    return np.where(sums > 0, sums / np.maximum(counts, 1), 1.0)
