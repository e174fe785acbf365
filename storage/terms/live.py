"""How a pipeline's forecasts turned out."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LiveAccuracy:
    """How a pipeline's forecasts turned out.

    Attributes:
        n: forecasts whose actual value came, and whose value at the origin is known; or labels that came.
        mae: mean absolute error, in the target's unit; none where ``n`` is 0, as all that follow.
        naive_mae: of the last value carried forward, over the same forecasts.
        skill: ``1 - mae / naive_mae``; none too where the naive forecast was always right. Of labels, 1 - log loss /
            the majority's.
        coverage_80: share of the actual values inside the 80 % interval.
        coverage_95: likewise.
        accuracy: of labels, the share that was told rightly.
        log_loss: of labels, the mean of -ln of the probability that was told of what came.
    """

    n: int = 0
    mae: float | None = None
    naive_mae: float | None = None
    skill: float | None = None
    coverage_80: float | None = None
    coverage_95: float | None = None
    accuracy: float | None = None
    log_loss: float | None = None
