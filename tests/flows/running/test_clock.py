"""An ``as_of`` as a person types it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from daycast.flows.running.clock import now, parse_as_of, require_past
from daycast.storage.terms.errors import AsOfError


def test_none_and_today_are_now():
    before = now()
    assert before <= parse_as_of(None) <= now()
    today = now().date()
    if today == before.date():  # not across midnight
        assert before <= parse_as_of(today.isoformat()) <= now()


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-02-29", datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC)),
        ("2024-02-29T21:00", datetime(2024, 2, 29, 21, tzinfo=UTC)),
        ("2024-02-29T21:00:00Z", datetime(2024, 2, 29, 21, tzinfo=UTC)),
        ("2024-02-29T16:00:00-05:00", datetime(2024, 2, 29, 21, tzinfo=UTC)),
    ],
)
def test_dates_and_instants(text, instant):
    assert parse_as_of(text) == instant
    assert parse_as_of(text).utcoffset() == timedelta(0)


@pytest.mark.parametrize("text", ["yesterday", "2023-02-29", "29.02.2024", ""])
def test_what_is_no_instant_is_refused(text):
    with pytest.raises(AsOfError, match=r"ISO 8601.*Received"):
        parse_as_of(text)


def test_the_future_is_refused():
    with pytest.raises(AsOfError, match="must not lie in the future"):
        parse_as_of("9999-12-31")


def test_the_past_comes_back_in_utc():
    given = datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert require_past(given, present=now()).isoformat() == "2024-01-01T10:00:00+00:00"
