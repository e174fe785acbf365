"""A run's windows, cut into their parts, and the ones whose future is not known yet."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from daycast.models.series.columns import Columns, from_columns, from_table
from daycast.models.series.splits import Parts, cut
from daycast.models.series.windows import Windows
from daycast.storage.terms.pipeline import Pipeline

_TAIL = 500


@dataclass(frozen=True, kw_only=True, eq=False)
class Material:
    """What a network is fitted on, what forecasters are held against, and what is forecast from.

    Attributes:
        windows: those whose targets are known.
        parts: which of them are in which part.
        latest: one a series, its origin the last instant; the targets are NaN.
    """

    windows: Windows
    parts: Parts
    latest: Windows

    @property
    def training(self) -> Windows:
        """What networks are fitted on."""
        return self.windows.where(self.parts.training)

    @property
    def training_tail(self) -> Windows:
        """The last of what networks are fitted on, some hundreds over all series: enough for a picture."""
        training = self.training
        each = max(1, _TAIL // len(training.names))
        later = np.bincount(training.codes, minlength=len(training.names)).cumsum()
        return training.where(np.arange(len(training)) >= later[training.codes] - each)

    @property
    def validation(self) -> Windows:
        """What stops a fit, chooses between forecasters, and gives the intervals."""
        return self.windows.where(self.parts.validation)

    @property
    def test(self) -> Windows:
        """What the published errors are of."""
        return self.windows.where(self.parts.test)


def assemble(stored: Mapping[str, Columns], latest: Columns, *, instants: pd.DatetimeIndex, spec: Pipeline) -> Material:
    """Put together what the lake holds.

    Args:
        stored: by series id, the columns of its windows.
        latest: the columns of the latest windows of all series.
        instants: the calendar from the first to the last instant of any series.
        spec: the pipeline.

    Raises:
        DataError: a series has no windows, or a part would have none.
    """
    windows = from_columns(stored, spec=spec)
    parts = cut(windows, instants=instants, split=spec.split)
    return Material(windows=windows, parts=parts, latest=from_table(latest, spec=spec))
