"""The recurrent cells there are: a line a cell."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Reading = Literal["steps", "segments"]
"""How a network goes over its window: step by step in stacked layers, or segment by segment in one."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A recurrent cell.

    Attributes:
        layer: its layer as ``module:class``, the module one of ``models.networks``, or ``keras`` for Keras' own. One
            that reads steps takes what Keras' recurrent layers take.
        reads: how its network goes over the window.
        in_parts: whether the layer computes parts of a batch side by side, one a core.
    """

    layer: str
    reads: Reading = "steps"
    in_parts: bool = False


CELLS: Mapping[str, Cell] = MappingProxyType(
    {
        "simple_rnn": Cell(layer="keras:SimpleRNN"),
        "lstm": Cell(layer="recurrent:CompiledLSTM", in_parts=True),
        "gru": Cell(layer="recurrent:CompiledGRU"),
        "segment_gru": Cell(layer="segments:SegmentRecurrence", reads="segments", in_parts=True),
        "segment_lstm": Cell(layer="segments:SegmentRecurrence", reads="segments", in_parts=True),
    }
)
"""By the name that ``model.cell`` gives."""

_AROUND = ("Counting", "Cycle", "Level", "Pooling", "Restore")
"""Daycast's layers around the recurrent ones."""


def reading(how: Reading) -> tuple[str, ...]:
    """The cells that read so.

    >>> reading("segments")
    ('segment_gru', 'segment_lstm')
    """
    return tuple(name for name, cell in CELLS.items() if cell.reads == how)


def own_layers() -> tuple[str, ...]:
    """Daycast's own layers, by the names under which they stand in stored networks.

    >>> own_layers()
    ('CompiledGRU', 'CompiledLSTM', 'Counting', 'Cycle', 'Level', 'Pooling', 'Restore', 'SegmentRecurrence')
    """
    places = (cell.layer.split(":") for cell in CELLS.values())
    return tuple(sorted({*_AROUND, *(name for module, name in places if module != "keras")}))
