"""Rows of a table or a query, read in ranges of time."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from daycast.storage.feeds.feed import Span
from daycast.storage.feeds.sql.keys import SqlPipeline
from daycast.storage.terms.errors import ConfigError, FeedError, FeedRefused, FeedUnavailable
from daycast.storage.terms.secret import secret

_BINDS = re.compile(r"(?<![:\\]):(?=[A-Za-z_])")
"""A colon that SQLAlchemy would take for a parameter."""
_RANGE, _BEYOND = timedelta(days=366), timedelta(days=2)
_SAID = 200

Moment = datetime | date | str
"""A time as a database's driver gives it."""


@contextmanager
def connected(spec: SqlPipeline) -> Iterator[sa.Connection]:
    """A connection that reads.

    Raises:
        ConfigError: the variable holds no URL, or one of a database that is not installed.
        FeedUnavailable: the database does not answer, now or while the block reads.
        FeedRefused: it does not have what is asked of it.
    """
    engine = _engine(spec)
    symbol = spec.symbols[0]
    try:
        with engine.connect() as connection:
            yield connection
    except (OperationalError, InterfaceError) as error:
        raise FeedUnavailable(spec.feed, symbol, f"the database says: {_said(error)}") from None
    except SQLAlchemyError as error:
        raise FeedRefused(spec.feed, symbol, f"the database says: {_said(error)}") from None
    finally:
        engine.dispose()


def rows_of(connection: sa.Connection, spec: SqlPipeline, symbols: Sequence[str], span: Span) -> pd.DataFrame:
    """The rows of some symbols, and a little beyond the span, as the driver gives them.

    Raises:
        FeedRefused: the column of times holds none.
    """
    source = _source(spec)
    at = source.c[spec.time]
    of_symbols = source.c[spec.symbol_column].in_(symbols) if spec.symbol_column else sa.true()
    names = [column.name for column in source.c]
    parts = [pd.DataFrame(columns=names, dtype=object)]
    first, last = connection.execute(sa.select(sa.func.min(at), sa.func.max(at)).where(of_symbols)).one()
    if first is None:
        return parts[0]
    kind = _kind(first, spec)
    for begin, end in _ranges(first, last, span, ahead=bool(spec.known_columns)):
        inside = sa.select(source).where(of_symbols, at >= kind(begin), at < kind(end)).order_by(at)
        parts.append(pd.DataFrame(connection.execute(inside).all(), columns=names, dtype=object))
    return pd.concat(parts, ignore_index=True)


def _ranges(first: Moment, last: Moment, span: Span, *, ahead: bool) -> Iterator[tuple[date, date]]:
    """Days from and before, a year each, of what there is in the span; zones are why there are two days more.

    What is known ahead is of instants after the span.
    """
    begin = _day(first) if span.start is None else max(_day(first), span.start.date() - _BEYOND)
    end = _day(last) if ahead else min(_day(last), span.end.date() + _BEYOND)
    while begin <= end:
        until = min(begin + _RANGE, end + timedelta(days=1))
        yield begin, until
        begin = until


def _engine(spec: SqlPipeline) -> sa.Engine:
    url = secret(spec.url_from)
    if url is None:
        raise ConfigError(
            f"[{spec.name}]: url_from names a variable of the environment that holds an SQLAlchemy URL. Received: "
            f"{spec.url_from}, which is not set. Set it where daycast runs."
        )
    try:
        made = sa.make_url(url)
        if made.drivername in {"postgres", "postgresql"}:  # the driver that daycast has itself
            made = made.set(drivername="postgresql+psycopg")
        engine = sa.create_engine(made, poolclass=NullPool)
    except (ArgumentError, ImportError, ValueError) as error:
        raise ConfigError(
            f"[{spec.name}]: {spec.url_from} must hold an SQLAlchemy URL of an installed driver. Received: one that is "
            f"not shown ({type(error).__name__}). Correct it, or install the driver."
        ) from None
    if made.get_backend_name() == "sqlite" and made.database and not Path(made.database).exists():
        raise FeedUnavailable(spec.feed, spec.symbols[0], f"the file that {spec.url_from} names is not there")
    if made.get_backend_name() == "postgresql":
        engine = engine.execution_options(postgresql_readonly=True)
    return engine


def _source(spec: SqlPipeline) -> Any:
    """The table, or the query in brackets, with the columns that the pipeline names."""
    named = [spec.time, *(spec.columns_named.get(name, name) for name in spec.read)]
    named += [name for name in (spec.symbol_column, spec.available_at) if name]
    columns: list[Any] = [sa.column(name) for name in dict.fromkeys(named)]
    if spec.query:
        text = sa.text(_BINDS.sub(r"\\:", spec.query.strip().rstrip(";")))
        return text.columns(*columns).subquery("source")
    schema, _, table = str(spec.table).rpartition(".")
    return sa.table(table, *columns, schema=schema or None)


def _kind(example: Moment, spec: SqlPipeline) -> Any:
    """How a day is written for this column, so that the database compares like with like."""
    if isinstance(example, datetime):
        zone = UTC if example.tzinfo else None
        return lambda day: datetime.combine(day, time.min, tzinfo=zone)
    if isinstance(example, date):
        return lambda day: day
    if isinstance(example, str) and re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", example):
        return lambda day: day.isoformat()
    raise FeedRefused(
        spec.feed, spec.symbols[0], f"a column {spec.time!r} of {type(example).__name__}: dates or times are required"
    )


def _day(moment: Moment) -> date:
    if isinstance(moment, datetime):
        return (moment.astimezone(UTC) if moment.tzinfo else moment).date()
    return moment if isinstance(moment, date) else date.fromisoformat(moment[:10])


def _said(error: SQLAlchemyError) -> str:
    """The driver's first line: it names no password, and SQLAlchemy's own text would hold the statement."""
    words = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()
    return (words[0] if words else type(error).__name__)[:_SAID]


def each(error: FeedError, symbols: Sequence[str]) -> dict[str, FeedError]:
    """The same error for each symbol."""
    return {symbol: type(error)(error.feed, symbol, error.reason) for symbol in symbols}
