"""Rows of a table that say something of an instant before it comes, apart from those that say what was observed."""

from collections.abc import Iterable, Sequence

import pandas as pd

from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.words import AVAILABLE_AT, OBSERVED_AT, SYMBOL, TIME, VALID_AT


def ahead_rows(symbol: str, rows: pd.DataFrame, *, spec: Pipeline) -> pd.DataFrame:
    """What rows say of the known columns, and since when.

    Args:
        symbol: whose rows they are.
        rows: ``observed_at``, ``available_at`` (NaT where none is told, and the row says nothing ahead) and values.
        spec: the pipeline.

    Returns:
        ``symbol``, ``valid_at``, ``available_at`` and the known columns, NaN where a row says nothing of one.
    """
    names = list(spec.known_columns)
    told = rows[rows[names].notna().any(axis=1) & rows[AVAILABLE_AT].notna()]
    columns = {
        SYMBOL: pd.Series([symbol] * len(told), dtype="str"),
        VALID_AT: pd.DatetimeIndex(told[OBSERVED_AT]).as_unit("us"),
        AVAILABLE_AT: pd.DatetimeIndex(told[AVAILABLE_AT]).as_unit("us"),
        **{name: told[name].to_numpy(dtype=float) for name in names},
    }
    return pd.DataFrame(columns)


def observed_rows(rows: pd.DataFrame, *, spec: Pipeline) -> pd.DataFrame:
    """The rows that say more than what is known ahead: one with a forecast of the weather alone observed nothing."""
    others = [name for name in spec.columns if name not in spec.known_columns]
    return rows[rows[others].notna().any(axis=1)] if spec.known_columns else rows


def join_ahead(frames: Iterable[pd.DataFrame], *, columns: Sequence[str]) -> pd.DataFrame | None:
    """Frames of :func:`ahead_rows` as one; none where no column is known ahead."""
    if not columns:
        return None
    times = {name: pd.Series([], dtype=TIME) for name in (VALID_AT, AVAILABLE_AT)}
    none = pd.DataFrame({SYMBOL: pd.Series([], dtype="str"), **times, **dict.fromkeys(columns, pd.Series(dtype=float))})
    parts = [frame for frame in frames if len(frame)]
    return pd.concat(parts, ignore_index=True) if parts else none
