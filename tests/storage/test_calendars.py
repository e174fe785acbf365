"""Sessions with their holidays and half days, and hours without end."""

from datetime import UTC, datetime

import pandas as pd
import pytest
from exchange_calendars import get_calendar_names

from daycast.storage.calendars import Calendar
from daycast.storage.terms.calendar_name import check_calendar


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_sessions_leave_out_weekends_and_holidays() -> None:
    days = Calendar("XNYS").following(at("2026-11-25"), 3)
    assert [str(day.date()) for day in days] == ["2026-11-27", "2026-11-30", "2026-12-01"]  # the 26th is Thanksgiving


def test_a_session_is_known_at_its_close_half_days_earlier() -> None:
    sessions = pd.DatetimeIndex(["2025-11-26", "2025-11-28", "2026-07-01"], tz="UTC")
    known = Calendar("XNYS").available_at(sessions)
    assert [f"{instant:%m-%d %H:%M}" for instant in known] == ["11-26 21:00", "11-28 18:00", "07-01 20:00"]


def test_a_day_that_is_no_session_is_known_at_its_end() -> None:
    sunday = pd.DatetimeIndex(["2026-03-01"], tz="UTC")
    assert Calendar("XNYS").available_at(sunday)[0] == pd.Timestamp("2026-03-02", tz="UTC")


def test_crypto_trades_every_day() -> None:
    assert len(Calendar("24/7").instants(at("2026-01-01"), at("2026-12-31"))) == 365


@pytest.mark.parametrize("name", ["1h", "15min", "1D", "B", "W-TUE", "XNYS", "24/7"])
def test_following_continues_instants_without_gap_or_overlap(name: str) -> None:
    calendar = Calendar(name)
    instants = calendar.instants(at("2026-03-02"), at("2026-03-20"))
    cut = len(instants) // 2
    again = calendar.following(instants[cut].to_pydatetime(), len(instants) - cut - 1)
    assert again.equals(instants[cut + 1 :])
    assert str(instants.dtype) == "datetime64[us, UTC]"


def test_a_long_horizon_is_given_whole() -> None:
    assert len(Calendar("XNYS").following(at("2026-03-02"), 300)) == 300


def test_hours_are_known_at_once() -> None:
    hours = Calendar("1h").instants(at("2026-03-28"), at("2026-03-30"))
    assert len(hours) == 49
    assert Calendar("1h").available_at(hours).equals(hours)


EXCHANGES = sorted(get_calendar_names(include_aliases=False))
UNBUILT = {"ASEX", "XBEL", "XBSE", "XCYS", "XTAE"}
"""What the locked exchange_calendars cannot build with the locked pandas."""
FAST = {*UNBUILT, "XNYS", "XLON", "XTKS", "XSHG", "XBOM", "XSES", "24/7"}


@pytest.mark.parametrize(
    "name", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in EXCHANGES]
)
def test_every_exchange_works_today_and_with_thirty_years_or_is_refused_when_it_is_named(name: str) -> None:
    if name in UNBUILT:
        with pytest.raises(ValueError, match=f"Received: '{name}', of which it says: ") as refused:
            check_calendar(name)
        assert len(str(refused.value)) <= 400
        return
    assert check_calendar(name) == name
    calendar, today = Calendar(name), at("2026-11-25")
    days = calendar.instants(at("1996-11-25"), today)
    assert len(days) >= 200
    assert calendar.available_at(days).min() > days[0]
    ahead = calendar.following(days[-1].to_pydatetime(), 20)
    assert len(ahead) == 20
    assert ahead[0] > days[-1]


def test_a_calendar_that_ends_goes_as_far_as_it_is_known() -> None:
    calendar = Calendar("XSHG")
    assert calendar.ends == pd.Timestamp("2026-12-31", tz="UTC")
    ahead = calendar.following(at("2026-12-29"), 5)
    assert [str(day.date()) for day in ahead] == ["2026-12-30", "2026-12-31"]
    assert not len(calendar.following(at("2026-12-31"), 5))
    assert not len(calendar.instants(at("2028-01-01"), at("2028-12-31")))


def test_a_calendar_that_begins_knows_nothing_before() -> None:
    calendar = Calendar("XTKS")
    assert calendar.begins == pd.Timestamp("1997-01-01", tz="UTC")
    assert str(calendar.instants(at("1990-01-01"), at("1997-01-10"))[0].date()) == "1997-01-06"
    assert not len(calendar.instants(at("1980-01-01"), at("1981-12-31")))
    early = pd.DatetimeIndex(["1990-01-04"], tz="UTC")
    assert calendar.available_at(early)[0] == pd.Timestamp("1990-01-05", tz="UTC")


UNITS = [
    *("s", "min", "h", "D", "B", "W", "W-FRI", "W-SUN", "SMS", "SME", "SMS-10", "MS", "ME", "BMS", "BME", "QS", "QE"),
    *("QS-FEB", "QE-MAR", "BQS", "BQE-OCT", "YS", "YE", "YS-JUL", "YE-JUN", "BYS", "BYE-MAR", "WOM-3FRI", "LWOM-MON"),
]


@pytest.mark.parametrize("count", ["", "2", "3"])
@pytest.mark.parametrize("unit", UNITS)
def test_the_frequencies_of_pandas_are_calendars(unit: str, count: str) -> None:
    name = f"{count}{unit}"
    calendar = Calendar(check_calendar(name))
    assert not calendar.sessions
    end = at("2020-03-03") if unit in {"s", "min", "h"} else at("2060-03-20")
    instants = calendar.instants(at("2020-03-01"), end)
    assert len(instants) > 10
    again = calendar.following(instants[5].to_pydatetime(), 4)
    assert again.equals(instants[6:10])
    known = calendar.available_at(instants[:9])
    assert ((known >= instants[:9]) & (known <= instants[1:10])).all()


@pytest.mark.parametrize(
    ("name", "day", "known"),
    [
        ("1h", "2026-07-01", "2026-07-01"),
        ("1D", "2026-07-01", "2026-07-01"),
        ("B", "2026-07-01", "2026-07-01"),
        ("W-FRI", "2026-07-03", "2026-07-04"),
        ("MS", "2026-07-01", "2026-08-01"),
        ("ME", "2026-07-31", "2026-08-01"),
        ("2MS", "2026-07-01", "2026-09-01"),
        ("QS", "2026-07-01", "2026-10-01"),
        ("QE", "2026-09-30", "2026-10-01"),
        ("YS", "2026-01-01", "2027-01-01"),
        ("BMS", "2026-08-03", "2026-09-01"),
        ("MS", "2026-07-15", "2026-08-01"),
    ],
)
def test_a_period_is_known_when_it_is_over(name: str, day: str, known: str) -> None:
    observed = pd.DatetimeIndex([day], tz="UTC")
    assert Calendar(name).available_at(observed)[0] == pd.Timestamp(known, tz="UTC")


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("weekly", "W-FRI"), ("M", "MS, ME"), ("H", "1h"), ("XNYSE", "XNYS"), ("0D", ""), ("W-FRX", ""), ("", "")],
)
def test_what_is_no_calendar_is_refused_with_one_that_is(wrong: str, near: str) -> None:
    with pytest.raises(ValueError, match=r"W-FRI, MS, QE, …\)") as refused:
        check_calendar(wrong)
    assert near in str(refused.value)
