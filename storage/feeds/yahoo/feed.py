"""The ``yahoo`` feed: daily bars of equities, ETFs, indices, crypto and currencies, through ``yfinance``."""

import warnings
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from curl_cffi import requests as curl

from daycast.storage.calendars import Calendar
from daycast.storage.feeds.feed import Fetched, Span
from daycast.storage.feeds.reading.rows import join_rejects, observations, rejections
from daycast.storage.feeds.wire.limits import LIMITS, Limits
from daycast.storage.feeds.yahoo.keys import YahooPipeline
from daycast.storage.feeds.yahoo.session import ChartSession
from daycast.storage.terms.errors import ConfigError, FeedError, FeedRefused, FeedUnavailable
from daycast.storage.terms.text import quote
from daycast.storage.terms.words import OBSERVED_AT

COLUMNS = {
    "Open": "open",
    "High": "high",
    "Low": "low",
    "Close": "close",
    "Adj Close": "adj_close",
    "Volume": "volume",
}
"""yfinance's columns and ours. ``close`` is adjusted for splits alone, ``adj_close`` for dividends too."""

_TWICE = "another bar of the same day, which differs"


class YahooFeed:
    """Yahoo's daily bars.

    Args:
        spec: the pipeline; ``url`` is the address of a mirror, for every request that yfinance makes.
        validators: not used; Yahoo offers none.
        limits: the limits of each request.

    Raises:
        ConfigError: the calendar is no calendar of days.
    """

    name = "yahoo"

    def __init__(
        self,
        spec: YahooPipeline,
        *,
        validators: Mapping[str, str] | None = None,  # noqa: ARG002 — every feed is built alike
        limits: Limits = LIMITS,
    ) -> None:
        self.spec, self.limits = spec, limits
        if not Calendar(spec.calendar).daily:
            raise ConfigError(
                f"[{spec.name}]: the feed 'yahoo' gives daily bars, so its calendar is an exchange, 24/7, B or 1D. "
                f"Received: calendar = {spec.calendar!r}."
            )

    def fetch(self, symbols: Sequence[str], span: Span) -> Fetched:
        """Fetch the bars of each symbol."""
        rows: dict[str, pd.DataFrame] = {}
        rejected, failures = [], {}
        for symbol in symbols:
            try:
                rows[symbol], rejects = self._rows(symbol, span)
            except FeedError as error:
                failures[symbol] = error
                continue
            rejected.append(rejections(symbol, rejects))
        frame = observations(rows, calendar=self.spec.calendar, span=span)
        return Fetched(frame=frame, rejected=join_rejects(rejected), failures=failures)

    def _rows(self, symbol: str, span: Span) -> tuple[pd.DataFrame, list[tuple[pd.Timestamp, str, str]]]:
        with ChartSession(self.name, symbol=symbol, limits=self.limits, mirror=self.spec.url) as session:
            bars = self._history(session, symbol, span)
            chart = session.chart or {}
        if bars.empty:
            raise FeedRefused(self.name, symbol, "an answer without bars")
        labels = pd.DatetimeIndex(bars.index).tz_localize(None).normalize().tz_localize("UTC").as_unit("us")
        rows = bars[list(COLUMNS)].rename(columns=COLUMNS).astype("float64").reset_index(drop=True)
        rows.insert(0, OBSERVED_AT, labels)
        return _without_doubt(rows, chart)

    def _history(self, session: ChartSession, symbol: str, span: Span) -> pd.DataFrame:
        import yfinance
        from yfinance.exceptions import YFException, YFRateLimitError

        yfinance.config.debug.hide_exceptions = False  # otherwise every failure is an empty frame
        end = (pd.Timestamp(span.end) + timedelta(days=1)).date().isoformat()
        ask: dict[str, Any] = {
            "start": "1900-01-01" if span.start is None else span.start.date().isoformat(),
            "end": end,
        }
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # yfinance's own use of what pandas 3 deprecates
                _forget(session)
                ticker = yfinance.Ticker(symbol, session=session)
                bars: pd.DataFrame = ticker.history(**ask, auto_adjust=False, actions=False, keepna=True)
                return bars
        except FeedError:
            raise
        except YFRateLimitError:
            raise FeedUnavailable(self.name, symbol, "too many requests; Yahoo asks for a pause") from None
        except YFException as error:
            raise FeedRefused(self.name, symbol, f"no bars: {quote(str(error))}") from None
        except curl.exceptions.RequestException as error:
            raise FeedUnavailable(self.name, symbol, f"no answer (curl {int(error.code)})") from None
        except Exception as error:
            # yfinance lets whatever a chart makes it meet escape: KeyError, NotImplementedError, OverflowError, …
            reason = f"an answer of another shape than a chart's ({type(error).__name__}: {quote(str(error))})"
            raise FeedRefused(self.name, symbol, reason) from None


def _forget(session: ChartSession) -> None:
    """Empty yfinance's memory of past answers, which would give a long-lived process yesterday's bars."""
    from yfinance.data import YfData

    YfData(session=session).cache_get.cache_clear()


def _without_doubt(
    rows: pd.DataFrame, chart: Mapping[str, Any]
) -> tuple[pd.DataFrame, list[tuple[pd.Timestamp, str, str]]]:
    """Undo two silent changes of yfinance: a missing volume as 0, and one of two bars of a day.

    The last day is left to yfinance, since there Yahoo adds the live price as a bar of its own.
    """
    raw = _raw_bars(chart)
    if raw is None:
        return rows, []
    unknown = raw[raw["volume"].isna()].index
    rows.loc[rows[OBSERVED_AT].isin(unknown), "volume"] = np.nan
    earlier = raw[raw.index < raw.index.max()].reset_index()
    differing = earlier.drop_duplicates()[lambda bars: bars.duplicated("day", keep=False)]
    rejects = [(bar["day"], bar.to_json(date_format="iso"), _TWICE) for _, bar in differing.iterrows()]
    return rows[~rows[OBSERVED_AT].isin(differing["day"])].reset_index(drop=True), rejects


def _raw_bars(chart: Mapping[str, Any]) -> pd.DataFrame | None:
    if not chart.get("timestamp"):
        return None
    zone = chart["meta"]["exchangeTimezoneName"]
    stamps = pd.to_datetime(pd.Series(chart["timestamp"]), unit="s", utc=True).dt.tz_convert(zone)
    days = stamps.dt.tz_localize(None).dt.normalize().dt.tz_localize("UTC").dt.as_unit("us")
    bars = pd.DataFrame(chart["indicators"]["quote"][0]).astype("float64")
    return bars.set_index(pd.DatetimeIndex(days, name="day"))
