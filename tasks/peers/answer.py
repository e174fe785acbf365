"""What a forecaster is asked, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

What = dict[str, Any]
"""What is asked, as ``alone.py`` reads it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """What a forecaster said.

    Attributes:
        mean: ``(origins, series, horizon)``.
        seconds: of fitting and forecasting, its imports included.
        memory: MiB of its process at most.
        night: of the seconds, what the forecasts of one origin take; none where it was not measured.
        note: what else is to be told of it.
    """

    mean: NDArray[np.float64]
    seconds: float
    memory: float
    night: float | None = None
    note: str = ""


Forecaster = Callable[[What], Answer]
