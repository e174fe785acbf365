"""The protocol by which the field measures forecasts of ETTh1.

The first 8,640 hours are for training, the next 2,880 for validation, the next 2,880 for the test; what follows is left
out. Values are scaled by the training part's mean and deviation, column by column, and errors are means over every
window of the test part, every lead and every column.

Source: Zhou et al., "Informer", AAAI 2021, https://arxiv.org/abs/2012.07436, whose borders every later paper keeps.
Some later code leaves the last, incomplete batch of the test out; here every window is scored.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daycast.models.series.differencing import Floats
from daycast.models.series.windows import Windows
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.rules import SplitSpec

SPLIT = SplitSpec(training=8640, validation=2880, test=2880)
DAY = 24

LAST_VALUE = {96: (1.294, 0.713), 192: (1.325, 0.733), 336: (1.330, 0.746), 720: (1.335, 0.755)}
"""By horizon, the published MSE and MAE of repeating the last value of all seven columns."""
LAST_DAY = {96: (0.512, 0.433), 192: (0.581, 0.469), 336: (0.650, 0.501), 720: (0.655, 0.514)}
"""The same of repeating the last day."""

Cube = NDArray[np.float32]
"""(windows, horizon, columns), scaled."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scale:
    """Mean and deviation of each column's training part.

    Attributes:
        mean: ``(columns,)``, in the columns' own units.
        std: ``(columns,)``, likewise.
    """

    mean: Floats
    std: Floats

    @classmethod
    def of(cls, levels: pd.DataFrame) -> "Scale":
        """From the levels, one row an hour from the file's first, one column a series."""
        training = levels.to_numpy(dtype=np.float64)[: SPLIT.training]
        return cls(mean=training.mean(axis=0), std=training.std(axis=0))

    def cube(self, levels: Floats, *, windows: Windows) -> Cube:
        """Levels ``(n, horizon)`` of windows of every column, scaled and put beside each other.

        The windows are ordered by series, in the order of the columns, then by origin; each series has the same
        origins.
        """
        columns = len(windows.names)
        beside = levels.reshape(columns, -1, windows.horizon).transpose(1, 2, 0)
        return ((beside - self.mean) / self.std).astype(np.float32)


def errors(predicted: Cube, actual: Cube) -> dict[str, float]:
    """``mse`` and ``mae`` over all windows, leads and columns, in scaled units."""
    apart = predicted.astype(np.float64) - actual
    return {"mse": float(np.square(apart).mean()), "mae": float(np.abs(apart).mean())}


def check_data(levels: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Hold the data, the borders and the scores to what is published of the two plainest forecasts.

    Args:
        levels: all seven columns, one row an hour from the file's first.

    Returns:
        ``mse`` and ``mae`` by forecast and horizon, such as ``last_value_96``.

    Raises:
        DataError: a figure differs from the published one in its third decimal.
    """
    scale = Scale.of(levels)
    values = ((levels.to_numpy(dtype=np.float64) - scale.mean) / scale.std).astype(np.float32)
    found = {
        f"{name}_{horizon}": errors(*_repeated(values, horizon=horizon, steps=steps))
        for name, steps in (("last_value", 1), ("last_day", DAY))
        for horizon in LAST_VALUE
    }
    for name, published in _published().items():
        if any(abs(found[name][key] - value) > 0.0006 for key, value in published.items()):
            raise DataError(
                f"The public ETTh1 is required, on which {name} gives {published}. Received: a file on which it gives "
                f"{found[name]}. Fetch https://github.com/zhouhaoyi/ETDataset (ETT-small/ETTh1.csv) again."
            )
    return found


def _published() -> Mapping[str, Mapping[str, float]]:
    tables = {"last_value": LAST_VALUE, "last_day": LAST_DAY}
    return {
        f"{name}_{horizon}": {"mse": mse, "mae": mae}
        for name, table in tables.items()
        for horizon, (mse, mae) in table.items()
    }


def _repeated(values: Cube, *, horizon: int, steps: int) -> tuple[Cube, Cube]:
    """The last ``steps`` values repeated over each window of the test part, and what came."""
    first = int(SPLIT.training or 0) + int(SPLIT.validation)
    origins = np.arange(first, first + int(SPLIT.test) - horizon + 1)
    ahead = np.arange(horizon)
    return values[origins[:, np.newaxis] - steps + ahead % steps], values[origins[:, np.newaxis] + ahead]
