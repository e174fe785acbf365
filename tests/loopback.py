"""A real HTTP server on loopback that answers as it is told, and remembers what it was asked."""

import contextlib
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit


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


class Asked(NamedTuple):
    """One request: its path with the query, its headers, and what it sent."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """The server: answers by path, several in turn (the last one stays), and the requests that came."""

    url: str = ""
    answers: dict[str, list[Answer | Callable[[Asked], Answer]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list, repr=False)
    sent: int = 0
    """Bytes of streamed bodies that the client took."""

    def say(self, path: str, *answers: Answer | bytes | str | Callable[[Asked], Answer]) -> str:
        """Set the answers of a path, or what makes them; returns its URL."""
        self.answers[path] = [Answer(body=each) if isinstance(each, bytes | str) else each for each in answers]
        return self.url + path

    def answer(self, asked: Asked) -> Answer:
        """What to say to a request; it is remembered."""
        self.asked.append(asked)
        turns = self.answers.get(urlsplit(asked.path).path) or [Answer(body=b"not found", status=404)]
        turn = turns.pop(0) if len(turns) > 1 else turns[0]
        return turn if isinstance(turn, Answer) else turn(asked)

    def count(self, part: str) -> int:
        """How many requests had this in their path."""
        return sum(part in asked.path for asked in self.asked)


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.server.script.answer(Asked(self.path, dict(self.headers.items()), sent))
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        time.sleep(answer.delay)
        with contextlib.suppress(
            BrokenPipeError, ConnectionResetError
        ):  # the client had enough: some tests are about it
            self._begin(answer, None if callable(body) else len(body))
            if callable(body):
                self._stream(body())
            else:
                self._send(body, answer.drip)
        self.close_connection = True

    do_POST = do_GET  # noqa: N815 — the base class's name

    def _begin(self, answer: Answer, length: int | None) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if None not in {length, answer.length} and answer.status != 304:
            self.send_header("Content-Length", str(length if answer.length < 0 else answer.length))
        self.end_headers()

    def _stream(self, pieces: Iterator[bytes]) -> None:
        """Send pieces as long as the client takes them; what it took is counted."""
        for piece in pieces:
            self.wfile.write(piece)
            self.server.script.sent += len(piece)

    def _send(self, body: bytes, drip: float) -> None:
        if not drip:
            self.wfile.write(body)
        for place in range(len(body) if drip else 0):
            self.wfile.write(body[place : place + 1])
            self.wfile.flush()
            time.sleep(drip)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output quiet."""


@contextlib.contextmanager
def served() -> Iterator[Server]:
    """A server that listens as long as the block."""
    script = Server()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as http:
        http.script = script  # type: ignore[attr-defined]
        http.daemon_threads = True
        script.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield script
        finally:
            http.shutdown()
            thread.join()


def free_port() -> int:
    """A port of loopback that nobody listens on, and that no connection is given by the system meanwhile.

    Systems give out ports from 32,768 on (Linux) or from 49,152 on (IANA): those below are taken by name alone.
    """
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    raise OSError("A free port is required. Received: none of a hundred.")
