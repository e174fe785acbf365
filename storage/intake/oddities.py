"""What looks odd in good rows and may be true all the same: reported, never repaired."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from daycast.storage.calendars import Calendar
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.text import counted
from daycast.storage.terms.words import OBSERVED_AT, SYMBOL

SPLITS = (1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0)
"""Ratios of share splits that are common; their inverses are reverse splits."""

_NEAR = 0.05
"""How far from a split's ratio a step may be: the day's own move comes on top of the split."""

_FAR = 100
"""Usual ranges of a column, from its 5th percentile to its 95th, beyond which a value is far from the others."""
_FAR_FROM_STILL = 1000
"""The same of a column that mostly stands still: of counts that are mostly zero a large one is no wonder."""
_APART = 10
"""Between values that are far and all others lies nothing: they are so many times as far from the median at least."""
_BRIEF = 3
"""So many far values in a row may differ: more are a burst, or another level, and not what stands for no value."""
_FEW = 3
_FEW_SHARE = 0.02
"""How many values may be far where a column stands still but for some: so many, or this share of all."""
_LEAP = 0.2
"""The share of all that a column moved that one step must have for a closer look."""
_LEAPS = 100
"""Usual steps that one must have for it too, where several share in what the column moved: by the mean of their roots,
in which enormous ones count for little."""

_SHORTEST_RUN = 10
_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that was seen in the data and left as it is.

    Attributes:
        symbol: whose data.
        kind: ``missing_instants``, ``stuck``, ``jump``, ``far``, ``out_of_order``, ``duplicate`` or ``basis``.
        count: how many.
        message: one line for people, without the symbol.
    """

    symbol: str
    kind: str
    count: int
    message: str


def oddities(good: pd.DataFrame, *, spec: Pipeline) -> tuple[Finding, ...]:
    """What looks odd in the rows of each symbol.

    Args:
        good: sorted by symbol and observed_at, one row for each.
        spec: the pipeline.
    """
    found: list[Finding] = []
    odd = good[SYMBOL].isin(_odd_symbols(good, spec)) if len(good) else good[SYMBOL].isna()
    for symbol, rows in good[odd].groupby(SYMBOL, sort=True):
        found += _missing(str(symbol), rows, spec)
        found += _stuck(str(symbol), rows, spec)
        found += _jumps(str(symbol), rows, spec)
        found += _far(str(symbol), rows, spec)
    return tuple(found)


def _odd_symbols(good: pd.DataFrame, spec: Pipeline) -> set[str]:
    """The symbols that are worth a look, found by whole columns: of thousands, most have nothing odd."""
    codes, symbols = pd.factorize(good[SYMBOL])
    observed = pd.DatetimeIndex(good[OBSERVED_AT])
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    ends = np.append(starts[1:], len(codes)) - 1
    expected = _expected(observed[starts], observed[ends], spec)
    odd = expected > ends - starts + 1
    within = np.diff(codes) == 0
    shortest = max(_SHORTEST_RUN, spec.season_length)
    for name in spec.fetched:
        values = good[name].to_numpy(dtype=float)
        runs = _runs((values[1:] == values[:-1]) & within)
        odd[[codes[start] for start, end in runs if end - start + 1 >= shortest]] = True
        odd |= _leaps(values, starts)
    price = next((name for name in ("close", spec.target) if name in good.columns), None)
    if price is not None and Calendar(spec.calendar).daily:
        values = good[price].to_numpy(dtype=float)
        steps = np.log(np.where(values > 0, values, 1.0))
        odd[codes[1:][_near_a_split(np.abs(np.diff(steps))) & within]] = True
    return set(symbols[odd])


def _expected(first: pd.DatetimeIndex, last: pd.DatetimeIndex, spec: Pipeline) -> np.ndarray:
    """How many instants the calendar has from each first to each last one."""
    calendar = Calendar(spec.calendar)
    if calendar.step is not None:
        return np.asarray((last - first) // calendar.step + 1)
    units = calendar.units(first.min(), last.max())
    count = 1 if calendar.frequency is None else calendar.frequency.count
    return np.asarray((units.searchsorted(last, side="right") - units.searchsorted(first) - 1) // count + 1)


def _near_a_split(moves: np.ndarray) -> np.ndarray:
    """Which moves of a logarithm are near the ratio of a share split."""
    ratios = np.exp(moves)
    splits = np.array(SPLITS)
    above = np.minimum(np.searchsorted(splits, ratios), len(splits) - 1)
    below = np.maximum(above - 1, 0)
    near = np.minimum(np.abs(ratios / splits[above] - 1), np.abs(ratios / splits[below] - 1))
    return np.asarray(near <= _NEAR)


def _missing(symbol: str, rows: pd.DataFrame, spec: Pipeline) -> Iterator[Finding]:
    """Instants of the calendar between the first row and the last that have none."""
    observed = pd.DatetimeIndex(rows[OBSERVED_AT])
    expected = Calendar(spec.calendar).instants(observed[0], observed[-1])
    absent = expected.difference(observed)
    if len(absent):
        unit = "sessions" if Calendar(spec.calendar).sessions else "instants"
        places = expected.get_indexer(absent)
        longest = 1 + max((end - start for start, end in _runs(np.diff(places) == 1)), default=0)
        message = (
            f"{len(absent)} of {len(expected)} {unit} of {spec.calendar} have no usable row "
            f"({longest} in a row at most; {_dates(absent, spec)})"
        )
        yield Finding(symbol=symbol, kind="missing_instants", count=len(absent), message=message)


def _stuck(symbol: str, rows: pd.DataFrame, spec: Pipeline) -> Iterator[Finding]:
    """Runs of one value, as long as a season at least, and ten instants."""
    shortest = max(_SHORTEST_RUN, spec.season_length)
    observed = pd.DatetimeIndex(rows[OBSERVED_AT])
    for name in spec.fetched:
        values = rows[name].to_numpy()
        runs = [(start, end) for start, end in _runs(values[1:] == values[:-1]) if end - start + 1 >= shortest]
        if runs:
            start, end = max(runs, key=lambda run: run[1] - run[0])
            last = " to the last row" if end == len(rows) - 1 else ""
            message = (
                f"{name} did not move for {end - start + 1} instants from {_date(observed[start], spec)}{last} "
                f"(value {values[start]:g}; {len(runs)} such runs of {shortest} or more)"
            )
            yield Finding(symbol=symbol, kind="stuck", count=len(runs), message=message)


def _jumps(symbol: str, rows: pd.DataFrame, spec: Pipeline) -> Iterator[Finding]:
    """Steps of a price in one go that look like a share split whose history was not adjusted."""
    name = next((name for name in ("close", spec.target) if name in rows.columns), None)
    if name is None or not Calendar(spec.calendar).daily or not (rows[name] > 0).all():
        return
    steps = np.log(rows[name].to_numpy())
    moves = np.abs(np.diff(steps))
    places = np.flatnonzero(_near_a_split(moves)) + 1
    if len(places):
        observed, values = pd.DatetimeIndex(rows[OBSERVED_AT]), rows[name].to_numpy()
        shown = "; ".join(
            f"{_date(observed[place], spec)} {values[place - 1]:g} to {values[place]:g}" for place in places[:_SHOWN]
        )
        message = f"{len(places)} steps of {name} near the ratio of a split, which may be real ({shown})"
        yield Finding(symbol=symbol, kind="jump", count=len(places), message=message)


def _leaps(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Which symbols have a step that is a good part of all that they moved, or enormous, ``(symbols,)``."""
    steps = np.abs(np.diff(values, prepend=values[:1]))
    steps[starts] = 0.0  # from the symbol before
    largest = np.maximum.reduceat(steps, starts)
    usual = (np.add.reduceat(np.sqrt(steps), starts) / np.diff(starts, append=len(steps))) ** 2
    return np.asarray((largest > _LEAP * np.add.reduceat(steps, starts)) | (largest > _LEAPS * usual))


def _far(symbol: str, rows: pd.DataFrame, spec: Pipeline) -> Iterator[Finding]:
    """Values as far from all others as what stands for none, such as -9999 in a column of temperatures."""
    for name in spec.fetched:
        values = rows[name].to_numpy(dtype=float)
        places = _far_places(values)
        if len(places):
            low, high = np.quantile(values, (0.05, 0.95))
            observed = pd.DatetimeIndex(rows[OBSERVED_AT])
            shown = "; ".join(f"{_date(observed[place], spec)} {values[place]:g}" for place in places[:_SHOWN])
            count = counted(len(places), "value")
            message = (
                f"{count} of {name} far from all others, as what stands for no value is ({shown}); most lie between "
                f"{low:g} and {high:g}"
            )
            yield Finding(symbol=symbol, kind="far", count=len(places), message=message)


def _far_places(values: np.ndarray) -> np.ndarray:
    """Which values are far, by their places: none where they come in bursts, or stay.

    >>> _far_places(np.array([*range(40), -9999, *range(40), -9999, *range(40), -9999, *range(40)])).tolist()
    [40, 81, 122]
    """
    none = np.array([], dtype=int)
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    distances = np.abs(values - middle)
    few = max(_FEW, int(_FEW_SHARE * len(values)))
    usual = high - low or np.sort(distances)[-few - 1 :][0]
    far = distances > usual * (_FAR_FROM_STILL if np.mean(values == middle) > 0.5 else _FAR)
    if not usual or not far.any() or distances[far].min() <= _APART * distances[~far].max():
        return none
    runs = [values[start : end + 1] for start, end in _runs(far[1:] & far[:-1])]
    lasting = any(len(run) > _BRIEF and np.ptp(run) > 0 for run in runs)
    return none if lasting else np.flatnonzero(far)


def _runs(same: np.ndarray) -> list[tuple[int, int]]:
    """Where ``same`` holds in a row: first and last row of each run, counted in rows (one more than steps).

    >>> _runs(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    edges = np.diff(np.concatenate([[0], same.astype(np.int8), [0]]))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


def _dates(instants: pd.DatetimeIndex, spec: Pipeline) -> str:
    shown = ", ".join(_date(at, spec) for at in instants[:_SHOWN])
    return shown + (", …" if len(instants) > _SHOWN else "")


def _date(at: pd.Timestamp, spec: Pipeline) -> str:
    return f"{at:%Y-%m-%d}" if Calendar(spec.calendar).daily else f"{at:%Y-%m-%d %H:%M}"
