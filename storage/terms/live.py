"""How a pipeline's forecasts turned out."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LiveAccuracy:
    """How a pipeline's forecasts turned out.

    Attributes:
        n: forecasts whose actual value came, and whose value at the origin is known.
        mae: mean absolute error, in the target's unit; none where ``n`` is 0, as all that follow.
        naive_mae: of the last value carried forward, over the same forecasts.
        skill: ``1 - mae / naive_mae``; none too where the naive forecast was always right.
        coverage_80: share of the actual values inside the 80 % interval.
        coverage_95: likewise.
    """

    n: int = 0
    mae: float | None = None
    naive_mae: float | None = None
    skill: float | None = None
    coverage_80: float | None = None
    coverage_95: float | None = None
