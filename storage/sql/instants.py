"""How an instant is kept in SQL."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

from daycast.storage.terms.errors import DatabaseError


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant: refused without a time zone, stored in UTC, given back as aware UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn any aware time into UTC.

        Raises:
            DatabaseError: the time bears no time zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise DatabaseError(f"A time with a time zone is required. Received: {value!r}. Give it one, such as UTC.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give UTC back, where SQLite keeps no time zone and PostgreSQL answers in the session's."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
