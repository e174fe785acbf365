"""Sessions with their holidays and half days, and hours without end."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from daycast.storage.calendars import Calendar


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


@pytest.mark.parametrize("name", ["1h", "15min", "1D", "B", "XNYS", "24/7"])
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
