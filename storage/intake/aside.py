"""The frame of rows that cannot be used: whose they are, of when, what they say, and why."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from daycast.storage.terms.words import OBSERVED_AT, RAW, REASON, SYMBOL, TIME


def aside(symbols: Any, *, observed_at: Any, raw: Sequence[str], reasons: Any) -> pd.DataFrame:
    """Rows set aside, ``symbol``, ``observed_at`` (NaT where unknown), ``raw`` and ``reason``.

    Args:
        symbols: one a row.
        observed_at: likewise, aware.
        raw: the text of each row.
        reasons: why each cannot be used.

    >>> aside([], observed_at=[], raw=[], reasons=[]).dtypes.astype("str").tolist()
    ['str', 'datetime64[us, UTC]', 'str', 'str']
    """
    columns = {SYMBOL: symbols, OBSERVED_AT: observed_at, RAW: raw, REASON: reasons}
    frame = pd.DataFrame({name: list(column) for name, column in columns.items()}, dtype="object")
    frame[OBSERVED_AT] = pd.to_datetime(frame[OBSERVED_AT], utc=True).astype(TIME)
    return frame.astype({SYMBOL: "str", RAW: "str", REASON: "str"})


def in_words(rows: pd.DataFrame) -> list[str]:
    """The text of rows that came as values, column by column.

    >>> in_words(pd.DataFrame({"open": [1.0], "close": [2.5]}))
    ['open=1.0, close=2.5']
    """
    return [", ".join(f"{name}={value}" for name, value in row.items()) for row in rows.to_dict("records")]
