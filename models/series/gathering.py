"""Scaled rows, and where in them the windows lie that a network is fitted on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.inputs import steps_since_epoch
from daycast.models.series.panel import Panel
from daycast.models.series.portion import Part, Portion, blocks
from daycast.models.series.scaling import Scaler
from daycast.models.series.windows import Windows

_Rows = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Gathered:
    """What a network reads of ``n`` windows and shall give, each row once however many windows read it.

    The arrays may be tensors.

    Attributes:
        rows: ``(rows, features)`` float32, scaled.
        targets: ``(rows,)`` float32, scaled.
        reads: ``(n,)`` int32, the first row of each window; its targets follow its last one.
        places: ``(n, 2)`` int32, what learned cycles look up; none where there are no such.
        known: ``(m, horizon, columns)`` float32, what is known ahead at each of some origins; none where nothing is.
        known_at: ``(n,)`` int32, which of these each window's is.
        lookback, horizon: steps in and out.
    """

    rows: Any
    targets: Any
    reads: Any
    places: Any
    lookback: int
    horizon: int
    known: Any = None
    known_at: Any = None

    @classmethod
    def of(
        cls,
        inputs: NDArray[np.float32],
        targets: NDArray[np.float32],
        *,
        places: NDArray[np.int32] | None = None,
        known: NDArray[np.float32] | None = None,
    ) -> "Gathered":
        """Of windows ``(n, lookback, features)`` and their targets ``(n, horizon)``, which share no row."""
        (count, lookback, features), horizon = inputs.shape, targets.shape[1]
        rows = np.zeros((count, lookback + horizon, features), dtype=np.float32)
        told = np.zeros((count, lookback + horizon), dtype=np.float32)
        rows[:, :lookback], told[:, lookback:] = inputs, targets
        return cls(
            rows=rows.reshape(-1, features),
            targets=told.reshape(-1),
            reads=np.arange(count, dtype=np.int32) * (lookback + horizon),
            places=places,
            lookback=lookback,
            horizon=horizon,
            known=known,
            known_at=np.arange(count, dtype=np.int32),
        )

    def __len__(self) -> int:
        return len(self.reads)

    def block(self, start: int, stop: int) -> _Rows:
        """Some windows whole, ``(windows, lookback, features)``, and their targets ``(windows, horizon)``."""
        reads = np.asarray(self.reads)[start:stop, np.newaxis]
        targets = np.asarray(self.targets)[reads + np.arange(self.lookback, self.lookback + self.horizon)]
        return np.asarray(self.rows)[reads + np.arange(self.lookback)], targets


def gather(parts: Sequence[Part], *, scaler: Scaler, calendar: str | None) -> list[Gathered]:
    """Parts as a network is fitted on them; those of the same panels share their rows.

    Args:
        parts: of series that the scaler knows.
        scaler: of the network.
        calendar: of its learned cycles; none where it has none.

    Raises:
        DataError: a series is unknown to the scaler.
    """
    shared: dict[int, _Rows] = {}
    return [
        _of_portion(part, scaler, calendar, shared)
        if isinstance(part, Portion)
        else _of_windows(part, scaler, calendar)
        for part in parts
    ]


def _of_windows(windows: Windows, scaler: Scaler, calendar: str | None) -> Gathered:
    places = _places(scaler.rows(windows), windows.origin, calendar)
    return Gathered.of(scaler.inputs(windows), scaler.targets(windows), places=places, known=scaler.known(windows))


def _of_portion(portion: Portion, scaler: Scaler, calendar: str | None, shared: dict[int, _Rows]) -> Gathered:
    key = id(portion.panels)
    if key not in shared:
        shared[key] = _rows(portion.panels, scaler)
    rows, targets = shared[key]
    starts = np.cumsum([0, *(panel.target.size for panel in portion.panels)])
    counts = np.diff(portion.ends, prepend=0)
    known, place = _known(portion, scaler)
    return Gathered(
        rows=rows,
        targets=targets,
        reads=portion.flat + np.repeat(starts[:-1], counts).astype(np.int32) - np.int32(portion.lookback - 1),
        places=None if calendar is None else _places(scaler.rows(portion), portion.origin, calendar),
        lookback=portion.lookback,
        horizon=portion.horizon,
        known=known,
        known_at=place,
    )


def _known(portion: Portion, scaler: Scaler) -> tuple[NDArray[np.float32] | None, NDArray[np.int32] | None]:
    """What is known ahead, and which of it is each window's: facts of an origin are every series' alike."""
    facts, ahead = portion.panels[0].facts, portion.panels[0].ahead
    if ahead is not None:
        told = [known for block in blocks(portion) if (known := scaler.known(block)) is not None]
        return np.concatenate(told), np.arange(len(portion), dtype=np.int32)
    if facts is None:
        return None, None
    origins, place = np.unique(portion.origin, return_inverse=True)
    return facts.ahead(origins, portion.horizon), place.astype(np.int32)


def _rows(panels: Sequence[Panel], scaler: Scaler) -> _Rows:
    """The scaled rows and targets of all panels, one after the other; of a series unknown to the scaler, NaN."""
    sizes = [panel.target.size for panel in panels]
    rows = np.empty((sum(sizes), panels[0].inputs.shape[2]), dtype=np.float32)
    targets = np.empty(sum(sizes), dtype=np.float32)
    stop = 0
    for panel, size in zip(panels, sizes, strict=True):
        some = slice(stop, stop + size)
        rows[some], targets[some] = scaler.panel(panel)
        stop += size
    return rows, targets


def _places(rows: NDArray[np.intp], origin: NDArray[np.datetime64], calendar: str | None) -> NDArray[np.int32] | None:
    if calendar is None:
        return None
    return np.stack([rows, steps_since_epoch(origin, calendar=calendar)], axis=1).astype(np.int32)
