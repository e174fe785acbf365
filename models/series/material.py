"""The windows of a shard, cut into their parts, and the ones whose future is not known yet."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.latest import Latest
from daycast.models.series.panel import Index, Panel
from daycast.models.series.splits import Bounds, Parts, cut
from daycast.models.series.windows import Windows

_TAIL = 500
NEWEST = 500
"""Windows of a series at most that say how wide its intervals are now, the newest; see docs/accuracy.md."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Material:
    """What a network is fitted on, what forecasters are held against, and what is forecast from.

    Windows are gathered when they are asked for, of one part at a time.

    Attributes:
        panel: the shard's rows.
        bounds: where the parts end.
        latest: one window a series, its origin the last instant.
    """

    panel: Panel
    bounds: Bounds
    latest: Latest

    @cached_property
    def parts(self) -> Parts:
        """Which of the panel's windows are in which part."""
        return cut(self.panel.index, bounds=self.bounds)

    @property
    def training_index(self) -> Index:
        """Where what networks are fitted on begins."""
        return self.panel.index.where(self.parts.training)

    @property
    def validation_index(self) -> Index:
        """Where what stops a fit begins."""
        return self.panel.index.where(self.parts.validation)

    @property
    def training(self) -> Windows:
        """What networks are fitted on."""
        return self.panel.windows(self.training_index)

    @property
    def training_tail(self) -> Windows:
        """The last of what networks are fitted on, some hundreds over all series: enough for a picture."""
        training = self.training_index
        counts = np.bincount(training.codes, minlength=len(self.panel))
        each = max(1, _TAIL // max(1, int(np.count_nonzero(counts))))
        return self.panel.windows(training.where(np.arange(len(training)) >= counts.cumsum()[training.codes] - each))

    @cached_property
    def realised(self) -> Windows:
        """The newest windows of each series that networks are not fitted on and whose targets are known."""
        return self.panel.windows(self.panel.index.where(self._newest))

    @cached_property
    def elsewhere(self) -> Windows:
        """Those of them that are in no part: across the end of one, or after the test part."""
        return self.panel.windows(self.panel.index.where(self._newest & ~self.parts.validation & ~self.parts.test))

    @cached_property
    def _newest(self) -> NDArray[np.bool_]:
        index, (begin, _) = self.panel.index, self.bounds.span("validation")
        late = index.origin >= begin
        to_come = np.bincount(index.codes, minlength=len(self.panel)).cumsum()[index.codes] - np.arange(len(index))
        return np.asarray(late & (to_come <= NEWEST))

    @cached_property
    def validation(self) -> Windows:
        """What stops a fit, and chooses between forecasters."""
        return self.panel.windows(self.validation_index)

    @cached_property
    def test(self) -> Windows:
        """What the published errors are of."""
        return self.panel.windows(self.panel.index.where(self.parts.test))
