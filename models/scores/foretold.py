"""What is known of a horizon before it comes, by name, and what stands in for it where it is taken away.

Over its own horizon a fact may stand still: one day ahead there is one weekday, and a mean over that is the same
weekday. So what is known ahead is held against what is ordinary: a column of the feed against its mean over the
training part, a fact of the calendar against its mean over the history. Of a whole circle that mean is its middle,
which favours no hour and no weekday; of a holiday it is the share of the days that are free.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.facts import Facts
from daycast.models.series.scaling import Scaler
from daycast.models.series.windows import Windows
from daycast.storage.terms.facts import Fact


@dataclass(frozen=True, kw_only=True, eq=False)
class Foretold:
    """An input that is known of the horizon.

    Attributes:
        name: as the pipeline names it in ``known``.
        of: which array of the windows it stands in.
        columns: which columns of that it is.
        level: ``(n, columns)`` float32, of each window what stands in for it at every lead.
    """

    name: str
    of: Literal["known", "ahead"]
    columns: slice
    level: NDArray[np.float32]


def foretold(
    windows: Windows, *, facts: Facts | None, instants: NDArray[np.datetime64], columns: Sequence[str], scaler: Scaler
) -> list[Foretold]:
    """What is known of the horizon of windows, facts first.

    Args:
        windows: of series that the scaler knows.
        facts: what the calendar says; none where it is not asked.
        instants: ``(m,)`` datetime64[us], UTC, of the history over which a fact has its mean.
        columns: those that the feed tells, in the order in which ``windows.ahead`` has them.
        scaler: of the version that is explained.
    """
    found, start = [], 0
    of_facts = facts.of(instants).mean(axis=0, dtype=np.float64) if facts else np.zeros(0)
    for name in facts.names if facts else ():
        stop = start + Fact.parse(name).width
        found.append(_level(windows, name, of="known", columns=slice(start, stop), level=of_facts[start:stop]))
        start = stop
    if columns and scaler.ahead_mean is not None:
        means = scaler.ahead_mean[scaler.rows(windows)]
        for place, name in enumerate(columns):
            own = slice(place, place + 1)
            found.append(_level(windows, name, of="ahead", columns=own, level=means[:, own]))
    return found


def _level(
    windows: Windows, name: str, *, of: Literal["known", "ahead"], columns: slice, level: NDArray[np.float64]
) -> Foretold:
    shape = len(windows), columns.stop - columns.start
    return Foretold(name=name, of=of, columns=columns, level=np.broadcast_to(level, shape).astype(np.float32))
