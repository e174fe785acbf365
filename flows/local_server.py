"""A Prefect API for the time of one command, where no server is configured.

Prefect would start an ephemeral server itself, and another one in each training process. This one is started once,
beside the imports that take as long, and every process of the command speaks to it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from storage.errors import WorkError

_START_SECONDS = 120.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.05
_SERVER_ENVIRONMENT = {
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # Nothing is scheduled on a server that lives for one command.
    "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_REPOSSESSOR_ENABLED": "false",
}


class LocalServer:
    """A Prefect server on a free port of the loopback interface, as a child process.

    What it prints goes to a temporary file, which is shown only if it does not start.
    """

    def __init__(self) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 — closed in stop
        self._port = _free_port()
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self._port)]
        self._process = subprocess.Popen(  # noqa: S603 — our own interpreter, no outside input
            command,
            env={**os.environ, **_SERVER_ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the flow; the server goes last
        )

    @property
    def url(self) -> str:
        """The API's address."""
        return f"http://127.0.0.1:{self._port}/api"

    def wait(self) -> None:
        """Return when it answers.

        Raises:
            WorkError: it ended, or did not answer in time; the message holds the end of what it printed.
        """
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._answers():
                return
            time.sleep(_POLL_SECONDS)
        raise WorkError(
            f"A local Prefect server must answer within {_START_SECONDS:g} s. It printed: {self._printed()!r}. "
            "Start one yourself with `prefect server start` and set PREFECT_API_URL."
        )

    def stop(self) -> None:
        """End the server."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2):  # noqa: S310 — http on loopback
                return True
        except (urllib.error.URLError, OSError):
            return False

    def _printed(self) -> str:
        self._log.seek(0)
        return self._log.read()[-2000:].decode(errors="replace").strip()


@contextlib.contextmanager
def prefect_api() -> Iterator[Callable[[], None]]:
    """A Prefect API for the block: the configured one, or a local server that ends with it.

    Yields:
        What to call before the first flow: it returns when the API answers. Do meanwhile what else takes time.

    Raises:
        WorkError: the local server did not start.
    """
    if configured_api():
        yield lambda: None
        return
    server = LocalServer()
    try:
        with contextlib.ExitStack() as settings:
            yield lambda: _use(server, settings)
    finally:
        server.stop()


def _use(server: LocalServer, until: contextlib.ExitStack) -> None:
    """Let this process and the ones that train speak to the server."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    server.wait()
    os.environ["PREFECT_API_URL"] = server.url
    until.callback(os.environ.pop, "PREFECT_API_URL", None)
    until.callback(_drain)
    until.enter_context(temporary_settings({PREFECT_API_URL: server.url}))


def _drain() -> None:
    """Send what Prefect still holds of logs and events while the server is there to take it."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    EventsWorker.drain_all()
    APILogWorker.drain_all()


def configured_api() -> str | None:
    """The address of the Prefect API in the environment or in Prefect's active profile; None where there is none.

    Prefect is asked only where one of the files is there from which it reads settings: importing it takes seconds, in
    which the local server could start already.
    """
    if url := os.environ.get("PREFECT_API_URL"):
        return url
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    if not any(file.exists() for file in (home / "profiles.toml", Path("prefect.toml"), Path(".env"))):
        return None
    from prefect.settings import PREFECT_API_URL

    configured: str | None = PREFECT_API_URL.value()
    return configured


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
