"""Some windows of one or many shards, as places in their rows: gathered a block at a time by whoever reads them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.alignment import Mask
from daycast.models.series.panel import Index, Panel
from daycast.models.series.windows import Windows, concatenate

_CELLS = 1 << 22
"""Values that the inputs of a block have at most: 16 MiB."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Portion:
    """What :class:`~.windows.Windows` of several shards would be, without their inputs and targets.

    A window takes eight bytes, where whole it takes four a step and column.

    Attributes:
        panels: the rows, of each shard.
        codes: ``(n,)`` int32, the series of each window among those of all panels.
        flat: ``(n,)`` int32, the place of its origin among the rows of its panel, series after series.
        ends: ``(panels,)`` where the windows of each panel end.
    """

    panels: tuple[Panel, ...]
    codes: NDArray[np.int32]
    flat: NDArray[np.int32]
    ends: NDArray[np.intp]

    @classmethod
    def of(cls, panel: Panel, index: Index) -> "Portion":
        """The windows of one shard at some places."""
        flat = index.codes * len(panel.instants) + index.places
        return cls(
            panels=(replace(panel),),  # without what it has worked out for others
            codes=index.codes.astype(np.int32),
            flat=flat.astype(np.int32),
            ends=np.array([len(index)]),
        )

    @classmethod
    def joined(cls, parts: Sequence["Portion"]) -> "Portion":
        """Those of one shard after the other."""
        starts = np.cumsum([0, *(len(part.names) for part in parts)]).astype(np.int32)
        return cls(
            panels=tuple(panel for part in parts for panel in part.panels),
            codes=np.concatenate([part.codes + start for part, start in zip(parts, starts[:-1], strict=True)]),
            flat=np.concatenate([part.flat for part in parts]),
            ends=np.cumsum([count for part in parts for count in np.diff(part.ends, prepend=0)]),
        )

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The series ids that ``codes`` point at."""
        return tuple(name for panel in self.panels for name in panel.names)

    @property
    def lookback(self) -> int:
        """Steps in."""
        return self.panels[0].lookback

    @property
    def features(self) -> int:
        """Columns that a network reads."""
        return int(self.panels[0].inputs.shape[2])

    @property
    def horizon(self) -> int:
        """Steps out."""
        return self.panels[0].horizon

    @property
    def origin(self) -> NDArray[np.datetime64]:
        """``(n,)`` datetime64[us]."""
        parts = np.split(self.flat.astype(np.intp), self.ends[:-1])
        found = []
        for panel, flat in zip(self.panels, parts, strict=True):
            codes, places = np.divmod(flat, len(panel.instants))
            found.append(panel.instants[places] + panel.shift[codes])
        return np.concatenate(found)

    def where(self, chosen: Mask | NDArray[np.intp] | slice) -> Windows:
        """The windows chosen by a mask, by ascending positions or by a slice, whole."""
        rows = _positions(chosen, len(self))
        owner = np.searchsorted(self.ends, rows, side="right")
        parts = [self._of_panel(int(place), rows[owner == place]) for place in np.unique(owner)]
        return concatenate(parts or [self._of_panel(0, rows)])

    def among(self, mask: Mask) -> "Portion":
        """Those chosen by a mask, as places still."""
        counts = [int(part.sum()) for part in np.split(mask, self.ends[:-1])]
        return replace(self, codes=self.codes[mask], flat=self.flat[mask], ends=np.cumsum(counts))

    def evenly(self, share: float, *, seed: int) -> "Portion":
        """A share of the windows of each panel, drawn evenly over series and time.

        Args:
            share: at most 1.
            seed: says where between two neighbours the drawing begins.
        """
        chosen = np.zeros(len(self), dtype=bool)
        for part in np.split(np.arange(len(self)), self.ends[:-1]):
            count = int(share * len(part))
            start = np.random.default_rng(seed).random()
            steps = (np.arange(count) + start) * (len(part) / max(count, 1))
            chosen[part if count >= len(part) else part[steps.astype(np.intp)]] = True
        return self.among(chosen)

    def _of_panel(self, place: int, rows: NDArray[np.intp]) -> Windows:
        panel = self.panels[place]
        windows = panel.windows(panel.at(*np.divmod(self.flat[rows].astype(np.intp), len(panel.instants))))
        return replace(windows, names=self.names, codes=self.codes[rows])


Part = Windows | Portion
"""Windows to be fitted on, whole or as places."""


def blocks(part: Part) -> Iterator[Windows]:
    """All windows in their order, some at a time."""
    size = max(1, _CELLS // (part.lookback * part.features))
    return (part.where(slice(start, start + size)) for start in range(0, len(part), size))


def _positions(chosen: Mask | NDArray[np.intp] | slice, count: int) -> NDArray[np.intp]:
    if isinstance(chosen, slice):
        return np.arange(*chosen.indices(count))
    return np.asarray(np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen)
