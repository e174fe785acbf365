"""Values that are told twice, first as they are estimated and later as they are final: a run reads what was known."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.places import DAYS, EARLIER, FIRST, Place

BEGIN, NEWEST = pd.Timestamp(FIRST), pd.Timestamp(EARLIER)
WORDS = ("series_id", "origin", "valid_at", "mean", "lower_80", "upper_95", "forecaster", "version")
_FINAL = pd.Timedelta(days=30)


def _rows(seed: int) -> pd.DataFrame:
    """An estimate at the end of each day, and the final value a month later."""
    random = np.random.default_rng(seed)
    day = BEGIN + pd.to_timedelta(np.arange(DAYS), unit="D")
    final = 100 + random.normal(size=DAYS).cumsum()
    estimate = final + random.normal(size=DAYS, scale=0.2)
    told = [
        pd.DataFrame({"date": day, "told_at": day + after, "close": values})
        for after, values in ((pd.Timedelta(0), estimate), (_FINAL, final))
    ]
    return pd.concat(told, ignore_index=True)


def _forecasts(place: Place, change: Callable[[pd.DataFrame], pd.DataFrame]) -> list[tuple[object, ...]]:
    for seed, symbol in enumerate("AB"):
        rows = change(_rows(seed)).assign(date=lambda each: each["date"].dt.strftime("%Y-%m-%d"))
        rows.to_csv(place.root / f"{symbol}.csv", index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    place.define("load", available_at="told_at", lookback=2)
    assert place.run("load", as_of=EARLIER).status == "succeeded"
    return sorted(tuple(row[name] for name in WORDS) for row in place.table("forecasts") if row["as_of"] == EARLIER)


def _otherwise_later(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(close=rows["close"].where(rows["told_at"] <= NEWEST, 7.0))


def _as_it_was(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["told_at"] <= NEWEST]


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_a_run_as_of_a_day_reads_what_was_told_by_then(new_place: Callable[[str], Place]) -> None:
    rows = _forecasts(new_place("both"), lambda rows: rows)
    assert {row[1] for row in rows} == {EARLIER.replace(hour=0, minute=0)}, "the newest day is known as an estimate"
    for number, change in enumerate((_otherwise_later, _as_it_was)):
        assert _forecasts(new_place(f"other{number}"), change) == rows, change.__name__
