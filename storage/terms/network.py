"""The network of a pipeline: the table ``model`` of the pipeline file."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from daycast.storage.terms.frozen import Frozen

Cell = Literal["simple_rnn", "lstm", "gru", "segment_gru", "segment_lstm"]
Loss = Literal["mae", "mse", "huber"]
Normalization = Literal["none", "last", "mean", "mean_std"]
Decay = Literal["none", "step", "cosine"]

LAYERS = ("CompiledGRU", "CompiledLSTM", "Cycle", "Level", "Restore", "SegmentRecurrence")
"""Daycast's own layers, by the names under which they stand in stored networks."""

_PositiveInt = Annotated[int, Field(gt=0)]


class ModelSpec(Frozen):
    """The network of a pipeline and how it is fitted.

    Attributes:
        cell: the recurrent cell; the segment cells read the window segment by segment, which long windows need.
        units: the width of each stacked layer, first layer first; a segment cell has one.
        bidirectional: read the window in both directions; not for segment cells.
        segment: steps of a segment, for segment cells; the lookback is a multiple of it.
        normalization: what is taken off each window before the network and put back after it: its last value, its
            mean, or its mean and deviation.
        cycle: lengths in steps of the cycles that are learned for each series, taken off before and put back after;
            ``[24]`` is the day of hourly data, ``[24, 168]`` day and week. For calendars that are a frequency.
        linear: add a linear forecast, from segment to segment at the same place in each; for segment cells.
        ridge_share: share in the forecast of a ridge regression on the same window, which is solved beside the network;
            0 is none.
        dropout: share of a layer's outputs left out while training.
        epochs: passes over the training windows at most; early stopping on validation may end sooner.
        batch_size: windows a step.
        learning_rate: Adam's.
        decay: of the learning rate: ``step`` is a fifth less each epoch after the third, ``cosine`` falls to nothing
            over the epochs.
        weight_average: weight of the past in an average of the weights over the steps, which is then what is judged
            and kept; 0 is no average.
        members: networks trained from seeds one after the other, whose forecasts are averaged.
        loss: what training minimises, in scaled units.
        patience: epochs without a better validation loss before training stops.
        seed: of the weights and of the order of windows.
    """

    cell: Cell = "lstm"
    units: tuple[_PositiveInt, ...] = Field(default=(64,), min_length=1)
    bidirectional: bool = False
    segment: int = Field(default=24, gt=0)
    normalization: Normalization = "none"
    cycle: tuple[Annotated[int, Field(gt=1)], ...] = ()
    linear: bool = False
    ridge_share: float = Field(default=0.0, ge=0.0, lt=1.0)
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    epochs: int = Field(default=20, gt=0)
    batch_size: int = Field(default=64, gt=0)
    learning_rate: float = Field(default=1e-3, gt=0)
    decay: Decay = "none"
    weight_average: float = Field(default=0.0, ge=0.0, lt=1.0)
    members: int = Field(default=1, gt=0, le=100)
    loss: Loss = "mae"
    patience: int = Field(default=5, gt=0)
    seed: int = Field(default=7, ge=0)

    @property
    def segmented(self) -> bool:
        """Whether the cell is a segment cell."""
        return self.cell.startswith("segment_")

    @model_validator(mode="after")
    def _suits_the_cell(self) -> Self:
        if self.segmented and (len(self.units) > 1 or self.bidirectional):
            raise ValueError(
                f"{self.cell} has one layer of units, in one direction. Received: units {list(self.units)}, "
                f"bidirectional {str(self.bidirectional).lower()}"
            )
        if self.linear and not self.segmented:
            raise ValueError(f"linear is for segment_gru and segment_lstm. Received: cell {self.cell!r}")
        return self
