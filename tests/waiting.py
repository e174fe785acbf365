"""Wait for what other processes and threads do, and say what did not come."""

import contextlib
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(
    found: Callable[[], T],
    *,
    seconds: float = 60,
    what: str = "what was waited for",
    failed: Callable[[], str | None] = lambda: None,
    passing: tuple[type[Exception], ...] = (),
) -> T:
    """What ``found`` gives, once that is true.

    Args:
        found: asked ten times a second.
        seconds: how long, at most; longer than it can take on a machine with much other work.
        what: said where it did not come.
        failed: why it will not come any more, as that a process has ended; none as long as it may.
        passing: what ``found`` may raise as long as it is not there, as a server that does not answer yet.

    Raises:
        AssertionError: it did not come in time, or will not come.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(*passing):
            if value := found():
                return value
        why = failed()
        assert why is None, f"no {what}: {why}"
        time.sleep(0.1)
    raise AssertionError(f"no {what} within {seconds} s")
