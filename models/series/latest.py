"""The windows that forecasts are made from: one a series, whatever of it is there."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.alignment import Levels
from daycast.models.series.panel import Panel, usable
from daycast.models.series.windows import Windows
from daycast.storage.terms.pipeline import Pipeline

_CARRIED_SHARE = 0.1
"""Share of a lookback that may be carried over for a forecast: a sensor that is out for some hours of a week."""


class State(IntEnum):
    """What a series' latest window has, and so what can forecast from it."""

    WHOLE = 0
    """Everything: the network and every baseline."""
    CARRIED = 1
    """All but a gap longer than ``fill_limit``, over which the last values were carried: the same."""
    LEVELS = 2
    """The levels of the last season: every baseline."""
    LAST = 3
    """A last level: the naive forecast and the drift."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Latest:
    """The latest window of each series that has any level, in the order of the panel.

    Attributes:
        windows: their targets are NaN.
        state: ``(n,)`` int8, a :class:`State` each.
        missing: ``(n,)`` int32, instants of its lookback at which something was not observed.
        length: ``(n,)`` int32, instants from the series' first level to its last.
        unknown: ``(n,)`` int32, leads of which the feed had not said all that is known ahead; none where it is not
            asked.
    """

    windows: Windows
    state: NDArray[np.int8]
    missing: NDArray[np.int32]
    length: NDArray[np.int32]
    unknown: NDArray[np.int32] | None = None


def latest(levels: Levels, *, panel: Panel, spec: Pipeline) -> Latest:
    """Cut each series' latest window, with gaps carried over as far as a forecast bears it.

    Where nothing is missing it is the window that training reads.

    Args:
        levels: the series.
        panel: of these levels, carried over ``spec.fill_limit``.
        spec: the pipeline.
    """
    carried = Panel.of(levels, spec=spec, limit=None)
    codes = np.flatnonzero(panel.last >= 0)
    places = panel.last[codes]
    whole, filled = panel.ready[codes, places], carried.ready[codes, places]
    observed = np.isfinite(usable(levels, spec)).all(axis=2)
    before = np.cumsum(np.pad(~observed, ((0, 0), (1, 0))), axis=1)
    first = panel.first[codes]
    missing: NDArray[np.intp] = before[codes, places + 1] - before[codes, np.maximum(places + 1 - spec.lookback, first)]
    bearable = filled & (missing <= max(spec.fill_limit, int(_CARRIED_SHARE * spec.lookback)))
    windows = carried.latest(codes, places)
    season = np.isfinite(windows.past).all(axis=1)
    state = np.select([whole, bearable, season], [State.WHOLE, State.CARRIED, State.LEVELS], State.LAST)
    return Latest(
        windows=windows,
        state=state.astype(np.int8),
        missing=missing.astype(np.int32),
        length=(places - first + 1).astype(np.int32),
    )
