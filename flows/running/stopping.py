"""A stop that stops: on Ctrl-C or SIGTERM a run closes its row, ends what it started, and is gone within seconds.

Python gives a signal to the main thread, where the steps of a run are done: raised there as :class:`Stopped`, which
nothing on the way takes for an error of the work, it rolls back what is half done and frees the pipeline's lock.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from daycast.tasks.apart.process import end_all, end_loader

_SECONDS = 4.0
"""After a signal this process ends, whatever still holds it; an operator waits for five."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """A signal asked this process to end.

    Attributes:
        code: the exit code that says so, as a shell gives it.
    """

    def __init__(self, number: int) -> None:
        how = "Ctrl-C (SIGINT)" if number == signal.SIGINT else "SIGTERM: cancelled in the UI, or told to end"
        super().__init__(f"Stopped by {how}")
        self.code = 128 + number


@contextmanager
def heeding_signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM raise :class:`Stopped` in this block, and end the process soon after.

    A signal that is ignored, as SIGINT is where a script starts a command in the background, stays so. In a thread
    other than the main one nothing is changed: signals do not come there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    raised: list[Stopped] = []

    def stop(number: int, frame: Any) -> None:  # noqa: ARG001 — as the signal module calls it
        raised.append(Stopped(number))
        _begin_to_end(raised[0])
        raise raised[0]

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        yield
    except Stopped:
        raise  # a second signal shall not interrupt the closing: both stay ignored
    except BaseException as error:
        if raised:  # what was interrupted made an error of its own of it
            raise raised[0] from error
        _restore(before)
        raise
    else:
        _restore(before)


def end_now(code: int) -> None:
    """End this process at once, and what it started to compute for it."""
    end_all()
    end_loader()
    os._exit(code)


def _begin_to_end(stopped: Stopped) -> None:
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    last = threading.Timer(_SECONDS, end_now, [stopped.code])
    last.daemon = True
    last.start()
    end_all()
    end_loader()


def _restore(before: dict[signal.Signals, Any]) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)
