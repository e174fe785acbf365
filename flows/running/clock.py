"""The clock, read in flows and in the command line, and nowhere below."""

from datetime import UTC, date, datetime, time

from daycast.storage.terms.errors import AsOfError


def now() -> datetime:
    """The present instant, aware UTC."""
    return datetime.now(UTC)


def parse_as_of(text: str | None) -> datetime:
    """Read an ``as_of`` as a person types it.

    Args:
        text: ISO 8601; UTC where no zone is given; a date means its last instant, and today's means now. None is now.

    Returns:
        Aware UTC.

    Raises:
        AsOfError: it is no instant, or lies in the future.

    >>> parse_as_of("2026-08-21").isoformat()
    '2026-08-21T23:59:59.999999+00:00'
    >>> parse_as_of("2026-08-21T16:00:00-04:00").isoformat()
    '2026-08-21T20:00:00+00:00'
    """
    present = now()
    if text is None:
        return present
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return require_past(_instant(text), present=present)
    last = datetime.combine(day, time.max, tzinfo=UTC)
    return present if day == present.date() else require_past(last, present=present)


def parse_day(text: str, *, option: str) -> date:
    """Read a day as a person types it.

    Raises:
        AsOfError: it is no date.

    >>> parse_day("2026-08-21", option="--from")
    datetime.date(2026, 8, 21)
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise AsOfError(f"{option} must be a date of ISO 8601, such as 2026-08-21. Received: {text!r}.") from None


def require_past(as_of: datetime, *, present: datetime) -> datetime:
    """Hold an ``as_of`` to the past.

    Raises:
        AsOfError: it lies in the future.
    """
    aware = as_of.replace(tzinfo=UTC) if as_of.tzinfo is None else as_of.astimezone(UTC)
    if aware > present:
        raise AsOfError(
            f"as_of must not lie in the future. Received: {aware.isoformat()}, and it is {present.isoformat()}. "
            "Leave it out for now."
        )
    return aware


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise AsOfError(
            "as_of must be a date or an instant of ISO 8601, such as 2026-08-21 or 2026-08-21T22:00:00Z. "
            f"Received: {text!r}."
        ) from None
