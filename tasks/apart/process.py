"""Processes that have loaded Keras and computed nothing yet, and what is asked of them.

The same data, seed and specification give the same weights again only in a process that has computed nothing before,
and TensorFlow's memory grows with every fit: each training has a process of its own. To load Keras takes seconds, so
that it is done once, by the server process of :mod:`multiprocessing`'s ``forkserver``, while others prepare the data;
each process is a fork of that one, and there in a moment.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import forkserver
from typing import TYPE_CHECKING, Any, Protocol

from daycast.storage.terms.errors import DaycastError, WorkError
from daycast.tasks.apart.lifeline import end_with_parent

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_CONTEXT = multiprocessing.get_context("forkserver")
_PRELOADED = ["daycast.tasks.apart.loaded"]
_TOLD, _DONE, _FAILED = "told", "done", "failed"
_STARTING = threading.Lock()


class Asked(Protocol):
    """Who does what Keras is needed for."""

    def ask(self, function: Callable[..., Any], *arguments: Any, told: Callable[..., None] | None = None) -> Any:
        """What a function gives; ``told``, where given, is called with what the function tells on its way."""
        ...


class Here:
    """This process, in the place of one of its own: where it is such a one itself, or trains nothing else."""

    def ask(self, function: Callable[..., Any], *arguments: Any, told: Callable[..., None] | None = None) -> Any:
        """Call the function here."""
        return function(*arguments, told=told) if told else function(*arguments)


HERE = Here()


class Process:
    """A process that has loaded Keras, started when first asked.

    It ends with this one, or with :meth:`end`; nothing that it holds is lost then, as what it answers is kept already.
    """

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._started: tuple[Any, Connection] | None = None

    def ask(self, function: Callable[..., Any], *arguments: Any, told: Callable[..., None] | None = None) -> Any:
        """What a function gives there; one is asked at a time.

        Args:
            function: of a module, with arguments and a result that can be pickled; not what it says goes through
                Prefect, which the process does not know.
            arguments: its own.
            told: called here with what the function tells there by its argument ``told``.

        Raises:
            WorkError: the process ended before it answered.
            Exception: what the function raised.
        """
        with self._asking:
            try:
                kind, answer = self._asked(function, arguments, told)
            except BaseException:
                self.end()
                raise
        if kind == _FAILED:
            raise answer
        return answer

    def end(self) -> None:
        """End the process; asked again, there is a new one."""
        if self._started is not None:
            process, connection = self._started
            self._started = None
            connection.close()
            process.kill()
            process.join()

    def _asked(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], told: Callable[..., None] | None
    ) -> tuple[str, Any]:
        if self._started is not None and not self._started[0].is_alive():
            self.end()  # it was killed while nobody asked it
        self._started = self._started or _start()
        process, connection = self._started
        if not _sent(connection, (function, arguments, told is not None)):
            raise _gone(process)
        while True:
            received = _received(connection)
            if received is None:
                raise _gone(process)
            kind, value = received
            if kind != _TOLD:
                return kind, value
            if told:
                told(*value)


_KEPT = Process()


def prepare() -> None:
    """Begin to load Keras, in the background, so that it is there when a process is asked for the first time."""
    with _STARTING:
        _CONTEXT.set_forkserver_preload(_PRELOADED)
        forkserver.ensure_running()


@contextlib.contextmanager
def fresh() -> Iterator[Process]:
    """A process that has computed nothing yet, for the block: for a training, and what is predicted after it."""
    process = Process()
    try:
        yield process
    finally:
        process.end()


def kept() -> Process:
    """The process that predicts where nothing is trained: one for as long as this one lives, with what it has read."""
    return _KEPT


def end_all() -> None:
    """End every process that was asked for here; whoever waits for an answer is told that there is none."""
    for process in multiprocessing.active_children():
        process.kill()


def end_loader() -> None:
    """End the process that the others are forks of: while it loads Keras it does not see that this one is gone."""
    if server := getattr(forkserver._forkserver, "_forkserver_pid", None):
        with contextlib.suppress(ProcessLookupError):
            os.kill(server, signal.SIGKILL)


def _start() -> tuple[Any, Connection]:
    prepare()
    here, there = _CONTEXT.Pipe()
    # A daemon: where this process ends without ending it, multiprocessing does.
    process = _CONTEXT.Process(target=_serve, args=(there,), name="network", daemon=True)
    with _STARTING, there:
        try:
            process.start()
        except (EOFError, OSError) as error:
            raise _unable(f"what it is a fork of ended before it did ({error})") from None
    return process, here


def _sent(connection: Connection, message: Any) -> bool:
    try:
        connection.send(message)
    except OSError:
        return False
    return True


def _received(connection: Connection) -> tuple[str, Any] | None:
    try:
        received: tuple[str, Any] = connection.recv()
    except (EOFError, OSError):
        return None
    return received


def _gone(process: Any) -> WorkError:
    process.join(1.0)
    code = process.exitcode
    how = f"killed by signal {-code}" if code is not None and code < 0 else f"ended with {code}"
    return _unable(f"it was {how}")


def _unable(received: str) -> WorkError:
    return WorkError(
        f"The process that trains and predicts must answer. Received: {received}. Where the machine was out of memory, "
        "choose a smaller network or a smaller batch_size; then run again."
    )


def _serve(connection: Connection) -> None:
    """Answer, in the process, until whoever asks is gone."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever asks, and that ends this process
    while (asked := _received(connection)) is not None:
        function, arguments, tells = asked  # type: ignore[misc]
        if tells:
            function = partial(function, told=lambda *values: connection.send((_TOLD, values)))
        try:
            answer = _DONE, function(*arguments)
            connection.send(answer)
        except Exception as error:
            connection.send((_FAILED, _portable(error)))


def _portable(error: Exception) -> Exception:
    """The error, as it can be pickled; one that nobody raised on purpose with where that was."""
    where = traceback.format_exc()
    if not isinstance(error, DaycastError):
        error.add_note(where)
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 — our own bytes
    except Exception:
        return RuntimeError(where)
    return error
