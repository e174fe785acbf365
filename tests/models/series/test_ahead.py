"""What was known of instants before they came, beside a search row by row."""

import numpy as np
import pandas as pd

from daycast.models.series.ahead import Vintages, filled, lacking

BEGIN = pd.Timestamp("2024-01-01", tz="UTC")


def test_what_was_known_is_the_vintage_that_became_available_last_in_time():
    random = np.random.default_rng(0)
    valid, since = random.integers(0, 12, 300), random.integers(0, 12, 300)
    frame = pd.DataFrame(
        {
            "symbol": random.choice(["A", "B", "C"], 300),
            "valid_at": BEGIN + pd.to_timedelta(valid, unit="D"),
            "available_at": BEGIN + pd.to_timedelta(since, unit="D"),
            "warmth": np.where(random.random(300) < 0.2, np.nan, random.normal(size=300)),
            "price": random.normal(size=300),
        }
    ).drop_duplicates(["symbol", "valid_at", "available_at"])
    frame = frame.assign(said_at=frame["available_at"], fetched_at=BEGIN)
    vintages = Vintages.of(frame, symbols=["A", "B"], columns=["warmth", "price"])
    days = np.datetime64("2024-01-01", "us") + np.arange(14) * np.timedelta64(1, "D")
    codes, of, at = np.arange(2)[:, None, None], days[None, :, None], days[None, None, :]
    told = vintages.known(codes, of, at)
    assert told.shape == (2, 14, 14, 2)
    for code, symbol in enumerate("AB"):
        for day in range(14):
            for moment in range(14):
                own = frame[(frame["symbol"] == symbol) & (frame["valid_at"] == BEGIN + pd.Timedelta(days=day))]
                own = own[own["available_at"] <= BEGIN + pd.Timedelta(days=moment)].sort_values("available_at")
                for place, column in enumerate(("warmth", "price")):
                    said = own[column].dropna()
                    expected = said.iloc[-1] if len(said) else np.nan
                    assert np.array_equal(told[code, day, moment, place], np.float32(expected), equal_nan=True)


def test_without_a_row_nothing_is_known():
    vintages = Vintages.of(pd.DataFrame(), symbols=["A"], columns=["warmth"])
    day = np.array(["2024-01-01"], dtype="M8[us]")
    assert np.isnan(vintages.known(np.zeros(1, dtype=np.intp), day, day)).all()


def test_a_lead_that_lacks_reads_the_nearest_and_a_column_of_none_stays_unknown():
    nan = np.nan
    told = np.array([[[nan, nan], [2, nan], [nan, nan], [4, nan]], [[1, 5], [nan, 6], [3, 7], [nan, 8]]], dtype="f4")
    assert filled(told)[..., 0].tolist() == [[2, 2, 2, 4], [1, 1, 3, 3]]
    assert np.isnan(filled(told)[0, :, 1]).all()
    assert lacking(told).tolist() == [4, 2]
