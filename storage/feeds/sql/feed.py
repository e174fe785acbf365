"""The ``sql`` feed: a table or a query of any database that SQLAlchemy knows."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from daycast.storage.feeds.feed import Fetched, Span, no_rejects, no_rows
from daycast.storage.feeds.reading.ahead import ahead_rows, join_ahead, observed_rows
from daycast.storage.feeds.reading.columns import read_columns
from daycast.storage.feeds.reading.grid import off_grid
from daycast.storage.feeds.reading.layout import Column, Layout, NoTableError, Table
from daycast.storage.feeds.reading.rows import by_vintage, join_rejects, observations, rejections
from daycast.storage.feeds.sql.keys import SqlPipeline
from daycast.storage.feeds.sql.source import connected, each, rows_of
from daycast.storage.feeds.wire.limits import LIMITS, Limits
from daycast.storage.terms.errors import FeedError, FeedRefused
from daycast.storage.terms.words import OBSERVED_AT


class SqlFeed:
    """Rows of a database, in ranges of time.

    Args:
        spec: the pipeline.
        validators: not used; the database is asked each time.
        limits: not used; the driver has limits of its own.
    """

    name = "sql"

    def __init__(
        self,
        spec: SqlPipeline,
        *,
        validators: Mapping[str, str] | None = None,  # noqa: ARG002 — every feed is built alike
        limits: Limits = LIMITS,  # noqa: ARG002
    ) -> None:
        self.spec = spec
        self.layout = Layout(
            time=spec.time,
            columns=spec.read,
            calendar=spec.calendar,
            timezone=spec.timezone,
            symbol_column=spec.symbol_column,
            names=spec.columns_named,
            available_at=spec.available_at,
            declares=True,
        )

    def fetch(self, symbols: Sequence[str], span: Span) -> Fetched:
        """Ask for the rows of the symbols in the span."""
        try:
            with connected(self.spec) as connection:
                found = rows_of(connection, self.spec, symbols, span)
        except FeedError as error:
            return Fetched(frame=no_rows(), rejected=no_rejects(), failures=each(error, symbols))
        rows: dict[str, pd.DataFrame] = {}
        told, rejected, failures = [], [], {}
        for symbol in symbols:
            try:
                table = self._table(symbol, found)
            except NoTableError as error:
                failures[symbol] = FeedRefused(self.name, symbol, f"the database gives {error}")
                continue
            if self.spec.known_columns:
                told.append(ahead_rows(symbol, table.rows, spec=self.spec))
            rows[symbol] = observed_rows(table.rows, spec=self.spec)
            rejected.append(rejections(symbol, table.rejects))
        frame = observations(rows, calendar=self.spec.calendar, span=span)
        vintages = by_vintage(frame, told=self.spec.dated, until=span.end)
        return Fetched(
            frame=vintages.newest,
            rejected=join_rejects(rejected),
            failures=failures,
            ahead=join_ahead(told, columns=self.spec.known_columns),
            later=vintages.later,
            earlier=vintages.earlier,
        )

    def _table(self, symbol: str, found: pd.DataFrame) -> Table:
        named = self.spec.symbol_column
        own = found[found[named].astype("str").str.strip() == symbol] if named else found
        if own.empty:
            raise NoTableError("no row of it")
        own = own.reset_index(drop=True)
        columns = {name: _column(own[name]) for name in own.columns}
        table = read_columns(columns, raw=lambda place: ",".join(map(str, own.iloc[place])), layout=self.layout)
        rows = table.rows.drop(columns=[name for name in (named,) if name and name in table.rows])
        if said := off_grid(rows[OBSERVED_AT], calendar=self.spec.calendar):
            raise NoTableError(said.partition(";")[0])
        return Table(rows=rows, raw=table.raw, rejects=table.rejects)


def _column(values: "pd.Series[object]") -> Column:
    """A column of numbers as numbers, another as text."""
    if all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values):
        return np.array([np.nan if value is None else float(value) for value in values], dtype=float)
    return ["" if value is None else str(value) for value in values]
