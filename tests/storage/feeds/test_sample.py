"""Generated data: the same for ever, whatever is asked for, and worth learning from."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daycast.storage.calendars import Calendar
from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.feeds.catalog import open_feed
from daycast.storage.feeds.feed import Span
from daycast.storage.feeds.sample.transformer import TRANSFORMER_COLUMNS
from daycast.storage.intake.rules import inspect
from daycast.storage.terms.errors import FeedRefused

END = datetime(2026, 8, 21, 22, 30, tzinfo=UTC)


def sample(**keys):
    defaults = {"symbols": ["AMZN"], "target": "close", "features": ["close"], "calendar": "XNYS"}
    return parse_pipeline("sample_x", {"feed": "sample", "lookback": 5, "horizon": 1, **defaults, **keys})


def hours(**keys):
    return sample(
        **{"symbols": ["OT"], "target": "OT", "features": list(TRANSFORMER_COLUMNS), "calendar": "1h", **keys}
    )


def fetch(spec, end=END, start=None):
    return open_feed(spec).fetch(spec.symbols, Span(start=start, end=end)).frame


def test_prices_keep_to_the_sessions_of_the_exchange():
    frame = fetch(sample())
    sessions = Calendar("XNYS").instants(datetime(2023, 1, 1, tzinfo=UTC), END)
    assert frame["observed_at"].tolist() == sessions.tolist()
    assert 700 < len(frame) < 1200


def test_bars_are_plausible():
    frame = fetch(sample())
    body = frame[["open", "close"]]
    assert (frame["low"] <= body.min(axis=1)).all()
    assert (frame["high"] >= body.max(axis=1)).all()
    assert (frame[["open", "high", "low", "close", "volume"]] > 0).all().all()
    returns = np.log(frame["close"]).diff().dropna()
    assert 0.1 < returns.std() * np.sqrt(252) < 0.6
    assert returns.abs().max() < 0.2


def test_volatility_comes_in_clusters():
    frame = fetch(sample(), start=datetime(2005, 1, 1, tzinfo=UTC))
    size = np.log(frame["close"]).diff().dropna().abs()
    assert size.autocorr(1) > 0.08
    assert abs(np.log(frame["close"]).diff().dropna().autocorr(1)) < 0.06


def test_symbols_differ_and_do_not_depend_on_each_other():
    both = fetch(sample(symbols=["AMZN", "SPY"]))
    alone = fetch(sample(symbols=["SPY"]))
    pd.testing.assert_frame_equal(both[both["symbol"] == "SPY"].reset_index(drop=True), alone)
    assert not np.allclose(both[both["symbol"] == "AMZN"]["close"], alone["close"])


@settings(max_examples=12, deadline=None)
@given(
    first=st.integers(min_value=0, max_value=900),
    length=st.integers(min_value=0, max_value=400),
    daily=st.booleans(),
)
def test_a_value_never_depends_on_the_span(first, length, daily):
    spec, step = (sample(calendar="1D"), timedelta(days=1)) if daily else (hours(), timedelta(hours=1))
    start = datetime(2024, 11, 20, tzinfo=UTC) + first * step
    part = fetch(spec, end=start + length * step, start=start)
    whole = fetch(spec, end=datetime(2028, 7, 1, tzinfo=UTC), start=datetime(2024, 1, 1, tzinfo=UTC))
    inside = whole[(whole["observed_at"] >= start) & (whole["observed_at"] <= start + length * step)]
    assert len(part) == len(inside)
    if len(part):
        pd.testing.assert_frame_equal(part, inside.reset_index(drop=True), check_exact=True)


def test_the_history_begins_on_the_same_day_the_whole_year():
    starts = {fetch(hours(), end=datetime(2026, month, 3, tzinfo=UTC))["observed_at"].iloc[0] for month in range(7, 13)}
    assert starts == {pd.Timestamp("2026-01-01", tz="UTC")}


def test_hours_have_the_transformers_columns_without_gaps():
    frame = fetch(hours())
    assert set(TRANSFORMER_COLUMNS) <= set(frame.columns)
    assert (frame["observed_at"].diff().dropna() == pd.Timedelta(hours=1)).all()
    assert (frame["value"] == frame["OT"]).all()
    assert np.isfinite(frame[list(TRANSFORMER_COLUMNS)]).all().all()


def test_hours_have_daily_and_weekly_cycles_and_drift():
    frame = fetch(hours(), start=datetime(2024, 1, 1, tzinfo=UTC)).set_index("observed_at")
    by_hour = frame["MUFL"].groupby(frame.index.hour).mean()
    by_day = frame["MUFL"].groupby(frame.index.day_of_week).mean()
    assert np.ptp(by_hour) > 3
    assert np.ptp(by_day) > 0.5
    assert frame["OT"].resample("30D").mean().std() > 2


def test_the_next_hour_can_be_learnt():
    values = fetch(hours())[list(TRANSFORMER_COLUMNS)].to_numpy()
    steps, lags = np.diff(values, axis=0), 10
    seen = np.lib.stride_tricks.sliding_window_view(steps, lags, axis=0)[:-1].reshape(len(steps) - lags, -1)
    target, cut = steps[lags:, -1], int(0.7 * (len(steps) - lags))
    fit = np.linalg.lstsq(seen[:cut], target[:cut], rcond=None)[0]
    error = target[cut:] - seen[cut:] @ fit
    assert np.sqrt((error**2).mean()) < 0.6 * np.sqrt((target[cut:] ** 2).mean())


def test_a_turn_of_the_year_is_no_jump():
    frame = fetch(hours(), end=datetime(2026, 1, 3, tzinfo=UTC), start=datetime(2025, 12, 29, tzinfo=UTC))
    turn = frame["observed_at"] == pd.Timestamp("2026-01-01", tz="UTC")
    assert frame["OT"].diff().abs()[turn].item() < 3


@pytest.mark.parametrize("calendar", ["15min", "30min", "4h", "1D", "B", "24/7", "XLON"])
def test_every_calendar_has_samples_on_it(calendar):
    spec = sample(calendar=calendar, target="value", features=["value", "demand"], difference={"demand": "log"})
    result = inspect(fetch(spec), spec=spec)
    assert len(result.good) > 200
    assert result.set_aside.empty
    assert not [finding for finding in result.findings if finding.kind != "jump"]


def test_before_the_beginning_there_is_nothing():
    early = Span(start=None, end=datetime(1999, 1, 1, tzinfo=UTC))
    fetched = open_feed(sample()).fetch(["AMZN"], early)
    assert isinstance(fetched.failures["AMZN"], FeedRefused)
    assert fetched.frame.empty
