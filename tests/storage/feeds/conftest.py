"""A real HTTP server on loopback that answers as it is told, and remembers what it was asked."""

import contextlib
import gzip
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.feeds.wire.limits import Patience
from daycast.storage.terms.pipeline import Pipeline

DATA = Path(__file__).parents[4] / "shared" / "data"

IMPATIENT = Patience(
    tries=3, pause=0.01, jitter=0.0, longest=0.05, connect=5.0, read=5.0, whole=25.0, max_bytes=2_000_000
)
"""Limits that let a test of retries end at once."""


@dataclass
class Answer:
    """What the server says to one request.

    Attributes:
        body: sent as it is; or what gives its pieces, made as they are sent.
        length: the Content-Length that is claimed; None says nothing and closes.
        delay: seconds before the answer begins.
        drip: seconds between single bytes of the body.
    """

    body: bytes | str | Callable[[], Iterator[bytes]] = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = -1
    delay: float = 0.0
    drip: float = 0.0


@dataclass
class Server:
    """The server: answers by path, several in turn (the last one stays), and the requests that came."""

    url: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list, repr=False)
    sent: int = 0
    """Bytes of streamed bodies that the client took."""

    def say(self, path: str, *answers: Answer | bytes | str) -> str:
        """Set the answers of a path; returns its URL."""
        self.answers[path] = [each if isinstance(each, Answer) else Answer(body=each) for each in answers]
        return self.url + path

    def answer(self, path: str, headers: dict[str, str]) -> Answer:
        """What to say to a request; it is remembered."""
        self.asked.append((path, headers))
        turns = self.answers.get(urlsplit(path).path) or [Answer(body=b"not found", status=404)]
        return turns.pop(0) if len(turns) > 1 else turns[0]

    def count(self, part: str) -> int:
        """How many requests had this in their path."""
        return sum(part in path for path, _ in self.asked)


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self) -> None:
        answer = self.server.script.answer(self.path, dict(self.headers.items()))
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        if callable(body):
            self._stream(answer, body())
            return
        time.sleep(answer.delay)
        try:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.length is not None and answer.status != 304:
                self.send_header("Content-Length", str(len(body) if answer.length < 0 else answer.length))
            self.end_headers()
            self._send(body, answer.drip)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client had enough, which is what the test is about
        self.close_connection = True

    def _stream(self, answer: Answer, pieces: Iterator[bytes]) -> None:
        """Send pieces as long as the client takes them; what it took is counted."""
        try:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            for piece in pieces:
                self.wfile.write(piece)
                self.server.script.sent += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.close_connection = True

    do_POST = do_GET  # noqa: N815 — the base class's name

    def _send(self, body: bytes, drip: float) -> None:
        if not drip:
            self.wfile.write(body)
        for place in range(len(body) if drip else 0):
            self.wfile.write(body[place : place + 1])
            self.wfile.flush()
            time.sleep(drip)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on loopback for one test."""
    with _served() as script:
        yield script


@pytest.fixture
def other_server() -> Iterator[Server]:
    """Another one, at another port."""
    with _served() as script:
        yield script


@contextlib.contextmanager
def _served() -> Iterator[Server]:
    script = Server()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as http:
        http.script = script  # type: ignore[attr-defined]
        http.daemon_threads = True
        script.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield script
        http.shutdown()
        thread.join()


@pytest.fixture
def make_spec() -> Callable[..., Pipeline]:
    """Build a pipeline from what matters to a test."""

    def make(name: str = "prices", **keys: Any) -> Pipeline:
        defaults = {"symbols": ["AMZN"], "target": "close", "features": ["close"], "calendar": "XNYS"}
        return parse_pipeline(name, {**defaults, "lookback": 5, "horizon": 1, **keys})

    return make


@pytest.fixture(scope="session")
def data() -> Path:
    """The recorded data; the test is skipped where they are absent."""
    if not DATA.is_dir():
        pytest.skip(f"the recorded data are not there: {DATA}")
    return DATA


@pytest.fixture
def patience() -> Patience:
    """Limits that let a test of retries end at once."""
    return IMPATIENT


@pytest.fixture
def zipped() -> Callable[[bytes], bytes]:
    """Compress a body."""
    return gzip.compress


@pytest.fixture
def answer() -> type[Answer]:
    """The class of answers, for tests that need more than a body."""
    return Answer
