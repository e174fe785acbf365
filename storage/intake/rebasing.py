"""Holding a feed's answer to what it said before: a history on another basis, or one that is so only in part.

A split, a dividend or a new base year moves every earlier value by one factor. Such an answer is taken whole, since
rows of both bases beside each other would be a step that never happened. An answer of which only a part has moved holds
such a step itself: it is refused by name, and the earlier data stay.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from daycast.storage.intake.aside import aside, in_words
from daycast.storage.intake.rules import positive_columns
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.words import OBSERVED_AT, REVISION_TOLERANCE, SYMBOL

_QUORUM = 5
"""With fewer instants in common than these, nothing is said of a basis."""
_ROUNDING = 5e-3
"""Relative difference below which factors agree: prices are rounded to cents."""
_AGREEING, _MOVED = 0.8, 0.5
_APART = np.log(1.4)
"""Log of how far the factors of two rows lie apart at least where one is on another basis: the least common split is 3
for 2, and a value that is merely corrected seldom changes by so much."""
_ACCEPT = "make an empty file in the lake's folder feeds/<pipeline>/accept, named"
_ALONE = 3
"""Rows that moved without their neighbours are set aside; more of them are a part of the history."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What an answer is worth beside what was known.

    Attributes:
        good: the rows that can be kept, as they came.
        set_aside: ``symbol``, ``observed_at``, ``raw`` and ``reason`` of rows that contradict their neighbours.
        rebased: by symbol, in what the history moved as a whole.
        refused: by symbol, why nothing of the answer can be kept.
    """

    good: pd.DataFrame
    set_aside: pd.DataFrame
    rebased: Mapping[str, str]
    refused: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class _Column:
    """One column at the instants that both have: the values known (``before``), those of the answer, their factor.

    Attributes:
        factor: the log of what the values of most rows were multiplied by.
        odd: which rows have a factor far from it.
    """

    name: str
    at: pd.DatetimeIndex
    before: np.ndarray
    now: np.ndarray

    @property
    def ratio(self) -> np.ndarray:
        return np.asarray(np.log(self.now / self.before))

    @property
    def factor(self) -> float:
        return float(np.sort(self.ratio)[(len(self.ratio) - 1) // 2])  # one of them, and none between two halves

    @property
    def odd(self) -> np.ndarray:
        return np.asarray(np.abs(self.ratio - self.factor) >= _APART)


def judge(
    good: pd.DataFrame, *, known: Mapping[str, pd.DataFrame], spec: Pipeline, accepted: Collection[str] = ()
) -> Judgement:
    """Hold the rows of an answer to the rows that are known.

    Args:
        good: the usable rows, sorted by symbol and observed_at, one for each.
        known: by symbol, the rows known before, one an instant, ascending; without rows where there are none.
        spec: the pipeline.
        accepted: symbols of which an answer that has moved in part is taken whole, as a person found it right.
    """
    kept: list[pd.DataFrame] = []
    doubted: list[pd.DataFrame] = []
    rebased: dict[str, str] = {}
    refused: dict[str, str] = {}
    prices = set(positive_columns(good, spec)) & set(spec.fetched)
    for name, rows in good.groupby(SYMBOL, sort=True):
        symbol = str(name)
        columns = list(_columns(rows, known.get(symbol), spec))
        doubtful = {column.name: column for column in columns if column.name in prices and _opens_a_seam(column)}
        torn = next((column for column in doubtful.values() if _is_part(column, rows)), None)
        if torn is not None and symbol in accepted:
            kept.append(rows)
            rebased[symbol] = f"taken whole as accepted; {_torn(torn)}"
            continue
        if torn is not None:
            refused[symbol] = f"{_torn(torn)}. Nothing of the answer was kept; if it is right, {_ACCEPT} {symbol}"
            continue
        reasons = _alone(doubtful.values()) | _left_behind(rows, columns, prices=prices)
        wrong = rows[OBSERVED_AT].isin(list(reasons))
        kept.append(rows[~wrong])
        doubted.append(_set_aside(rows[wrong], reasons))
        moved = next((column for column in columns if _rebased(column)), None)
        if moved is not None:
            rebased[symbol] = _whole(moved, rows=rows, known=known[symbol])
    return Judgement(
        good=pd.concat(kept, ignore_index=True) if kept else good.iloc[:0],
        set_aside=pd.concat([_set_aside(good.iloc[:0], {}), *doubted], ignore_index=True),
        rebased=rebased,
        refused=refused,
    )


def _columns(rows: pd.DataFrame, known: pd.DataFrame | None, spec: Pipeline) -> Iterator[_Column]:
    if known is None or known.empty:
        return
    now = rows.set_index(OBSERVED_AT)
    before = known.set_index(OBSERVED_AT).reindex(now.index)
    for name in spec.fetched:
        if name not in before:
            continue
        earlier, later = before[name].to_numpy(dtype=float), now[name].to_numpy(dtype=float)
        usable = (earlier > 0) & (later > 0)
        if usable.sum() >= _QUORUM:
            yield _Column(name=name, at=now.index[usable], before=earlier[usable], now=later[usable])


def _rebased(column: _Column) -> bool:
    """Whether most rows moved, and these by one factor."""
    change = column.now / column.before - 1
    moved = np.abs(change) > REVISION_TOLERANCE
    if moved.mean() < _MOVED:
        return _closes_a_seam(column)
    alike = np.abs(change[moved] - np.median(change[moved])) <= _ROUNDING
    return bool(alike.mean() >= _AGREEING) or _closes_a_seam(column)


def _steps(column: _Column) -> tuple[np.ndarray, np.ndarray]:
    """At each edge between odd rows and others: how large the step was, and how large it is now."""
    edges = np.flatnonzero(np.diff(column.odd.astype(np.int8)))
    was, now = np.abs(np.diff(np.log(column.before))), np.abs(np.diff(np.log(column.now)))
    return was[edges], now[edges]


def _opens_a_seam(column: _Column) -> bool:
    was, now = _steps(column)
    return bool((was - now < _APART / 2).any())


def _closes_a_seam(column: _Column) -> bool:
    """Whether a part moved so that a step which was there before is gone: a split adjusted late."""
    return bool(column.odd.any()) and not _opens_a_seam(column)


def _is_part(column: _Column, rows: pd.DataFrame) -> bool:
    """Whether the odd rows are more than a few values gone wrong: many of them, or the last ones before new rows."""
    followed = bool((rows[OBSERVED_AT] > column.at[-1]).any())
    return int(column.odd.sum()) > _ALONE or (bool(column.odd[-1]) and followed)


def _alone(columns: Iterable[_Column]) -> dict[pd.Timestamp, str]:
    reasons: dict[pd.Timestamp, str] = {}
    for column in columns:
        for place in np.flatnonzero(column.odd):
            said = f"{column.name} is {column.now[place]:g} where {column.before[place]:g} was known"
            reasons[column.at[place]] = f"{said}, and its neighbours did not move so"
    return reasons


def _left_behind(rows: pd.DataFrame, columns: list[_Column], *, prices: set[str]) -> dict[pd.Timestamp, str]:
    """The new rows after a history that moved far, which are still nearer to where it was."""
    reasons: dict[pd.Timestamp, str] = {}
    for column in columns:
        if column.name not in prices or abs(column.factor) < _APART or not _rebased(column):
            continue
        later = rows[rows[OBSERVED_AT] > column.at[-1]]
        values = np.log(later[column.name].to_numpy(dtype=float))
        behind = np.abs(values - np.log(column.now[-1])) > np.abs(values - np.log(column.before[-1]))
        said = f"{column.name} stands on the basis that the history before it has left"
        reasons |= dict.fromkeys(later[OBSERVED_AT][behind], said)
    return reasons


def _set_aside(rows: pd.DataFrame, reasons: Mapping[pd.Timestamp, str]) -> pd.DataFrame:
    observed, raw = rows[OBSERVED_AT], in_words(rows.select_dtypes("number"))
    return aside(rows[SYMBOL], observed_at=observed, raw=raw, reasons=[reasons[at] for at in observed])


def _torn(column: _Column) -> str:
    at = column.at[column.odd]
    times = float(np.exp(np.median(column.ratio[column.odd]) - column.factor))
    return (
        f"only a part of the history has moved to another basis: {len(at)} of {len(column.at)} rows "
        f"({at[0]:%Y-%m-%d} to {at[-1]:%Y-%m-%d}) have a {column.name} about {times:.4g} times what it was beside the "
        "others"
    )


def _whole(column: _Column, *, rows: pd.DataFrame, known: pd.DataFrame) -> str:
    change = column.now / column.before
    moved = np.abs(change - 1) > REVISION_TOLERANCE
    lost = int((~known[OBSERVED_AT].isin(rows[OBSERVED_AT])).sum())
    said = f"the history of {column.name} has another basis: {int(moved.sum())} of {len(moved)} rows are "
    said += f"{float(np.median(change[moved])):.6g} times what they were"
    return f"{said}; {lost} rows that the feed does not give on it count no longer" if lost else said
