"""The session that yfinance talks through: limits, retries, and no belief in what comes back."""

import time
from typing import Any
from urllib.parse import urlsplit

from curl_cffi import CurlOpt
from curl_cffi import requests as curl

from daycast.storage.feeds.reading.answers import decode
from daycast.storage.feeds.wire.limits import Limits
from daycast.storage.feeds.wire.session import SUCCESS, TRANSIENT, on_mirror, seconds_asked
from daycast.storage.feeds.yahoo.chart import NoChartError, error_of, read_chart
from daycast.storage.terms.errors import FeedError, FeedRefused, FeedUnavailable
from daycast.storage.terms.text import address, quote

_REDIRECTS = 5
_REFUSED = {
    1: "a redirect to another scheme, which is not followed",
    47: f"more than {_REDIRECTS} redirects",
    61: "an answer whose compression is damaged",
}
_UNAVAILABLE = {
    6: "no such host",
    7: "no connection",
    18: "an answer that broke off",
    28: "no answer in time",
    35: "no trusted connection (TLS)",
    56: "an answer that broke off",
    60: "no trusted connection (TLS)",
}
"""By libcurl's code, https://curl.se/libcurl/c/libcurl-errors.html."""

_CHART = "/v8/finance/chart/"


class ChartSession(curl.Session[curl.Response]):
    """A browser-like session, as yfinance uses it, that believes in no answer of the chart endpoint.

    The other addresses that yfinance asks (for cookies) are only held to the limits; bars come without them.

    Attributes:
        chart: the last chart that came, as Yahoo's JSON has it.
    """

    chart: dict[str, Any] | None = None

    def __init__(self, feed: str, *, symbol: str, limits: Limits, mirror: str | None) -> None:
        scheme = urlsplit(mirror or "https://").scheme
        super().__init__(
            impersonate="chrome",
            max_redirects=_REDIRECTS,
            curl_options={
                CurlOpt.REDIR_PROTOCOLS_STR: scheme,
                CurlOpt.LOW_SPEED_LIMIT: 1,  # bytes a second
                CurlOpt.LOW_SPEED_TIME: max(1, round(limits.read)),
            },
        )
        self.feed, self.symbol, self.limits, self.mirror = feed, symbol, limits, mirror

    def request(self, method: Any, url: str, **options: Any) -> curl.Response:  # type: ignore[override]
        """Send a request; an answer of the chart endpoint is a chart of the symbol asked for.

        Raises:
            FeedUnavailable: no answer came, or a transient status after all tries.
            FeedRefused: the answer is no chart, or another symbol's.
        """
        place = on_mirror(url, self.mirror)
        if _CHART not in place:
            return self._once(method, place, options)
        pauses, last = self.limits.pauses(), time.monotonic() + self.limits.whole
        while True:
            try:
                response = self._once(method, place, options)
            except curl.exceptions.RequestException as error:
                failure, asked = self._failure(error, place), 0.0
                if isinstance(failure, FeedRefused):
                    raise failure from None
            else:
                if response.status_code not in TRANSIENT:
                    probe = "range" in (options.get("params") or {})  # yfinance asks so for the time zone alone
                    self.chart = self._judge(response, bars=not probe)
                    return response
                failure, asked = (
                    self._unavailable(f"HTTP {response.status_code} ({address(place)})"),
                    seconds_asked(response.headers.get("Retry-After")),
                )
            pause = next(pauses, None)
            if pause is None or time.monotonic() > last:
                raise failure
            time.sleep(max(pause, min(asked, self.limits.longest)))

    def _once(self, method: Any, url: str, options: dict[str, Any]) -> curl.Response:
        pieces: list[bytes] = []
        spent = _Limit(self.limits.max_bytes)

        def keep(piece: bytes) -> int:
            pieces.append(piece)
            return spent.spend(len(piece))

        options = {**options, "timeout": (self.limits.connect, self.limits.whole), "content_callback": keep}
        try:
            response: curl.Response = super().request(method, url, **options)
        except curl.exceptions.RequestException:
            if spent.broken:
                reason = f"an answer of more than {self.limits.max_bytes:,} bytes"
                raise FeedRefused(self.feed, self.symbol, reason) from None
            raise
        response.content = b"".join(pieces)
        return response

    def _judge(self, response: curl.Response, *, bars: bool) -> dict[str, Any]:
        text = decode(response.content)
        try:
            if response.status_code != SUCCESS:
                raise NoChartError(f"HTTP {response.status_code}: {error_of(text) or quote(text or '')}")
            return read_chart(text, symbol=self.symbol, bars=bars)
        except NoChartError as error:
            raise FeedRefused(self.feed, self.symbol, str(error)) from None

    def _failure(self, error: curl.exceptions.RequestException, place: str) -> FeedError:
        code = int(error.code)
        if code in _REFUSED:
            return FeedRefused(self.feed, self.symbol, f"{_REFUSED[code]} ({address(place)})")
        return self._unavailable(f"{_UNAVAILABLE.get(code, f'no answer (curl {code})')} ({address(place)})")

    def _unavailable(self, reason: str) -> FeedUnavailable:
        return FeedUnavailable(self.feed, self.symbol, reason)


class _Limit:
    """Counts bytes up to a limit; beyond it the transfer is ended."""

    def __init__(self, most: int) -> None:
        self.left, self.broken = most, False

    def spend(self, size: int) -> int:
        self.left -= size
        self.broken = self.left < 0
        return 0xFFFFFFFF if self.broken else size  # curl's own code for "stop here"
