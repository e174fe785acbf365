"""The network of a pipeline: the table ``model`` of the pipeline file."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from daycast.storage.terms.cells import CELLS, Reading, reading
from daycast.storage.terms.frozen import Frozen

Loss = Literal["mae", "mse", "huber"]
Normalization = Literal["none", "last", "mean", "mean_std"]
Decay = Literal["none", "step", "cosine"]
Ridge = Literal["window", "half", "segment"]

_KEYS: Mapping[Reading, tuple[str, ...]] = {"steps": ("bidirectional",), "segments": ("segment", "linear", "ridges")}
"""Keys that only the cells have which read so."""


def _known_cell(name: str) -> str:
    if name not in CELLS:
        raise ValueError(f"a cell is one of {', '.join(map(repr, CELLS))}")
    return name


CellName = Annotated[str, AfterValidator(_known_cell)]
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
        ridges: which ridge regressions are solved, each by itself, and averaged: ``window`` reads the whole window,
            ``half`` its newer half, ``segment`` forecasts each place of a segment from that place of every segment,
            with weights that the places share; for segment cells, with a ``ridge_share`` above 0.
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

    cell: CellName = "lstm"
    units: tuple[_PositiveInt, ...] = Field(default=(64,), min_length=1)
    bidirectional: bool = False
    segment: int = Field(default=24, gt=0)
    normalization: Normalization = "none"
    cycle: tuple[Annotated[int, Field(gt=1)], ...] = ()
    linear: bool = False
    ridge_share: float = Field(default=0.0, ge=0.0, lt=1.0)
    ridges: tuple[Ridge, ...] = Field(default=("window",), min_length=1)
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
        return CELLS[self.cell].reads == "segments"

    @field_validator("ridges")
    @classmethod
    def _each_once(cls, ridges: tuple[Ridge, ...]) -> tuple[Ridge, ...]:
        if len(set(ridges)) < len(ridges):
            raise ValueError(f"each ridge regression is named once. Received: {list(ridges)}")
        return ridges

    @model_validator(mode="after")
    def _suits_the_cell(self) -> Self:
        for how, keys in _KEYS.items():
            strangers = [key for key in keys if key in self.model_fields_set]
            if strangers and CELLS[self.cell].reads != how:
                raise ValueError(
                    f"{' and '.join(strangers)} belong{'s' * (len(strangers) == 1)} to the cells "
                    f"{', '.join(reading(how))}. Received: cell = {self.cell!r}"
                )
        if self.segmented and len(self.units) > 1:
            raise ValueError(f"{self.cell} has one layer of units. Received: units {list(self.units)}")
        return self

    @model_validator(mode="after")
    def _averages_ridges(self) -> Self:
        if "ridges" in self.model_fields_set and not self.ridge_share:
            raise ValueError(
                "ridges are averaged in the forecast by ridge_share, which is 0: set it above 0, or leave ridges out. "
                f"Received: ridges {list(self.ridges)}"
            )
        return self
