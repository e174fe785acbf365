"""What forecasts turned out to be worth, once their actual values came.

A forecast is judged on the basis on which it was made. A feed that adjusts its history (a split, a dividend, a new base
year) moves every earlier value by one factor; the forecast stands on the old basis, the actual value that came stands
on the new one. The factor is how the last values up to the origin, as known when the forecast was made, compare with
the same values as known now; one value that was merely corrected does not make a factor.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from daycast.storage.terms.rules import TrainingRules
from daycast.storage.terms.words import (
    ALL_LEADS,
    ALL_SERIES,
    AS_OF,
    AVAILABLE_AT,
    FETCHED_AT,
    LEAD,
    MEAN,
    OBSERVED_AT,
    ORIGIN,
    SERIES_ID,
    VALID_AT,
    VERSION,
    Metric,
)

VALUE = "value"
ACTUAL = "actual"
_WITNESSES = 5
"""How many values up to the origin say whether the history moved."""
_QUORUM = 3
"""With fewer than these a factor cannot be told from a correction."""
_ROUNDING = 5e-3
"""Relative difference below which the witnesses agree: prices are rounded to cents."""
_GROUP = [VERSION, "forecaster", SERIES_ID, LEAD]


def resolve(forecasts: pd.DataFrame, history: pd.DataFrame, *, as_of: datetime) -> pd.DataFrame:
    """Each forecast whose actual value was known at ``as_of``, beside it.

    Args:
        forecasts: rows of the table ``forecasts``.
        history: every value that the feed ever said of the target: ``series_id``, ``observed_at``, ``available_at``,
            ``fetched_at``, ``value``.
        as_of: aware; what became available later is not seen.

    Returns:
        Those rows with ``actual`` (on the forecast's basis), ``base`` (the value at the origin as the forecast knew
        it; missing where nothing was known) and ``factor`` (of the forecast's basis to the present one; 1 where the
        history did not move), in the order given.
    """
    rows = history[history[AVAILABLE_AT] <= pd.Timestamp(as_of)]
    rows = rows.sort_values([AVAILABLE_AT, FETCHED_AT], kind="stable", ignore_index=True)
    now = rows.drop_duplicates([SERIES_ID, OBSERVED_AT], keep="last").sort_values([SERIES_ID, OBSERVED_AT])
    known = _Known.of(now)
    place = known.places(forecasts, VALID_AT)
    came = forecasts[place >= 0]
    actual = known.values[place[place >= 0]]
    came, actual = came[~np.isnan(actual)], actual[~np.isnan(actual)]
    at = known.places(came, ORIGIN)
    base = np.full(len(came), np.nan)
    base[at >= 0] = known.values[at[at >= 0]]
    factor = np.full(len(came), 1.0)
    revised = came[SERIES_ID].isin(_revised(rows, now)).to_numpy()
    if revised.any():
        base[revised], factor[revised] = np.stack(_then(came[revised], rows, known=known))
    return came.assign(**{ACTUAL: actual * factor, "base": base, "factor": factor})


def score_live(outcomes: pd.DataFrame, *, directional: bool) -> pd.DataFrame:
    """Score forecasts that were served, against the last value carried forward from the same origin.

    ``mase`` and ``crps`` are left out: the one needs the scale of the training part, the other more quantiles than a
    row of ``forecasts`` has, and neither could be held beside those of the test part.

    Args:
        outcomes: from :func:`resolve`.
        directional: whether ``directional_accuracy`` is meant: for prices.

    Returns:
        Columns ``version``, ``forecaster``, ``series_id``, ``lead``, ``metric``, ``value``, ``n``; lead 0 is over all
        leads, series ``*`` over all series. A value that is not defined has no row.
    """
    counted = _counted(outcomes, directional=directional)
    over = [
        counted.assign(**{SERIES_ID: ALL_SERIES}),
        counted.assign(**{LEAD: ALL_LEADS}),
        counted.assign(**{SERIES_ID: ALL_SERIES, LEAD: ALL_LEADS}),
    ]
    sums = pd.concat([frame.groupby(_GROUP, sort=True).sum() for frame in over])
    rows = [
        pd.DataFrame({"metric": name, VALUE: value, "n": n}, index=sums.index)
        for name, (value, n) in _metrics(sums).items()
    ]
    table = pd.concat(rows).reset_index()
    table["n"] = table["n"].astype("int64")
    return table[np.isfinite(table[VALUE])].reset_index(drop=True)


def accuracy(outcomes: pd.DataFrame) -> dict[str, Any]:
    """The figures of ``LiveAccuracy`` over all the rows whose value at the origin is known."""
    rows = outcomes[outcomes["base"].notna()]
    sums = _counted(rows, directional=False).drop(columns=_GROUP).sum().to_frame().T
    figures = {name: value.item() for name, (value, _) in _metrics(sums).items()}
    naive = (sums["naive"] / sums["all"].where(sums["all"] > 0)).item()
    chosen = {name: figures[name] for name in ("mae", "skill", "coverage_80", "coverage_95")} | {"naive_mae": naive}
    return {"n": len(rows), **{name: value if np.isfinite(value) else None for name, value in chosen.items()}}


def within(outcomes: pd.DataFrame, *, since: datetime) -> pd.DataFrame:
    """The rows that were forecast for later than an instant."""
    return outcomes[outcomes[VALID_AT] > pd.Timestamp(since)]


def judged(
    outcomes: pd.DataFrame, *, rules: TrainingRules, as_of: datetime, retrained: datetime | None
) -> dict[str, Any]:
    """The figures that the rules look at.

    Those of the forecasts that were served in the last ``live_days``, whoever made them, and of no run before the last
    retrain: what was served before is no reason to retrain again and again, until it is forgotten.

    Args:
        outcomes: from :func:`resolve`.
        rules: the pipeline's.
        as_of: aware.
        retrained: the ``as_of`` of the last retrain, whether it won or not; none where there was none.
    """
    rows = within(outcomes, since=as_of - timedelta(days=rules.live_days))
    return accuracy(rows if retrained is None else rows[rows[AS_OF] >= pd.Timestamp(retrained)])


@dataclass(frozen=True, eq=False)
class _Known:
    """The values known now, by series and instant."""

    names: pd.Index
    codes: np.ndarray
    stamps: np.ndarray
    keys: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, now: pd.DataFrame) -> "_Known":
        codes, names = pd.factorize(now[SERIES_ID], sort=True)
        observed = _instants(now[OBSERVED_AT])
        stamps = np.unique(observed)
        keys = codes * len(stamps) + np.searchsorted(stamps, observed)
        return cls(pd.Index(names), codes, stamps, keys, now[VALUE].to_numpy(dtype=float))

    def places(self, rows: pd.DataFrame, time: str, *, before: bool = False) -> np.ndarray:
        """Where the value of each row's series and instant, or the last before it, stands; -1 where there is none."""
        if not len(self.keys):
            return np.full(len(rows), -1)
        codes = self.names.get_indexer(rows[SERIES_ID])
        wanted = _instants(rows[time])
        column = np.searchsorted(self.stamps, wanted, side="right") - 1
        place = np.searchsorted(self.keys, codes * len(self.stamps) + column, side="right") - 1
        there = (codes >= 0) & (place >= 0) & (self.codes[place] == codes)
        if not before:
            there &= self.stamps[self.keys[place] % len(self.stamps)] == wanted
        return np.where(there, place, -1)


def _instants(times: "pd.Series[Any]") -> np.ndarray:
    return np.asarray(pd.DatetimeIndex(times).as_unit("us").asi8)


def _revised(rows: pd.DataFrame, now: pd.DataFrame) -> list[str]:
    """The series of which something was said more than once."""
    more = rows[SERIES_ID].value_counts() > now[SERIES_ID].value_counts()
    return [str(name) for name in more.index[more]]


def _then(rows: pd.DataFrame, history: pd.DataFrame, *, known: _Known) -> tuple[np.ndarray, np.ndarray]:
    """The value at each origin as the forecast knew it, and the factor of its basis to the present one."""
    pairs = rows[[SERIES_ID, ORIGIN, AS_OF]].drop_duplicates(ignore_index=True)
    last = known.places(pairs, ORIGIN, before=True)
    places = last[:, np.newaxis] - np.arange(_WITNESSES)
    code = known.codes[last]
    there = (places >= 0) & (last >= 0)[:, np.newaxis]
    there &= known.codes[np.maximum(places, 0)] == code[:, np.newaxis]
    observed = known.stamps[known.keys[np.maximum(places, 0)] % len(known.stamps)]
    seen = pd.DataFrame(
        {
            SERIES_ID: pairs[SERIES_ID].repeat(there.sum(axis=1)).array,
            OBSERVED_AT: pd.DatetimeIndex(observed[there].view("M8[us]")).tz_localize("UTC"),
            AS_OF: pairs[AS_OF].repeat(there.sum(axis=1)).array,
            "cell": np.flatnonzero(there),
        }
    )
    seen[AS_OF] = seen[AS_OF].astype(history[AVAILABLE_AT].dtype)
    found = pd.merge_asof(
        seen.sort_values(AS_OF, kind="stable"),
        history[[SERIES_ID, OBSERVED_AT, AVAILABLE_AT, VALUE]],
        left_on=AS_OF,
        right_on=AVAILABLE_AT,
        by=[SERIES_ID, OBSERVED_AT],
    )
    before, after = np.full(places.size, np.nan), np.full(places.size, np.nan)
    before[found["cell"]] = found[VALUE]
    after[np.flatnonzero(there)] = known.values[places[there]]
    told_then = before.reshape(places.shape)
    at_origin = (last >= 0) & (observed[:, 0] == _instants(pairs[ORIGIN]))
    base = np.where(at_origin, told_then[:, 0], np.nan)
    told = pairs.assign(base=base, factor=_factors(told_then, after.reshape(places.shape)))
    joined = rows[[SERIES_ID, ORIGIN, AS_OF]].merge(told, on=[SERIES_ID, ORIGIN, AS_OF], how="left")
    return joined["base"].to_numpy(dtype=float), joined["factor"].to_numpy(dtype=float)


def _factors(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Row by row, the common ratio of the witnesses; 1 where they are too few or do not agree."""
    usable = (before > 0) & (after > 0)
    ratio = np.divide(before, after, out=np.full_like(before, np.nan), where=usable)
    count = usable.sum(axis=1)
    ordered = np.sort(ratio, axis=1)  # what is missing stands last
    row = np.arange(len(ratio))
    middle = ordered[row, np.maximum(count - 1, 0) // 2]
    spread = ordered[row, np.maximum(count - 1, 0)] / ordered[:, 0] - 1
    return np.where((count >= _QUORUM) & (spread <= _ROUNDING), middle, 1.0)


def _counted(outcomes: pd.DataFrame, *, directional: bool) -> pd.DataFrame:
    """What is summed: errors, hits, and among how many."""
    actual, mean, base = (outcomes[name].to_numpy(dtype=float) for name in (ACTUAL, MEAN, "base"))
    error, naive = np.abs(actual - mean), np.abs(actual - base)
    comparable = ~np.isnan(naive)
    columns: dict[str, Any] = {name: outcomes[name] for name in _GROUP}
    columns |= {"all": 1.0, "error": error, "square": np.square(error)}
    columns |= {
        "comparable": comparable.astype(float),
        "error_there": np.where(comparable, error, 0.0),
        "naive": np.where(comparable, naive, 0.0),
    }
    for level in ("80", "95"):
        lower, upper = (outcomes[f"{side}_{level}"].to_numpy(dtype=float) for side in ("lower", "upper"))
        columns[f"bounded_{level}"] = (~np.isnan(lower) & ~np.isnan(upper)).astype(float)
        columns[f"inside_{level}"] = ((lower <= actual) & (actual <= upper)).astype(float)
        outside = np.maximum(lower - actual, 0.0) + np.maximum(actual - upper, 0.0)
        columns[f"width_{level}"] = np.nan_to_num(upper - lower)
        columns[f"score_{level}"] = np.nan_to_num(upper - lower + 200.0 / (100 - int(level)) * outside)
    if directional:
        told, came = np.sign(mean - base), np.sign(actual - base)
        moved = comparable & (told != 0) & (came != 0)
        columns |= {"moved": moved.astype(float), "right": (moved & (told == came)).astype(float)}
    return pd.DataFrame(columns)


def _metrics(sums: Any) -> dict[Metric, tuple["pd.Series[float]", "pd.Series[float]"]]:
    """Each metric and among how many it was measured, from sums."""
    every = sums["all"]
    table: dict[Metric, tuple[Any, Any]] = {
        "mae": (_divide(sums["error"], every), every),
        "rmse": (np.sqrt(_divide(sums["square"], every)), every),
        "skill": (1 - _divide(sums["error_there"], sums["naive"]), sums["comparable"]),
        "coverage_80": (_divide(sums["inside_80"], sums["bounded_80"]), sums["bounded_80"]),
        "coverage_95": (_divide(sums["inside_95"], sums["bounded_95"]), sums["bounded_95"]),
    }
    for level in ("80", "95"):
        bounded = sums[f"bounded_{level}"]
        table[f"width_{level}"] = (_divide(sums[f"width_{level}"], bounded), bounded)  # type: ignore[index]
        table[f"interval_score_{level}"] = (_divide(sums[f"score_{level}"], bounded), bounded)  # type: ignore[index]
    if "moved" in sums:
        table["directional_accuracy"] = (_divide(sums["right"], sums["moved"]), sums["moved"])
    return table


def _divide(over: "pd.Series[float]", under: "pd.Series[float]") -> "pd.Series[float]":
    return over / under.where(under != 0)
