"""A series on its calendar's instants, with what is missing marked and short gaps of inputs carried over."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False)
class Aligned:
    """A series on its calendar's instants.

    Attributes:
        levels: one row an instant, float64, NaN where nothing was observed. :func:`~.windows.make_windows` takes
            this one: it must know which targets were observed.
        inputs: the same, with gaps of at most ``fill_limit`` instants carried forward.
        filled: bool, same shape: where ``inputs`` holds a carried value.
        unknown: observations at instants that the calendar does not have, and which are not used.
    """

    levels: pd.DataFrame
    inputs: pd.DataFrame
    filled: pd.DataFrame
    unknown: int

    @property
    def observed(self) -> pd.DataFrame:
        """Bool, one row an instant: what was observed."""
        return self.levels.notna()


def align(frame: pd.DataFrame, *, instants: pd.DatetimeIndex, fill_limit: int) -> Aligned:
    """Put a series on its calendar's instants.

    Args:
        frame: one row an observation, the index aware UTC and unique; left as it is.
        instants: aware UTC, ascending.
        fill_limit: instants in a row that a missing value may be carried forward.
    """
    levels = frame.reindex(instants).astype("float64")
    inputs = carry(levels, limit=fill_limit)
    return Aligned(
        levels=levels,
        inputs=inputs,
        filled=inputs.notna() & levels.isna(),
        unknown=int((~frame.index.isin(instants)).sum()),
    )


def carry(levels: pd.DataFrame, *, limit: int) -> pd.DataFrame:
    """Carry each column's last value forward over at most ``limit`` missing rows; never backward."""
    return levels.ffill(limit=limit) if limit else levels.copy()
