"""What came of a trial, as it travels from the process that tried it, which alone need know Keras."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of a trial.

    Attributes:
        error: mean absolute error on the blocks that judge, in units of each series' mean step (MASE).
        naive: that of the last value on the same windows.
        epochs: passes done.
    """

    error: float
    naive: float
    epochs: int
