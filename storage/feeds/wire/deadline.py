"""Connections that give an answer's head a limit of time as a whole, not only between two pieces of it."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class DeadlineAdapter(HTTPAdapter):
    """An adapter of ``requests`` that ends an answer whose head is not there in time, however steadily it drips.

    Args:
        whole: seconds at most for a head.
    """

    def __init__(self, whole: float) -> None:
        self._whole = whole
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of connections, as ``requests`` asks for them."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _pool(self._whole), "https": _tls_pool(self._whole)}


def _pool(whole: float) -> type[HTTPConnectionPool]:
    class Connection(HTTPConnection):
        def getresponse(self) -> Any:
            with _limited(self, whole):
                return super().getresponse()

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    return Pool


def _tls_pool(whole: float) -> type[HTTPSConnectionPool]:
    class Connection(HTTPSConnection):
        def getresponse(self) -> Any:
            with _limited(self, whole):
                return super().getresponse()

    class Pool(HTTPSConnectionPool):
        ConnectionCls = Connection

    return Pool


@contextlib.contextmanager
def _limited(connection: HTTPConnection, whole: float) -> Iterator[None]:
    """Shut the connection down when the time is over, so that who reads from it sees it end."""
    over = threading.Event()

    def end() -> None:
        over.set()
        with contextlib.suppress(OSError):
            if connection.sock is not None:
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(whole, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if over.is_set():  # otherwise the head would pass for one that ends here
            raise TimeoutError("timed out")
