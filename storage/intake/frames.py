"""The contracts of the frames that are kept, as pandera schemas: the lake and SQL hold every frame to one.

A contract raises, since a frame of our own that breaks it is our mistake. Rows from outside are judged by
:mod:`daycast.storage.intake.rules`, which does not raise.
"""

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

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

_BOUNDS = ("lower_95", "lower_80", MEAN, "upper_80", "upper_95")
_PAIRS = tuple(itertools.pairwise(_BOUNDS))
_INFINITE = float("inf")
_SHOWN, _EXAMPLES, _LONGEST = 5, 3, 40


def check_observations(frame: pd.DataFrame, *, columns: Sequence[str] = ()) -> None:
    """Hold a frame of observations to its contract: what a fetch adds to the lake, and what is known at an instant.

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
    """Hold a frame of forecasts to its contract: finite numbers, ordered bounds where there are any, a lead from 1 on.

    Raises:
        DataError: it breaks the contract.
    """
    _hold(frame, _forecasts(), what="forecasts")


@functools.lru_cache(maxsize=32)
def _observations(columns: tuple[str, ...]) -> Any:
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {SYMBOL: _text(), **_times(OBSERVED_AT, AVAILABLE_AT), **{name: _number() for name in columns}},
        checks=[
            _rule(_ascend, "rows sorted by symbol and observed_at, one for each"),
            _rule(lambda rows: rows[AVAILABLE_AT] >= rows[OBSERVED_AT], "available_at not before observed_at"),
        ],
    )


@functools.cache
def _actuals() -> Any:
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {SERIES_ID: _text(), **_times(VALID_AT, AVAILABLE_AT), "value": _number()}, checks=[_once(ACTUALS_KEY)]
    )


@functools.cache
def _forecasts() -> Any:
    import pandera.pandas as pa

    bounds = {name: _number(nullable=True) for name in _BOUNDS if name != MEAN}
    lead = pa.Column("int64", pa.Check.ge(1, error="from 1 on"), nullable=False)
    return pa.DataFrameSchema(
        {SERIES_ID: _text(), **_times(ORIGIN, VALID_AT), LEAD: lead, MEAN: _number(), **bounds},
        checks=[
            _once(FORECASTS_KEY),
            _rule(lambda rows: rows[VALID_AT] > rows[ORIGIN], "valid_at after origin"),
            *(_rule(functools.partial(_in_order, pair=pair), f"{pair[0]} not above {pair[1]}") for pair in _PAIRS),
        ],
    )


def _text() -> Any:
    import pandera.pandas as pa

    return pa.Column("str", nullable=False)


def _times(*names: str) -> dict[str, Any]:
    import pandera.pandas as pa

    return {name: pa.Column(TIME, nullable=False) for name in names}


def _number(*, nullable: bool = False) -> Any:
    import pandera.pandas as pa

    return pa.Column(
        "float64", pa.Check(lambda values: values.abs() < _INFINITE, error="finite values"), nullable=nullable
    )


def _rule(holds: Callable[[pd.DataFrame], Any], said: str) -> Any:
    """A rule over whole rows, which holds or does not: by row pandera would tell each of its columns."""
    import pandera.pandas as pa

    return pa.Check(lambda rows: bool(np.all(holds(rows))), error=said)


def _once(key: Sequence[str]) -> Any:
    return _rule(lambda rows: ~rows.duplicated(list(key)), f"one row for each {' and '.join(key)}")


def _in_order(rows: pd.DataFrame, *, pair: tuple[str, str]) -> Any:
    return ~(rows[pair[0]] > rows[pair[1]])


def _ascend(rows: pd.DataFrame) -> bool:
    """Whether each row comes after the one before, so that none stands twice either."""
    codes = pd.factorize(rows[SYMBOL], sort=True)[0]
    instants = pd.DatetimeIndex(rows[OBSERVED_AT]).asi8
    return bool(np.all((codes[1:] > codes[:-1]) | ((codes[1:] == codes[:-1]) & (instants[1:] > instants[:-1]))))


def _hold(frame: pd.DataFrame, schema: Any, *, what: str) -> None:
    from pandera.errors import SchemaErrors

    try:
        schema.validate(frame.reset_index(drop=True), lazy=True)
    except SchemaErrors as error:
        by_rule = error.failure_cases.groupby(["column", "check"], dropna=False, sort=False)
        problems = [_told(column, rule, cases) for (column, rule), cases in by_rule]
        rest = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise DataError(
            f"A frame of {what} must keep to its contract. Received: {len(frame)} rows, which break: "
            f"{'; '.join(problems[:_SHOWN])}{rest}. This is a defect of whoever made the frame."
        ) from None


def _told(column: Any, rule: str, cases: pd.DataFrame) -> str:
    if (cases["schema_context"] == "DataFrameSchema").all():
        missing = rule == "column_in_dataframe"
        return f"no column {cases['failure_case'].iloc[0]}" if missing else rule
    examples = ", ".join(str(value)[:_LONGEST] for value in cases["failure_case"].drop_duplicates().head(_EXAMPLES))
    return f"{column}: {rule} ({len(cases)}: {examples})"
