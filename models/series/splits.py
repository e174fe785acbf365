"""The history cut by time into training, validation and test."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daycast.models.series.windows import Mask
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.rules import SplitSpec


class Divided(Protocol):
    """What can be cut by time: windows, or an index of them."""

    @property
    def origin(self) -> NDArray[np.datetime64]:
        """``(n,)``."""
        ...

    @property
    def end(self) -> NDArray[np.datetime64]:
        """``(n,)``, of the last target."""
        ...

    @property
    def horizon(self) -> int:
        """Steps out."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Bounds:
    """Where the parts of a history end.

    Attributes:
        training_end: the last instant of the training part, aware UTC.
        validation_end: the last instant of the validation part.
        test_end: the last instant of the test part.
        sizes: instants of the three parts.
    """

    training_end: pd.Timestamp
    validation_end: pd.Timestamp
    test_end: pd.Timestamp
    sizes: tuple[int, int, int]

    def span(self, split: str) -> tuple[np.datetime64, np.datetime64]:
        """From when to when the validation or the test part lasts, UTC without saying so."""
        ends = self.training_end, self.validation_end, self.test_end
        begin, end = ends[:2] if split == "validation" else ends[1:]
        return _utc(begin), _utc(end)

    def size(self, split: str) -> int:
        """Instants of the validation or the test part."""
        return self.sizes[1] if split == "validation" else self.sizes[2]


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """Which windows are in which part.

    A window is in the part in which all of its targets lie. Its inputs may reach back into an earlier part, as they do
    when forecasts are made; a window whose targets lie on both sides of a boundary is in no part.

    Attributes:
        training: ``(n,)`` bool.
        validation: ``(n,)`` bool.
        test: ``(n,)`` bool.
        bounds: where the parts end.
    """

    training: Mask
    validation: Mask
    test: Mask
    bounds: Bounds

    @property
    def counts(self) -> dict[str, int]:
        """Windows of each part."""
        return {part: int(getattr(self, part).sum()) for part in ("training", "validation", "test")}


def sizes(count: int, *, split: SplitSpec) -> tuple[int, int, int]:
    """Instants of training, validation and test.

    Shares are of all instants. Without a number for training it takes what the others leave; with one, instants after
    the test part are in no part (the protocol of the public benchmarks).

    Raises:
        DataError: a part would be empty, or they need more instants than there are.

    >>> sizes(1000, split=SplitSpec(validation=0.15, test=100))
    (750, 150, 100)
    """
    validation, test = (_size(part, count) for part in (split.validation, split.test))
    training = count - validation - test if split.training is None else split.training
    if min(training, validation, test) < 1 or training + validation + test > count:
        raise DataError(
            f"A split into {training} training, {validation} validation and {test} test instants needs "
            f"{max(training, 1) + validation + test} instants, and each part one at least. Received: {count} instants. "
            "Fetch more history, or make the parts smaller."
        )
    return training, validation, test


def bounds(instants: pd.DatetimeIndex, *, split: SplitSpec) -> Bounds:
    """Where the parts of a history end.

    Args:
        instants: the union of the series' instants, aware UTC, ascending, unique.
        split: how large the parts are.

    Raises:
        DataError: a part would be empty, or they need more instants than there are.
    """
    training, validation, test = sizes(len(instants), split=split)
    first, second, third = instants[[training - 1, training + validation - 1, training + validation + test - 1]]
    return Bounds(training_end=first, validation_end=second, test_end=third, sizes=(training, validation, test))


def cut(windows: Divided, *, bounds: Bounds) -> Parts:
    """Cut windows by time; a part may hold none."""
    first, second, third = (_utc(each) for each in (bounds.training_end, bounds.validation_end, bounds.test_end))
    return Parts(
        training=_within(windows, after=None, until=first),
        validation=_within(windows, after=first, until=second),
        test=_within(windows, after=second, until=third),
        bounds=bounds,
    )


def require_windows(counts: Mapping[str, int], *, bounds: Bounds, horizon: int) -> None:
    """Hold a history to having windows in every part.

    Args:
        counts: windows of each part, over all series.
        bounds: where the parts end.
        horizon: steps out.

    Raises:
        DataError: a part holds no window.
    """
    for part, count in counts.items():
        if not count:
            training, validation, test = bounds.sizes
            raise DataError(
                f"The {part} part must hold at least one window whose {horizon} targets all lie in it. "
                f"Received: none, of {training} training, {validation} validation and {test} test instants. "
                "Fetch more history, make the part larger or the horizon smaller."
            )


def _utc(instant: pd.Timestamp) -> np.datetime64:
    return np.datetime64(instant.tz_convert("UTC").tz_localize(None).to_datetime64(), "us")


def _size(part: float, count: int) -> int:
    return round(part * count) if part < 1 else int(part)


def _within(windows: Divided, *, after: np.datetime64 | None, until: np.datetime64) -> NDArray[np.bool_]:
    """All targets lie after ``after``, that is, the origin is no earlier; NaT is within nothing."""
    mask = windows.end <= until
    return mask if after is None else mask & (windows.origin >= after)
