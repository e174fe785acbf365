"""The validation part in four blocks of time: two say when a training stops, the other two what it is worth.

What stops a training flatters it; what judges must not have stopped it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.panel import Index
from daycast.models.series.splits import Bounds, cut
from daycast.storage.terms.errors import DataError

BLOCKS = 4
_LEAST = 10
"""Windows that each half must have, and ten times as many the training part."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Halves:
    """Where the parts are that a trial reads; nothing of the test part is among them.

    Attributes:
        bounds: of training, validation and test.
    """

    bounds: Bounds

    def training(self, index: Index) -> NDArray[np.bool_]:
        """Windows to be fitted on."""
        return cut(index, bounds=self.bounds).training

    def stopping(self, index: Index) -> NDArray[np.bool_]:
        """Windows whose targets all lie in the first or in the third block."""
        return self._within(index, (0, 2))

    def judging(self, index: Index) -> NDArray[np.bool_]:
        """Windows whose targets all lie in the second or in the fourth block."""
        return self._within(index, (1, 3))

    def _within(self, index: Index, blocks: tuple[int, int]) -> NDArray[np.bool_]:
        begin, end = self.bounds.span("validation")
        edges = [begin + (end - begin) * place // BLOCKS for place in range(BLOCKS)] + [end]
        inside = [(index.origin >= edges[block]) & (index.end <= edges[block + 1]) for block in blocks]
        return np.asarray(np.logical_or.reduce(inside))


def require(pipeline: str, counts: tuple[int, int, int]) -> None:
    """Hold a history to what a search needs.

    Args:
        pipeline: its name.
        counts: windows to be fitted on, that stop, and that judge.

    Raises:
        DataError: there are too few.
    """
    training, stopping, judging = counts
    if training < 10 * _LEAST or min(stopping, judging) < _LEAST:
        raise DataError(
            f"{pipeline}: a search needs {10 * _LEAST} training windows, and of the validation part {_LEAST} that say "
            f"when to stop and {_LEAST} that judge, in two blocks of its time each. Received: {training}, {stopping} "
            f"and {judging}. Fetch more history, or set split.validation higher or the horizon lower."
        )
