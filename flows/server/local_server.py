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
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from daycast.flows.running.safe_path import SAFE_PATH
from daycast.flows.running.stopping import Stopped
from daycast.flows.running.surroundings import prefect_home, require_prefect_home
from daycast.flows.server.binding import Binding
from daycast.flows.server.password import make_password
from daycast.storage.terms.errors import WorkError

_START_SECONDS = 120.0
_STOP_SECONDS = 20.0
_ANSWER_SECONDS = 30.0
_POLL_SECONDS = 0.05
_FOR_ONE_COMMAND = {
    # As Prefect starts its own ephemeral server: without the UI, and with nothing scheduled.
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
    "PREFECT_UI_ENABLED": "0",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_REPOSSESSOR_ENABLED": "false",
    "PREFECT_SERVER_API_BASE_PATH": "/api",
}
_MINE_ALONE = 0o077
"""The server's database and its copy of the UI are nobody else's to read."""


class Server:
    """A Prefect server as a child process, that ends with this one.

    What it prints goes to a temporary file, which is shown only if it does not start.

    Args:
        module: what runs it, and its arguments.
        url: of its API.
        environment: on top of this process's.
        password: what it asks for; none for none.
        listener: the socket that it is handed; none where it opens its own.
    """

    def __init__(
        self,
        module: Sequence[str],
        *,
        url: str,
        environment: Mapping[str, str],
        password: str | None,
        listener: socket.socket | None = None,
    ) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 — closed in stop
        self.url = url
        asked = {"PREFECT_SERVER_API_AUTH_STRING": password} if password else {}
        self._process = subprocess.Popen(  # noqa: S603 — our own interpreter, no outside input
            [sys.executable, "-m", "daycast.flows.running.lifeline", *module],
            env={**os.environ, **SAFE_PATH, **environment, **asked},
            umask=_MINE_ALONE,
            pass_fds=[listener.fileno()] if listener else [],
            stdin=subprocess.PIPE,  # the server ends when this process, which holds it open, is gone
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the flow; the server goes last
        )

    @classmethod
    def for_one_command(cls, *, password: str) -> Server:
        """The API alone, on a free port of the loopback interface."""
        # Not by `prefect server start`, which takes half as long again.
        with socket.create_server(("127.0.0.1", 0)) as listener:
            module = ["daycast.flows.server.listening", str(listener.fileno())]
            url = Binding(host="127.0.0.1", port=listener.getsockname()[1]).api
            return cls(module, url=url, environment=_FOR_ONE_COMMAND, password=password, listener=listener)

    @classmethod
    def with_ui(cls, binding: Binding, *, environment: Mapping[str, str], password: str | None) -> Server:
        """The whole server: API, UI, scheduler, automations."""
        listening = ["--host", binding.host, "--port", str(binding.port), *binding.options]
        module = ["uvicorn", "--factory", "daycast.flows.server.gate:create_app", *listening]
        return cls(
            module, url=binding.api, environment={**environment, "PREFECT__SERVER_FINAL": "1"}, password=password
        )

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
            f"The Prefect server must answer within {_START_SECONDS:g} s. It printed: {self._printed()!r}. "
            "Start one yourself with `prefect server start` and set PREFECT_API_URL."
        )

    def kill(self) -> None:
        """End the server at once."""
        self._process.kill()

    def stop(self) -> None:
        """End the server."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
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
        WorkError: the local server did not start, or the configured one does not answer.
    """
    require_prefect_home()
    if url := configured_api():
        yield lambda: _require_answer(url)
        return
    password = make_password()
    server = Server.for_one_command(password=password)
    try:
        with api_url(server.url, password=password), contextlib.ExitStack() as settings:
            try:
                yield lambda: _ready(server, settings)
            finally:
                if not isinstance(sys.exc_info()[1], Stopped):
                    _drain()
    except Stopped:
        server.kill()  # whoever stops a run waits for it, and Prefect's database stands being killed
        raise
    finally:
        server.stop()


def _ready(server: Server, settings: contextlib.ExitStack) -> None:
    """Wait for the server, and let flow runs send it no heartbeats.

    Nobody watches them on a server that lives for one command, and each run waits a second for their thread to end.
    """
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    server.wait()
    settings.enter_context(temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}))


@contextlib.contextmanager
def api_url(url: str, *, password: str | None) -> Iterator[None]:
    """Let every thread of this process, and the ones that train, speak to a server.

    Prefect's own threads see its root settings and no others, and those are read from the environment when it is
    imported; a thread that finds no address there starts a server of its own, which nothing ends.
    """
    before = {name: os.environ.pop(name, None) for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING")}
    os.environ["PREFECT_API_URL"] = url
    if password:
        os.environ["PREFECT_API_AUTH_STRING"] = password
    try:
        _refresh_settings()
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        _refresh_settings()


def _refresh_settings() -> None:
    """Let Prefect read the environment again, where it is imported already."""
    if "prefect.context" in sys.modules:
        sys.modules["prefect.context"].refresh_global_settings_context()


def _drain() -> None:
    """Send what Prefect still holds of logs and events while the server is there to take it."""
    if "prefect.task_runners" in sys.modules:
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
    home = prefect_home()
    if not any(file.exists() for file in (home / "profiles.toml", Path("prefect.toml"), Path(".env"))):
        return None
    from prefect.settings import PREFECT_API_URL

    configured: str | None = PREFECT_API_URL.value()
    return configured


def _require_answer(url: str) -> None:
    """Hold a configured API to answering at all; what it answers is between it and Prefect.

    Raises:
        WorkError: it does not.
    """
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=_ANSWER_SECONDS):  # noqa: S310 — the operator's own URL
            return
    except urllib.error.HTTPError:
        return
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise WorkError(
            f"The Prefect API that is configured must answer. Received: {reason} from {without_password(url)}. "
            "Start it, or unset PREFECT_API_URL to do without."
        ) from None


def without_password(url: str) -> str:
    """A URL as it may be shown."""
    parts = urllib.parse.urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
