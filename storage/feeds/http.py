"""The one place for HTTP with ``requests``: limits, retries, and no belief in what comes back."""

import io
import time
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from storage.errors import FeedError, FeedRefused, FeedUnavailable
from storage.feeds.answers import decode, quote
from storage.feeds.patience import PATIENCE, Patience

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
        patience: the limits of each request.
        mirror: a base address that takes the place of scheme and host of every URL.

    Raises:
        FeedUnavailable: from every request: no answer, a cut answer, or a transient status after all tries.
        FeedRefused: from every request: another status, too large an answer, or a redirect to another scheme.
    """

    def __init__(self, feed: str, *, symbol: str, patience: Patience = PATIENCE, mirror: str | None = None) -> None:
        super().__init__()
        self.feed, self.symbol, self.patience, self.mirror = feed, symbol, patience, mirror
        self.max_redirects = _REDIRECTS
        self.headers["User-Agent"] = "daycast"
        for scheme in ("http://", "https://"):
            self.mount(scheme, HTTPAdapter(max_retries=_retries(patience)))

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """Send a request and read its answer to the end; see the class for what is raised."""
        options |= {"stream": True, "timeout": (self.patience.connect, self.patience.read)}
        place = on_mirror(str(url), self.mirror)
        try:
            response = super().request(method, place, *args, **options)
            with response:
                self._expect_success(response)
                body = self._body(response)
        except FeedError:
            raise
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            raise self.unavailable(f"{_plainly(error, self.patience)} ({host(place)})") from None
        response.raw = io.BytesIO(body)
        return response

    def get_redirect_target(self, response: requests.Response) -> str | None:
        """The address that an answer points on to, of the same scheme."""
        target = super().get_redirect_target(response)
        if target is not None:
            before, after = urlsplit(response.url).scheme, urlsplit(urljoin(response.url, target)).scheme
            if before != after:
                raise self.refused(f"a redirect from {before} to {quote(after)}, which is not followed")
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
        said = f"HTTP {response.status_code} {response.reason or ''}".rstrip() + f" ({host(response.url)})"
        raise self.unavailable(said) if response.status_code in TRANSIENT else self.refused(said)

    def _body(self, response: requests.Response) -> bytes:
        pieces, size = [], 0
        deadline = time.monotonic() + self.patience.whole
        for piece in response.raw.stream(_PIECE, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > self.patience.max_bytes:
                raise self.refused(f"an answer of more than {self.patience.max_bytes:,} bytes")
            if time.monotonic() > deadline:
                raise self.unavailable(f"an answer that took more than {self.patience.whole:g} s")
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


def host(url: str) -> str:
    """Scheme, host and path of a URL: what may stand in a message, since passwords and tokens stand elsewhere.

    >>> host("https://user:secret@example.org/a.csv?token=secret")
    'https://example.org/a.csv'
    """
    parts = urlsplit(url)
    name = parts.hostname or ""
    return f"{parts.scheme}://{name}{f':{parts.port}' if parts.port else ''}{parts.path}"


def text_of(response: requests.Response) -> str | None:
    """An answer's body as text; None where it is not UTF-8 text."""
    return decode(response.content)


class _CappedRetry(Retry):
    """Retries that wait no longer than ``backoff_max``, whatever the server's ``Retry-After`` asks."""

    def get_retry_after(self, response: Any) -> float | None:
        seconds = super().get_retry_after(response)
        return None if seconds is None else min(seconds, self.backoff_max)


def _retries(patience: Patience) -> Retry:
    return _CappedRetry(
        total=patience.tries - 1,
        redirect=False,
        status_forcelist=TRANSIENT,
        allowed_methods={"GET"},
        backoff_factor=patience.pause,
        backoff_jitter=patience.jitter,
        backoff_max=patience.longest,
        raise_on_status=False,
    )


def _plainly(error: Exception, patience: Patience) -> str:
    """What went wrong, without the URL that the libraries' own messages hold."""
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {patience.connect:g} s"
    if "timed out" in str(error):
        return f"no answer within {patience.read:g} s"
    for kind, said in _SAID.items():
        if isinstance(error, kind):
            return said
    return f"no answer ({type(error).__name__})"


_SAID: dict[type[Exception], str] = {
    requests.exceptions.ContentDecodingError: "an answer whose compression is damaged",
    urllib3.exceptions.DecodeError: "an answer whose compression is damaged",
    requests.exceptions.SSLError: "no trusted connection (TLS)",
    requests.TooManyRedirects: f"more than {_REDIRECTS} redirects",
    urllib3.exceptions.ProtocolError: "an answer that broke off",
    requests.ConnectionError: "no connection",
}
