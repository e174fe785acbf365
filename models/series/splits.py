"""The history cut by time into training, validation and test."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daycast.models.series.windows import Mask, Windows
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.pipeline import SplitSpec


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """Which windows are in which part.

    A window is in the part in which all of its targets lie. Its inputs may reach back into an earlier part, as they do
    when forecasts are made; a window whose targets lie on both sides of a boundary is in no part.

    Attributes:
        training: ``(n,)`` bool.
        validation: ``(n,)`` bool.
        test: ``(n,)`` bool.
        training_end: the last instant of the training part, aware UTC.
        validation_end: the last instant of the validation part.
        test_end: the last instant of the test part.
    """

    training: Mask
    validation: Mask
    test: Mask
    training_end: pd.Timestamp
    validation_end: pd.Timestamp
    test_end: pd.Timestamp


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


def cut(windows: Windows, *, instants: pd.DatetimeIndex, split: SplitSpec) -> Parts:
    """Cut windows by time.

    Args:
        windows: of all series.
        instants: the union of the series' instants, aware UTC, ascending, unique.
        split: how large the parts are.

    Raises:
        DataError: a part holds no window.
    """
    training, validation, test = sizes(len(instants), split=split)
    ends = [training - 1, training + validation - 1, training + validation + test - 1]
    bounds = instants[ends].tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]")
    first, second, third = bounds
    masks = {
        "training": _within(windows, after=None, until=first),
        "validation": _within(windows, after=first, until=second),
        "test": _within(windows, after=second, until=third),
    }
    for part, mask in masks.items():
        if not mask.any():
            raise DataError(
                f"The {part} part must hold at least one window whose {windows.horizon} targets all lie in it. "
                f"Received: none, of {training} training, {validation} validation and {test} test instants. "
                "Fetch more history, make the part larger or the horizon smaller."
            )
    return Parts(**masks, training_end=instants[ends[0]], validation_end=instants[ends[1]], test_end=instants[ends[2]])


def _size(part: float, count: int) -> int:
    return round(part * count) if part < 1 else int(part)


def _within(windows: Windows, *, after: np.datetime64 | None, until: np.datetime64) -> NDArray[np.bool_]:
    """All targets lie after ``after``, that is, the origin is no earlier; NaT is within nothing."""
    mask = windows.end <= until
    return mask if after is None else mask & (windows.origin >= after)
