"""The one place for HTTP with ``requests``: limits, retries, and no belief in what comes back."""

import io
import re
import time
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import urllib3

from daycast.storage.feeds.reading.answers import decode
from daycast.storage.feeds.wire.deadline import DeadlineAdapter
from daycast.storage.feeds.wire.limits import LIMITS, Limits
from daycast.storage.terms.errors import FeedError, FeedRefused, FeedUnavailable
from daycast.storage.terms.text import address, quote

TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
"""Statuses that another try may cure."""

SUCCESS, NOT_MODIFIED = 200, 304

_REDIRECTS = 5
_PIECE = 64 * 1024


class Session(requests.Session):
    """A session whose every answer is whole, within limits, and has status 200 or 304.

    It is an ordinary ``requests.Session``, so that client libraries can be given one.

    Args:
        feed: the feed's name, for errors.
        symbol: what is asked for, for errors.
        limits: the limits of each request.
        mirror: a base address that takes the place of scheme and host of every URL.

    Raises:
        FeedUnavailable: from every request: no answer, a cut answer, or a transient status after all tries.
        FeedRefused: from every request: another status, too large an answer, or a redirect to another scheme.
    """

    def __init__(self, feed: str, *, symbol: str, limits: Limits = LIMITS, mirror: str | None = None) -> None:
        super().__init__()
        self.feed, self.symbol, self.limits, self.mirror = feed, symbol, limits, mirror
        self.max_redirects = _REDIRECTS
        self.headers["User-Agent"] = "daycast"
        for scheme in ("http://", "https://"):
            self.mount(scheme, DeadlineAdapter(limits.whole))

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """Send a request and read its answer to the end; see the class for what is raised."""
        options |= {"stream": True, "timeout": (self.limits.connect, self.limits.read)}
        place = on_mirror(str(url), self.mirror)
        pauses, last = self.limits.pauses(), time.monotonic() + self.limits.whole
        while True:
            asked = 0.0
            try:
                with super().request(method, place, *args, **options) as response:
                    asked = seconds_asked(response.headers.get("Retry-After"))
                    self._expect_success(response)
                    body = self._body(response)
            except FeedError as error:
                failure: FeedError = error
            except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
                kind = self.refused if isinstance(error, _LASTING) else self.unavailable
                failure = kind(f"{_plainly(error, self.limits)} ({address(place)})")
            else:
                response.raw = io.BytesIO(body)
                return response
            pause = next(pauses, None)
            if isinstance(failure, FeedRefused) or pause is None or time.monotonic() > last:
                raise failure from None
            time.sleep(max(pause, min(asked, self.limits.longest)))

    def get_redirect_target(self, response: requests.Response) -> str | None:
        """The address that an answer points on to, of the same scheme; what the answer says beside is not read."""
        target = super().get_redirect_target(response)
        if target is not None:
            before, after = urlsplit(response.url).scheme, urlsplit(urljoin(response.url, target)).scheme
            if before != after:
                raise self.refused(f"a redirect from {before} to {quote(after)}, which is not followed")
            response.raw.close()
            response.raw = io.BytesIO()  # requests would read it to its end, however long it is
        return target

    def refused(self, reason: str) -> FeedRefused:
        """An error for an answer that is no data."""
        return FeedRefused(self.feed, self.symbol, reason)

    def unavailable(self, reason: str) -> FeedUnavailable:
        """An error for an answer that did not come."""
        return FeedUnavailable(self.feed, self.symbol, reason)

    def _expect_success(self, response: requests.Response) -> None:
        if response.status_code in {SUCCESS, NOT_MODIFIED}:
            return
        said = f"HTTP {response.status_code} ({address(response.url)})"
        raise self.unavailable(said) if response.status_code in TRANSIENT else self.refused(said)

    def _body(self, response: requests.Response) -> bytes:
        pieces, size = [], 0
        deadline = time.monotonic() + self.limits.whole
        for piece in response.raw.stream(_PIECE, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > self.limits.max_bytes:
                raise self.refused(f"an answer of more than {self.limits.max_bytes:,} bytes")
            if time.monotonic() > deadline:
                raise self.unavailable(f"an answer that took more than {self.limits.whole:g} s")
        return b"".join(pieces)


def on_mirror(url: str, mirror: str | None) -> str:
    """The URL with a mirror's address in place of its scheme and host.

    >>> on_mirror("https://example.org/a?b=1", "http://127.0.0.1:8000/m")
    'http://127.0.0.1:8000/m/a?b=1'
    """
    if mirror is None:
        return url
    base, parts = urlsplit(mirror), urlsplit(url)
    return urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + parts.path, parts.query, ""))


def text_of(response: requests.Response) -> str | None:
    """An answer's body as text; None where it is not UTF-8 text."""
    return decode(response.content)


def seconds_asked(value: str | None) -> float:
    """The seconds of a ``Retry-After`` header; 0 where it is missing, or is a date.

    >>> seconds_asked("120"), seconds_asked(None), seconds_asked("Fri, 31 Dec 1999 23:59:59 GMT")
    (120.0, 0.0, 0.0)
    """
    return float(value) if value and re.fullmatch("[0-9]{1,9}", value) else 0.0


def _plainly(error: Exception, limits: Limits) -> str:
    """What went wrong, without the URL that the libraries' own messages hold."""
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {limits.connect:g} s"
    if "timed out" in str(error):
        return f"no answer within {limits.read:g} s"
    for kind, said in _SAID.items():
        if isinstance(error, kind):
            return said
    return f"no answer ({type(error).__name__})"


_LASTING = (
    requests.TooManyRedirects,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    urllib3.exceptions.DecodeError,
)
"""What another try does not cure."""

_SAID: dict[type[Exception], str] = {
    requests.exceptions.ContentDecodingError: "an answer whose compression is damaged",
    urllib3.exceptions.DecodeError: "an answer whose compression is damaged",
    requests.exceptions.SSLError: "no trusted connection (TLS)",
    requests.TooManyRedirects: f"more than {_REDIRECTS} redirects",
    urllib3.exceptions.ProtocolError: "an answer that broke off",
    requests.ConnectionError: "no connection",
}
