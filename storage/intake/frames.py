"""The contracts of the frames that are kept, as pandera schemas; and the judgement of rows from outside.

A contract raises, since a frame of our own that breaks it is our mistake. :func:`inspect` does not: rows from outside
are good, or set aside with the reason, and what looks odd but may be true is reported and left alone.
"""

import functools
import itertools
from collections.abc import Sequence
from typing import Any

import pandas as pd

from daycast.storage.intake.oddities import Finding
from daycast.storage.intake.rules import Inspection, inspect
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.words import (
    ACTUALS_KEY,
    AVAILABLE_AT,
    FORECASTS_KEY,
    LEAD,
    MEAN,
    OBSERVED_AT,
    ORIGIN,
    SERIES_ID,
    SYMBOL,
    TIME,
    VALID_AT,
)

__all__ = ["Finding", "Inspection", "check_actuals", "check_forecasts", "check_observations", "inspect"]

_BOUNDS = ("lower_95", "lower_80", MEAN, "upper_80", "upper_95")
_SHOWN = 3


def check_observations(frame: pd.DataFrame, *, columns: Sequence[str]) -> None:
    """Hold a frame of observations to its contract, on every read and write of the lake.

    Args:
        frame: ``symbol``, ``observed_at``, ``available_at``, the columns, and perhaps more; sorted by symbol and
            observed_at, one row for each.
        columns: value columns that must be there: float64, without missing or infinite values.

    Raises:
        DataError: it breaks the contract; the message names the column, the rule and the first rows.
    """
    _hold(frame, _observations(tuple(columns)), what="observations")


def check_actuals(frame: pd.DataFrame) -> None:
    """Hold a frame of actuals to its contract: ``series_id``, ``valid_at``, ``value``, ``available_at``.

    Raises:
        DataError: it breaks the contract.
    """
    _hold(frame, _actuals(), what="actuals")


def check_forecasts(frame: pd.DataFrame) -> None:
    """Hold a frame of forecasts to its contract: finite numbers, ordered bounds, ``valid_at`` after ``origin``.

    Raises:
        DataError: it breaks the contract.
    """
    _hold(frame, _forecasts(), what="forecasts")


@functools.lru_cache(maxsize=32)
def _observations(columns: tuple[str, ...]) -> Any:
    import pandera.pandas as pa

    values = {name: pa.Column("float64", _finite(), nullable=False) for name in columns}
    times = {name: pa.Column(TIME, nullable=False) for name in (OBSERVED_AT, AVAILABLE_AT)}
    key = [SYMBOL, OBSERVED_AT]
    return pa.DataFrameSchema(
        {SYMBOL: pa.Column("str", nullable=False), **times, **values},
        unique=key,
        checks=[
            pa.Check(_sorted_by(*key), error="rows sorted by symbol and observed_at"),
            pa.Check(lambda rows: rows[AVAILABLE_AT] >= rows[OBSERVED_AT], error="available_at not before observed_at"),
        ],
    )


@functools.cache
def _actuals() -> Any:
    import pandera.pandas as pa

    times = {name: pa.Column(TIME, nullable=False) for name in (VALID_AT, AVAILABLE_AT)}
    value = pa.Column("float64", _finite(), nullable=False)
    return pa.DataFrameSchema(
        {SERIES_ID: pa.Column("str", nullable=False), **times, "value": value}, unique=list(ACTUALS_KEY)
    )


@functools.cache
def _forecasts() -> Any:
    import pandera.pandas as pa

    times = {name: pa.Column(TIME, nullable=False) for name in (ORIGIN, VALID_AT)}
    numbers = {name: pa.Column("float64", _finite(), nullable=False) for name in _BOUNDS}
    pairs = list(itertools.pairwise(_BOUNDS))
    ordered = [
        pa.Check(lambda rows, low=low, high=high: rows[low] <= rows[high], error=f"{low} not above {high}")
        for low, high in pairs
    ]
    return pa.DataFrameSchema(
        {
            SERIES_ID: pa.Column("str", nullable=False),
            **times,
            LEAD: pa.Column("int64", pa.Check.ge(1, error="lead from 1 on"), nullable=False),
            **numbers,
        },
        unique=list(FORECASTS_KEY),
        checks=[pa.Check(lambda rows: rows[VALID_AT] > rows[ORIGIN], error="valid_at after origin"), *ordered],
    )


def _finite() -> Any:
    import pandera.pandas as pa

    return pa.Check(lambda values: values.abs() < float("inf"), error="finite values")


def _sorted_by(first: str, second: str) -> Any:
    def check(rows: pd.DataFrame) -> bool:
        codes = rows[first].rank(method="dense") if len(rows) else rows[first]
        steps = codes.diff().fillna(0) if len(rows) else codes
        within = rows[second].diff().fillna(pd.Timedelta(0)) >= pd.Timedelta(0)
        return bool(((steps > 0) | ((steps == 0) & within)).all()) if len(rows) else True

    return check


def _hold(frame: pd.DataFrame, schema: Any, *, what: str) -> None:
    from pandera.errors import SchemaErrors

    try:
        schema.validate(frame.reset_index(drop=True), lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        problems = []
        for (column, rule), rows in cases.groupby(["column", "check"], dropna=False, sort=False):
            where = "" if pd.isna(column) or str(column) == "None" else f"{column}: "
            examples = ", ".join(str(value) for value in rows["failure_case"].drop_duplicates().head(_SHOWN))
            problems.append(f"{where}{rule} ({len(rows)}: {examples})")
        raise DataError(
            f"A frame of {what} must keep to its contract. Received: {len(frame)} rows with columns "
            f"{list(frame.columns)}, which break: {'; '.join(problems)}. This is a defect of whoever made the frame."
        ) from None
