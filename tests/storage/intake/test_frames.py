"""Rows from outside are judged, and our own frames are held to their contracts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daycast.storage.calendars import Calendar
from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.intake.frames import check_actuals, check_forecasts, check_observations
from daycast.storage.intake.rules import inspect
from daycast.storage.terms.errors import DataError

DATA = Path(__file__).parents[4] / "shared" / "data"


def make_spec(**keys):
    defaults = {"symbols": ["AMZN"], "target": "close", "features": ["close"], "calendar": "XNYS"}
    return parse_pipeline("prices", {"feed": "yahoo", "lookback": 5, "horizon": 1, **defaults, **keys})


def hourly(**keys):
    return make_spec(feed="ett", symbols=["OT"], target="OT", features=["MUFL", "OT"], calendar="1h", **keys)


def rows(values, *, days=None, symbol="AMZN", calendar="XNYS", column="close", start="2020-01-02"):
    days = (
        Calendar(calendar).following(pd.Timestamp(start, tz="UTC") - pd.Timedelta(days=1), len(values))
        if days is None
        else pd.DatetimeIndex([pd.Timestamp(day, tz="UTC") for day in days])
    ).as_unit("us")
    known = days + pd.Timedelta(hours=21)
    return pd.DataFrame(
        {
            "symbol": pd.Series([symbol] * len(values), dtype="str"),
            "observed_at": days,
            "available_at": known.as_unit("us"),
            column: pd.Series(values, dtype="float64"),
        }
    )


def hours(values, *, start="2020-01-01", **columns):
    at = pd.date_range(start, periods=len(values), freq="h", tz="UTC", unit="us")
    frame = pd.DataFrame({"symbol": "OT", "observed_at": at, "available_at": at, "MUFL": 1.0 + np.arange(len(values))})
    return frame.assign(OT=np.asarray(values, dtype="float64"), symbol=frame["symbol"].astype("str"), **columns)


def kinds(result):
    return {finding.kind: finding.count for finding in result.findings}


def test_good_rows_pass_as_they_are():
    frame = rows([100.0, 101.0, 99.5])
    result = inspect(frame, spec=make_spec())
    pd.testing.assert_frame_equal(result.good, frame)
    assert result.set_aside.empty
    assert list(result.set_aside.columns) == ["symbol", "observed_at", "raw", "reason"]
    assert result.findings == ()


def test_an_empty_frame_passes():
    from daycast.storage.feeds.feed import no_rows

    result = inspect(no_rows(), spec=make_spec())
    assert result.good.empty
    assert result.set_aside.empty


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (np.nan, "close is missing"),
        (np.inf, "close is not finite"),
        (-np.inf, "close is not finite"),
        (0.0, "close is not positive"),
        (-3.0, "close is not positive"),
    ],
)
def test_a_value_that_cannot_be_used_is_set_aside(value, reason):
    result = inspect(rows([100.0, value, 99.5]), spec=make_spec(difference="log"))
    assert result.good["close"].tolist() == [100.0, 99.5]
    assert [said.partition(" (")[0] for said in result.set_aside["reason"]] == [reason]
    assert str(result.set_aside["observed_at"].item()) == "2020-01-03 00:00:00+00:00"
    assert f"close={value}" in result.set_aside["raw"].item()
    assert kinds(result) == {"missing_instants": 1}


def test_a_column_that_is_not_needed_may_be_missing_but_no_price_may_be_negative():
    frame = rows([100.0, 101.0, 99.5]).assign(volume=[np.nan, 1.0, 2.0], open=[1.0, -1.0, np.nan])
    result = inspect(frame, spec=make_spec(difference="log"))
    assert len(result.good) == 2
    assert result.set_aside["reason"].tolist() == ['open is not positive (difference = "log")']


def test_negative_loads_are_good_unless_they_are_differenced_by_ratio():
    frame = hours([1.0, -1.0, 0.0, 2.0])
    assert len(inspect(frame, spec=hourly()).good) == 4
    assert len(inspect(frame, spec=hourly(difference="absolute")).good) == 4
    result = inspect(frame, spec=hourly(difference={"OT": "log"}))
    assert result.set_aside["reason"].tolist() == ['OT is not positive (difference = "log")'] * 2


def test_a_bar_of_a_sunday_and_of_a_holiday_are_set_aside():
    frame = rows([1.0, 2.0, 3.0, 4.0], days=["2020-01-17", "2020-01-19", "2020-01-20", "2020-01-21"])
    result = inspect(frame, spec=make_spec())
    assert result.good["close"].tolist() == [1.0, 4.0]
    assert result.set_aside["reason"].unique().tolist() == ["there is no such instant in the calendar XNYS"]


def test_a_crooked_hour_is_set_aside_and_not_all_the_others():
    frame = hours(np.arange(6.0), start="2020-01-01 00:30")
    frame.loc[0, "observed_at"] -= pd.Timedelta(minutes=7)
    result = inspect(frame, spec=hourly())
    assert result.set_aside["observed_at"].astype(str).tolist() == ["2020-01-01 00:23:00+00:00"]
    assert len(result.good) == 5


def test_the_same_row_twice_counts_once():
    frame = rows([1.0, 2.0, 3.0])
    result = inspect(pd.concat([frame, frame], ignore_index=True), spec=make_spec())
    pd.testing.assert_frame_equal(result.good, frame)
    assert result.set_aside.empty
    assert kinds(result)["duplicate"] == 3


def test_rows_of_one_instant_that_differ_are_all_set_aside():
    frame = rows([1.0, 2.0, 2.5, 3.0], days=["2020-01-02", "2020-01-03", "2020-01-03", "2020-01-06"])
    result = inspect(pd.concat([frame, frame.iloc[[1]]], ignore_index=True), spec=make_spec())
    assert result.good["close"].tolist() == [1.0, 3.0]
    assert result.set_aside["reason"].unique().tolist() == ["another row of the same instant says otherwise"]
    assert len(result.set_aside) == 2


def test_a_bad_twin_does_not_take_the_good_one_with_it():
    frame = rows([1.0, np.nan, 2.0], days=["2020-01-02", "2020-01-03", "2020-01-03"])
    result = inspect(frame, spec=make_spec())
    assert result.good["close"].tolist() == [1.0, 2.0]
    assert result.set_aside["reason"].tolist() == ["close is missing"]


def test_disorder_is_sorted_and_counted():
    frame = rows([50.0, 51.0, 52.0]).iloc[::-1].reset_index(drop=True)
    result = inspect(frame, spec=make_spec())
    assert result.good["close"].tolist() == [50.0, 51.0, 52.0]
    assert kinds(result) == {"out_of_order": 2}


def test_sessions_that_are_missing_are_counted_and_holidays_are_not():
    frame = rows([1.0, 2.0, 3.0], days=["2020-01-16", "2020-01-17", "2020-01-24"])
    finding = inspect(frame, spec=make_spec()).findings[0]
    assert (finding.kind, finding.count) == ("missing_instants", 3)
    assert finding.message.startswith("3 of 6 sessions of XNYS have no usable row (3 in a row at most; 2020-01-21,")


def test_hours_that_are_missing():
    frame = hours(np.arange(10.0)).drop(index=[3, 4, 7]).reset_index(drop=True)
    finding = inspect(frame, spec=hourly()).findings[0]
    assert (finding.kind, finding.count) == ("missing_instants", 3)
    assert "(2 in a row at most; 2020-01-01 03:00, 2020-01-01 04:00, 2020-01-01 07:00)" in finding.message


def test_a_value_that_is_stuck_is_reported():
    values = np.concatenate([np.arange(10.0), np.full(30, 5.5)])
    result = inspect(hours(values), spec=hourly())
    assert kinds(result) == {"stuck": 1}
    assert "OT did not move for 30 instants from 2020-01-01 10:00 to the last row" in result.findings[0].message
    assert len(result.good) == 40
    assert kinds(inspect(hours(values[:20]), spec=hourly())) == {}


@pytest.mark.parametrize(("before", "after"), [(2447.0, 124.79), (1409.0, 142.0), (100.0, 50.5), (1.0, 9.9)])
def test_a_step_like_a_split_is_reported_and_left_alone(before, after):
    frame = rows([before, before * 1.01, after, after * 1.02])
    result = inspect(frame, spec=make_spec())
    assert kinds(result) == {"jump": 1}
    assert "which may be real" in result.findings[0].message
    pd.testing.assert_frame_equal(result.good, frame)


@pytest.mark.parametrize("ratio", [1.1, 0.85, 1.25, 0.75])
def test_an_ordinary_day_is_no_split(ratio):
    assert inspect(rows([100.0, 100.0 * ratio, 101.0 * ratio]), spec=make_spec()).findings == ()


def test_each_symbol_is_judged_by_itself():
    frame = pd.concat([rows([1.0, 2.0]), rows([50.0, 51.0], symbol="MSFT")], ignore_index=True)
    result = inspect(frame, spec=make_spec())
    assert [(finding.symbol, finding.kind) for finding in result.findings] == [("AMZN", "jump")]


def test_a_column_that_the_feed_does_not_give_is_named():
    with pytest.raises(DataError, match="no adj_close; the columns there are: close"):
        inspect(rows([1.0]), spec=make_spec(target="adj_close", features=["adj_close"]))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["AMZN", "MSFT"]),
            st.integers(0, 20),
            st.sampled_from([1.0, 1.5, 0.0, -1.0, np.nan, np.inf, 2.0]),
        ),
        max_size=25,
    )
)
def test_every_row_is_accounted_for_and_none_is_changed(drawn):
    at = pd.to_datetime("2020-01-02", utc=True) + pd.to_timedelta([day for _, day, _ in drawn], unit="D")
    frame = pd.DataFrame(
        {
            "symbol": pd.Series([symbol for symbol, _, _ in drawn], dtype="str"),
            "observed_at": pd.DatetimeIndex(at).as_unit("us"),
            "available_at": pd.DatetimeIndex(at).as_unit("us"),
            "close": pd.Series([value for _, _, value in drawn], dtype="float64"),
        }
    )
    before = frame.copy(deep=True)
    result = inspect(frame, spec=make_spec())
    pd.testing.assert_frame_equal(frame, before)
    check_observations(result.good, columns=["close"])
    repeats = sum(finding.count for finding in result.findings if finding.kind == "duplicate")
    assert len(result.good) + len(result.set_aside) + repeats == len(frame)
    given_rows = set(zip(frame["symbol"], frame["observed_at"], frame["close"], strict=True))
    assert set(zip(result.good["symbol"], result.good["observed_at"], result.good["close"], strict=True)) <= given_rows


def test_judging_is_quick():
    import time

    frame = hours(np.random.default_rng(1).normal(size=20_000))
    for name in ("HUFL", "HULL", "MULL", "LUFL", "LULL"):
        frame[name] = frame["OT"] + 1
    spec = hourly()
    inspect(frame, spec=spec)
    check_observations(frame, columns=["OT"])
    began = time.perf_counter()
    inspect(frame, spec=spec)
    check_observations(frame, columns=list(spec.columns))
    assert time.perf_counter() - began < 3  # far above what it takes, so that a busy machine does not fail it


def test_the_contract_of_observations_lets_good_frames_pass():
    check_observations(rows([1.0, 2.0]), columns=["close"])
    check_observations(rows([]), columns=["close"])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda frame: frame.drop(columns="close"), "close"),
        (lambda frame: frame.assign(close=frame["close"].astype("float32")), "close: dtype"),
        (lambda frame: frame.assign(close=[1.0, np.nan, 3.0]), "close: not_nullable"),
        (lambda frame: frame.assign(close=[1.0, np.inf, 3.0]), "close: finite values"),
        (lambda frame: frame.iloc[::-1], "rows sorted by symbol and observed_at"),
        (lambda frame: pd.concat([frame, frame.tail(1)]), "rows sorted by symbol and observed_at, one for each"),
        (lambda frame: frame.assign(observed_at=frame["observed_at"].dt.tz_localize(None)), "observed_at: dtype"),
        (lambda frame: frame.assign(observed_at=frame["observed_at"].dt.as_unit("ns")), "observed_at: dtype"),
        (
            lambda frame: frame.assign(available_at=frame["observed_at"] - pd.Timedelta(days=1)),
            "not before observed_at",
        ),
        (lambda frame: frame.assign(symbol=[1, 2, 3]), "symbol: dtype"),
    ],
)
def test_the_contract_of_observations_names_what_breaks_it(damage, said):
    with pytest.raises(DataError, match=said):
        check_observations(damage(rows([1.0, 2.0, 3.0])), columns=["close"])


def forecasts():
    at = pd.Timestamp("2020-01-02", tz="UTC").as_unit("us")
    valid = pd.DatetimeIndex([at + pd.Timedelta(days=lead) for lead in (1, 2)]).as_unit("us")
    bounds = {"lower_95": 1.0, "lower_80": 2.0, "mean": 3.0, "upper_80": 4.0, "upper_95": 5.0}
    frame = pd.DataFrame({"series_id": pd.Series(["prices/AMZN"] * 2, dtype="str"), "origin": [at, at]})
    return frame.assign(valid_at=valid, lead=[1, 2], origin=frame["origin"].astype("datetime64[us, UTC]"), **bounds)


def test_the_contract_of_forecasts():
    check_forecasts(forecasts())
    check_forecasts(forecasts().assign(lower_80=np.nan, upper_80=np.nan, lower_95=np.nan, upper_95=np.nan))
    for damage, said in [
        (forecasts().assign(valid_at=forecasts()["origin"]), "valid_at after origin"),
        (forecasts().assign(lower_80=9.0), "lower_80 not above mean"),
        (forecasts().assign(mean=np.nan), "mean"),
        (forecasts().assign(lead=0), "lead: from 1 on"),
        (pd.concat([forecasts(), forecasts()]), "one row for each series_id and origin and valid_at"),
        (forecasts().assign(lower_95=np.inf), "lower_95: finite values"),
    ]:
        with pytest.raises(DataError, match=said):
            check_forecasts(damage)


def test_the_contract_of_actuals():
    frame = forecasts()[["series_id", "valid_at"]].assign(value=1.0)
    frame["available_at"] = frame["valid_at"]
    check_actuals(frame)
    with pytest.raises(DataError, match="value: finite values"):
        check_actuals(frame.assign(value=np.inf))


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.is_dir(), reason=f"the recorded data are not there: {DATA}")
def test_a_real_fall_by_half_is_reported_and_kept():
    frame = pd.read_csv(DATA / "prices" / "AAPL.csv")
    made = rows(frame["close"], days=frame["date"])
    result = inspect(made, spec=make_spec())
    jump = next(finding for finding in result.findings if finding.kind == "jump")
    assert "2000-09-29" in jump.message
    assert (result.good["observed_at"] == pd.Timestamp("2000-09-29", tz="UTC")).any()
