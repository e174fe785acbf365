"""The ``ett`` feed: the transformer data ETTh1, from the public CSV by URL, or from a file.

Source: Zhou et al., "Informer: Beyond Efficient Transformer for Long Sequence Time-Series Forecasting", AAAI 2021,
https://github.com/zhouhaoyi/ETDataset.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from daycast.storage.feeds.ett_keys import EttPipeline
from daycast.storage.feeds.feed import Fetched, Span, no_rejects, no_rows
from daycast.storage.feeds.reading.csv_table import CUT, read_csv
from daycast.storage.feeds.reading.layout import Layout, NoTableError, Table
from daycast.storage.feeds.reading.local_file import read_text
from daycast.storage.feeds.reading.rows import join_rejects, observations, rejections
from daycast.storage.feeds.wire.limits import LIMITS, Limits
from daycast.storage.feeds.wire.session import NOT_MODIFIED, Session, text_of
from daycast.storage.terms.errors import ConfigError, FeedError, FeedRefused
from daycast.storage.terms.text import address
from daycast.storage.terms.words import OBSERVED_AT

URL = "https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small/ETTh1.csv"
"""Where ETTh1.csv is published."""

COLUMNS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
"""Six loads (high, middle and low; useful and useless) and the oil temperature, °C."""

VALUE = "value"
"""The column of the symbol, under a name that does not change with it."""


class EttFeed:
    """ETTh1: the symbols are its columns.

    Each symbol's rows carry all seven columns, and ``value``, the symbol's own. The file's times bear no zone; they
    are taken as UTC.

    Args:
        spec: the pipeline, with ``path`` or ``url``; the public address is the default.
        validators: by URL, the ``ETag`` or ``Last-Modified`` of the file that the caller has.
        limits: the limits of the request.

    Raises:
        ConfigError: a symbol is not a column.
    """

    name = "ett"

    def __init__(
        self, spec: EttPipeline, *, validators: Mapping[str, str] | None = None, limits: Limits = LIMITS
    ) -> None:
        self.spec, self.limits = spec, limits
        self.url = spec.url or URL
        self.validators = dict(validators or {})
        unknown = [symbol for symbol in spec.symbols if symbol not in COLUMNS]
        if unknown:
            raise ConfigError(
                f"[{spec.name}]: the symbols of the feed 'ett' are {', '.join(COLUMNS)}. Received: {unknown}."
            )

    def fetch(self, symbols: Sequence[str], span: Span) -> Fetched:
        """Read the file and give the rows of the span.

        ``validators`` come back only if nothing in the file lies after the span: otherwise those rows would never
        be asked for again.
        """
        try:
            text, validators = self._text()
            table = self._table(text)
        except _NotModified:
            return Fetched(frame=no_rows(), rejected=no_rejects(), validators=self.validators)
        except FeedError as error:
            return Fetched(frame=no_rows(), rejected=no_rejects(), failures=self._for_each(symbols, error))
        whole = bool((table.rows[OBSERVED_AT] <= span.end).all())
        return Fetched(
            frame=observations(
                {symbol: self._rows(table, symbol) for symbol in symbols}, calendar=self.spec.calendar, span=span
            ),
            rejected=join_rejects(rejections(symbol, table.rejects) for symbol in symbols),
            validators=validators if whole else {},
        )

    def _text(self) -> tuple[str | None, dict[str, str]]:
        if self.spec.path:
            return read_text(Path(self.spec.path), feed=self.name, symbol="ETTh1"), {}
        with Session(self.name, symbol="ETTh1", limits=self.limits) as session:
            response = session.get(self.url, headers=_condition(self.validators.get(self._key)))
            if response.status_code == NOT_MODIFIED:
                raise _NotModified
            tag = response.headers.get("ETag") or response.headers.get("Last-Modified")
            return text_of(response), {self._key: tag} if tag else {}

    @property
    def _key(self) -> str:
        """The URL; and the pipeline's start, since an earlier one asks for rows that the caller does not have.

        It is written down, so that what may be secret in the URL stands in it as a digest.
        """
        shown = address(self.url)
        rest = "" if shown == self.url else f"#{hashlib.sha256(self.url.encode()).hexdigest()[:12]}"
        return shown + rest + ("" if self.spec.start is None else f"#from={self.spec.start}")

    def _table(self, text: str | None) -> Table:
        try:
            table = read_csv(text, layout=Layout(time="date", columns=COLUMNS, calendar="1h"))
        except NoTableError as error:
            raise FeedRefused(self.name, "ETTh1", str(error)) from None
        if not self.spec.path and any(reason == CUT for _, _, reason in table.rejects):
            raise FeedRefused(self.name, "ETTh1", "a file that is cut in its last line")
        return table

    @staticmethod
    def _rows(table: Table, symbol: str) -> pd.DataFrame:
        return table.rows[[OBSERVED_AT, *COLUMNS]].assign(**{VALUE: table.rows[symbol]})

    def _for_each(self, symbols: Sequence[str], error: FeedError) -> dict[str, FeedError]:
        return {symbol: type(error)(self.name, symbol, error.reason) for symbol in symbols}


class _NotModified(Exception):  # noqa: N818 — a good answer, not an error
    """The server has nothing newer than what the caller has."""


def _condition(validator: str | None) -> dict[str, str]:
    """The header of a conditional request: an ETag is quoted, a date is not."""
    if validator is None:
        return {}
    return {"If-None-Match" if validator.startswith(('"', "W/")) else "If-Modified-Since": validator}
