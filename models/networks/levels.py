"""What is taken off a window before a network and put back after it: its level, its deviation, learned cycles."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

PACKAGE = "daycast"


@keras.saving.register_keras_serializable(package=PACKAGE)
class Level(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Takes a window's level off, and its deviation, column by column.

    ``(batch, steps, columns)`` → the centred window of the same shape, and level and deviation ``(batch, 1, columns)``.

    Args:
        kind: ``last`` takes off the last value, ``mean`` the mean; ``mean_std`` also divides by the deviation
            (Kim et al., "Reversible Instance Normalization", ICLR 2022, without its learned scale).
    """

    _TINY = 1e-5
    """Added to the variance: a window that does not move stays finite."""

    def __init__(self, kind: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind = kind

    def call(self, window: Any) -> tuple[Any, Any, Any]:
        """Centre a batch of windows."""
        level = window[:, -1:] if self.kind == "last" else tf.reduce_mean(window, axis=1, keepdims=True)
        centred = window - level
        if self.kind != "mean_std":
            return centred, level, tf.ones_like(level)
        deviation = tf.sqrt(tf.reduce_mean(tf.square(centred), axis=1, keepdims=True) + self._TINY)
        return centred / deviation, level, deviation

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[tuple[int | None, ...], ...]:
        """Shapes of window, level and deviation."""
        batch, _, columns = shape
        return shape, (batch, 1, columns), (batch, 1, columns)

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        return {**super().get_config(), "kind": self.kind}


@keras.saving.register_keras_serializable(package=PACKAGE)
class Restore(keras.layers.Layer):  # type: ignore[misc]
    """Puts back what :class:`Level` took off: ``(batch, horizon)`` and one column's level and deviation.

    Args:
        column: whose level it is that the outputs have.
    """

    def __init__(self, column: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.column = column

    def call(self, outputs: Any, level: Any, deviation: Any) -> Any:
        """Outputs at the window's level."""
        return outputs * deviation[:, :, self.column] + level[:, :, self.column]

    def compute_output_shape(self, outputs: tuple[int | None, ...], *_: Any) -> tuple[int | None, ...]:
        """The outputs' own."""
        return outputs

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        return {**super().get_config(), "column": self.column}


@keras.saving.register_keras_serializable(package=PACKAGE)
class Cycle(keras.layers.Layer):  # type: ignore[misc]
    """Learned cycles of each series: what they are over the window and over the horizon.

    From places ``(batch, 2)`` int32, the number of the series and the number of the origin's step on its calendar, to
    ``(batch, lookback, columns)`` and ``(batch, horizon)``.

    Source: Lin et al., "CycleNet: Enhancing Time Series Forecasting through Modeling Periodic Patterns", NeurIPS 2024,
    https://arxiv.org/abs/2409.18479.

    Args:
        periods: the cycles' lengths in steps; they add up.
        series: how many series there are.
        columns: columns of a window.
        column: the one that is forecast.
        lookback: steps in.
        horizon: steps out.
    """

    def __init__(
        self,
        *,
        periods: Sequence[int],
        series: int,
        columns: int,
        column: int,
        lookback: int,
        horizon: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.periods, self.series = tuple(periods), series
        self.columns, self.column = columns, column
        self.lookback, self.horizon = lookback, horizon

    def build(self, _shape: tuple[int | None, ...]) -> None:
        """Make one table a period: a row for each series and each place in the cycle."""
        self.tables = [
            self.add_weight((self.series * period, self.columns), "zeros", name=f"cycle_{period}")
            for period in self.periods
        ]

    def call(self, places: Any) -> tuple[Any, Any]:
        """Look the cycles up."""
        around = sum(
            tf.gather(table, self._rows(places, period))
            for period, table in zip(self.periods, self.tables, strict=True)
        )
        return around[:, : self.lookback], around[:, self.lookback :, self.column]

    def compute_output_shape(self, places: tuple[int | None, ...]) -> tuple[tuple[int | None, ...], ...]:
        """Shapes of both."""
        return (places[0], self.lookback, self.columns), (places[0], self.horizon)

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        keys = ("periods", "series", "columns", "column", "lookback", "horizon")
        return {**super().get_config(), **{key: getattr(self, key) for key in keys}}

    def _rows(self, places: Any, period: int) -> Any:
        """``(batch, lookback + horizon)`` rows of a period's table."""
        steps = tf.range(1 - self.lookback, self.horizon + 1, dtype=places.dtype)
        return places[:, :1] * period + (places[:, 1:] + steps) % period
