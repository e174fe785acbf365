"""The ``datareader`` feed: the statistics sources that ``pandas-datareader`` still has, FRED first."""

import inspect
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote as quote_url

import numpy as np
import pandas as pd
import requests

from daycast.storage.calendars import Calendar
from daycast.storage.feeds.datareader_keys import DataReaderPipeline
from daycast.storage.feeds.feed import Fetched, Span, no_rejects
from daycast.storage.feeds.reading.answers import why_no_table
from daycast.storage.feeds.reading.numbers import NUMBER
from daycast.storage.feeds.reading.rows import observations
from daycast.storage.feeds.reading.times import to_instants
from daycast.storage.feeds.wire.limits import LIMITS, Limits
from daycast.storage.feeds.wire.session import Session, text_of
from daycast.storage.terms.errors import ConfigError, FeedError, FeedRefused
from daycast.storage.terms.text import quote
from daycast.storage.terms.words import OBSERVED_AT

VALUE = "value"
"""The one column of a series."""

_BEGINNING = datetime(1800, 1, 1, tzinfo=UTC)
_FRED_TIMES = ("DATE", "observation_date")
_FRED_ROW = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}},(?:{NUMBER}|\.|)")


class DataReaderFeed:
    """One series a symbol, as ``value``; sources with several columns keep their names.

    ``pandas-datareader`` is given a session that retries and refuses for it, since its own retries wait for constant
    pauses and take no notice of 429. FRED marks a day without a value with a dot or a blank: such days are left out.

    Args:
        spec: the pipeline, with ``source``; ``url`` is the address of a mirror.
        validators: not used; the sources offer none.
        limits: the limits of each request.

    Raises:
        ConfigError: the installed version has no such source.
    """

    name = "datareader"

    def __init__(
        self,
        spec: DataReaderPipeline,
        *,
        validators: Mapping[str, str] | None = None,  # noqa: ARG002 — every feed is built alike
        limits: Limits = LIMITS,
    ) -> None:
        self.spec, self.limits = spec, limits
        there = sources()
        if spec.source not in there:
            raise ConfigError(
                f"[{spec.name}]: source is one that the installed pandas-datareader has: {', '.join(there)}. "
                f"Received: {spec.source!r}. For share prices use feed = 'yahoo' or feed = 'files'."
            )

    def fetch(self, symbols: Sequence[str], span: Span) -> Fetched:
        """Fetch each series."""
        rows: dict[str, pd.DataFrame] = {}
        failures = {}
        for symbol in symbols:
            try:
                rows[symbol] = self._rows(symbol, span)
            except FeedError as error:
                failures[symbol] = error
        frame = observations(rows, calendar=self.spec.calendar, span=span)
        return Fetched(frame=frame, rejected=no_rejects(), failures=failures)

    def _rows(self, symbol: str, span: Span) -> pd.DataFrame:
        session_type = _FredSession if self.spec.source == "fred" else Session
        with session_type(self.name, symbol=symbol, limits=self.limits, mirror=self.spec.url) as session:
            table = self._read(symbol, span, session)
        if not isinstance(table.index, (pd.DatetimeIndex, pd.PeriodIndex)) or table.index.hasnans:
            raise FeedRefused(self.name, symbol, f"a table whose rows are not named by time but by {table.index.dtype}")
        if table.empty:
            raise FeedRefused(self.name, symbol, "a table without rows")
        index = table.index.to_timestamp() if isinstance(table.index, pd.PeriodIndex) else table.index
        instants = to_instants(index, timezone="UTC", days=Calendar(self.spec.calendar).daily)
        rows = self._values(symbol, table).reset_index(drop=True)
        rows.insert(0, OBSERVED_AT, instants)
        return rows[rows.drop(columns=OBSERVED_AT).notna().any(axis=1)]

    def _read(self, symbol: str, span: Span, session: Session) -> pd.DataFrame:
        from pandas_datareader.data import DataReader

        first, last = (pd.Timestamp(at).tz_localize(None) for at in (span.start or _BEGINNING, span.end))
        try:
            # FRED's reader puts the name into the URL as it is.
            name = quote_url(symbol, safe="^=._-") if self.spec.source == "fred" else symbol
            table = DataReader(name, self.spec.source, start=first, end=last, retry_count=0, pause=0, session=session)
        except FeedError:
            raise
        except Exception as error:
            # Its readers let whatever their parser meets escape: TypeError, KeyError, OSError, ParserError, …
            reason = f"an answer that pandas-datareader cannot read ({type(error).__name__}: {quote(str(error))})"
            raise FeedRefused(self.name, symbol, reason) from error
        table = table[0] if isinstance(table, dict) else table  # famafrench: several tables, the main one first
        if not isinstance(table, pd.DataFrame):
            raise FeedRefused(self.name, symbol, f"no table but {type(table).__name__}")
        return table

    def _values(self, symbol: str, table: pd.DataFrame) -> pd.DataFrame:
        table = table.set_axis([str(name) for name in table.columns], axis=1)
        words = [name for name, dtype in table.dtypes.items() if not pd.api.types.is_numeric_dtype(dtype)]
        if words:
            example = table[words[0]].dropna().astype("str")
            bad = next((text for text in example if not _is_number(text)), "")
            raise FeedRefused(self.name, symbol, f"values that are not numbers: {quote(bad)}")
        table = table.astype("float64")
        return table.set_axis([VALUE], axis=1) if table.shape[1] == 1 else table


def sources() -> list[str]:
    """The sources that the installed ``pandas-datareader`` has, FRED first.

    >>> sources()[0]
    'fred'
    """
    from pandas_datareader import data

    readers = [name for name, thing in vars(data).items() if name.endswith("Reader") and inspect.isclass(thing)]
    names = sorted(name.removesuffix("Reader").lower() for name in readers)
    return sorted(names, key=lambda name: name != "fred")


class _FredSession(Session):
    """A session that holds FRED's answers to FRED's format before they are parsed.

    The header is ``DATE`` (until December 2024) or ``observation_date``, and the series' own name.
    """

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """Send a request; the answer is the series asked for."""
        response = super().request(method, url, *args, **options)
        text = text_of(response)
        if reason := why_no_table(text):
            raise self.refused(reason)
        lines = (text or "").splitlines()
        header = [name.strip() for name in lines[0].split(",")]
        if len(header) != 2 or header[0] not in _FRED_TIMES:
            raise self.refused(f"a table with another header than FRED's: {quote(lines[0])}")
        if header[1] != self.symbol:
            raise self.refused(f"data of another series: {quote(header[1])}")
        if len(lines) == 1:
            raise self.refused("a header alone, without rows")
        if not (text or "").endswith(("\n", "\r")):
            raise self.refused(f"a file that is cut in its last line: {quote(lines[-1])}")
        wrong = next((line for line in lines[1:] if line.strip() and not _FRED_ROW.fullmatch(line.strip())), None)
        if wrong is not None:
            raise self.refused(f"a row that is not a date and a number: {quote(wrong)}")
        return response


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False
