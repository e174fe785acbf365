"""Facts of the calendar: by hand, of each kind of calendar, and nothing of what is measured in them."""

import numpy as np
import pandas as pd
import pytest

from daycast.models.series.facts import facts_of
from daycast.storage.calendars import Calendar
from daycast.storage.terms.facts import Fact


def _facts(names, calendar, first, last):
    known = Calendar(calendar)
    instants = known.instants(pd.Timestamp(first, tz="UTC"), pd.Timestamp(last, tz="UTC"))
    return facts_of(names, step=known.step, instants=instants)


def _at(*instants):
    return np.array(instants, dtype="datetime64[us]")


def test_hours_are_a_circle_and_follow_the_origin():
    facts = _facts(["hour"], "1h", "2026-01-01", "2026-01-02")
    ahead = facts.ahead(_at("2026-01-01T23:00", "2026-01-01T04:00"), 2)
    assert ahead.shape == (2, 2, 2)
    np.testing.assert_allclose(ahead[0, 0], [0, 1], atol=1e-6)  # midnight
    np.testing.assert_allclose(ahead[1, 1], [1, 0], atol=1e-6)  # six


def test_a_zone_moves_the_hour_with_its_summer():
    facts = _facts(["hour:Europe/Berlin"], "1h", "2026-01-01", "2026-01-02")
    winter, summer = facts.of(_at("2026-01-10T05:00", "2026-07-10T04:00"))
    np.testing.assert_allclose(winter, summer, atol=1e-6)
    np.testing.assert_allclose(winter, [1, 0], atol=1e-6)


def test_leads_of_an_exchange_are_its_sessions():
    facts = _facts(["weekday", "session_of_week"], "XNYS", "2026-01-02", "2026-02-27")
    ahead = facts.ahead(_at("2026-01-16"), 2)[0]  # a Friday; Monday the 19th is a holiday
    np.testing.assert_allclose(ahead[0, :2], [np.sin(2 * np.pi / 7), np.cos(2 * np.pi / 7)], atol=1e-6)  # Tuesday
    np.testing.assert_allclose(ahead[0, 2:], [0, 1], atol=1e-6)  # and the first session of its week
    np.testing.assert_allclose(ahead[1, 2:], [np.sin(2 * np.pi / 5), np.cos(2 * np.pi / 5)], atol=1e-6)


def test_days_to_the_end_of_the_month_and_the_month():
    facts = _facts(["days_to_month_end", "month"], "1D", "2026-01-01", "2026-03-01")
    rows = facts.of(_at("2026-01-31", "2026-01-01", "2026-04-30"))
    np.testing.assert_allclose(rows[:, 0], [-1, 1, -1], atol=1e-6)
    np.testing.assert_allclose(rows[0, 1:], [0, 1], atol=1e-6)
    np.testing.assert_allclose(rows[2, 1:], [1, 0], atol=1e-6)


def test_holidays_are_those_of_the_country_and_of_its_part_on_its_own_day():
    facts = _facts(["holiday:DE", "holiday:DE-BY", "holiday:DE:Europe/Berlin"], "1h", "2026-01-01", "2026-01-02")
    # The first of January in Berlin begins at 23:00 UTC; Epiphany is free in Bavaria alone; and a day of work.
    rows = facts.of(_at("2026-12-31T23:00", "2026-12-31T22:00", "2026-01-06T12:00", "2026-01-07T12:00"))
    np.testing.assert_array_equal(rows, [[0, 0, 1], [0, 0, 0], [0, 1, 0], [0, 0, 0]])
    assert facts.ahead(_at("2026-04-02T23:00"), 2)[0, :, 0].tolist() == [1, 1]  # into Good Friday


def test_a_holiday_that_is_no_session_is_no_lead():
    facts = _facts(["holiday:US"], "XNYS", "2026-01-02", "2026-02-27")
    assert not facts.ahead(_at("2026-01-16"), 5).any()  # the next session is after Martin Luther King's day
    of_days = _facts(["holiday:US"], "B", "2026-01-02", "2026-02-27")
    assert of_days.ahead(_at("2026-01-16"), 2)[0, :, 0].tolist() == [1, 0]


def test_where_a_calendar_ends_its_last_instant_stands():
    facts = _facts(["weekday"], "B", "2026-01-01", "2026-01-09")
    ahead = facts.ahead(_at("2026-01-08"), 3)[0]
    np.testing.assert_allclose(ahead, np.repeat(facts.of(_at("2026-01-09")), 3, axis=0))


def test_one_says_the_same_alone_and_among_many():
    facts = _facts(["hour", "weekday", "month"], "1h", "2026-01-01", "2026-06-01")
    origins = np.arange("2026-01-01", "2026-03-01", dtype="datetime64[h]").astype("datetime64[us]")
    many = facts.ahead(origins, 24)
    np.testing.assert_array_equal(many[[77]], facts.ahead(origins[[77]], 24))
    assert np.abs(many).max() <= 1.0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hours", "Did you mean 'hour'"),
        ("month:Europe/Berlin", "take a time zone"),
        ("hour:Berlin", "such as Europe/Berlin"),
        ("holiday", "a country of two letters, such as holiday:DE"),
        ("holiday:Germany", "Did you mean 'DE'"),
        ("holiday:UK", "Did you mean 'GB'"),
        ("holiday:DE-XX", "DE has Augsburg, BB, .*Received: 'DE-XX'"),
        ("holiday:SM-1", "SM has none"),
        ("holiday:DE:Berlin", "such as Europe/Berlin"),
        ("temperature", "known names facts of the calendar"),
    ],
)
def test_what_is_no_fact_is_named(name, message):
    with pytest.raises(ValueError, match=message):
        Fact.parse(name)


def test_no_names_are_no_facts():
    assert facts_of([], step=None, instants=pd.DatetimeIndex([], tz="UTC")) is None
