"""Several runs in one command, side by side as far as that gains.

Python works for one of them at a time: a run has its turn until it waits for the process that trains for it, and gives
way meanwhile. So no library has to bear two of them at once, and yet their trainings share the cores.
"""

from __future__ import annotations

import contextlib
import contextvars
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.tasks.apart import process

Outcome = TypeVar("Outcome")

_MEMORY = 2 * 1024**3
"""Bytes that the machine has for each run at least."""
_LOOK_SECONDS = 0.2

_TURN: contextvars.ContextVar[threading.Lock | None] = contextvars.ContextVar("turn", default=None)


def side_by_side(runs: Sequence[Callable[[], Outcome]], *, at_once: int) -> list[Outcome]:
    """What each run comes to, in their order.

    On Ctrl-C the processes that train are ended, and with them the runs; those that had not begun never do.

    Args:
        runs: one after the other where ``at_once`` is one; otherwise each in a thread.
        at_once: as many at the same time.
    """
    if min(at_once, len(runs)) < 2:
        return [run() for run in runs]
    turn = threading.Lock()
    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="run") as pool:
        going = [pool.submit(contextvars.copy_context().run, _in_turn, run, turn) for run in runs]
        try:
            wait(going)
        except BaseException:
            _stop(going)
            raise
    return [each.result() for each in going]


@contextlib.contextmanager
def giving_way() -> Iterator[None]:
    """Let other runs have their turn for the block, which waits for something outside of this process."""
    turn = _TURN.get()
    if turn is None:
        yield
        return
    turn.release()
    try:
        yield
    finally:
        turn.acquire()


def in_waves(specs: Sequence[AnyPipeline]) -> list[list[AnyPipeline]]:
    """Those that read no other pipeline, then those that do: what they read has run by then."""
    waves = [[spec for spec in specs if not spec.reads], [spec for spec in specs if spec.reads]]
    return [wave for wave in waves if wave]


def most_at_once() -> int:
    """How many runs this machine is to do at the same time: one a core, as far as memory goes; one with a GPU.

    Of a GPU, TensorFlow takes all the memory for the process that comes first.
    """
    if any(Path("/dev").glob("nvidia[0-9]*")):
        return 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(os.cpu_count() or 1, memory // _MEMORY))


def _in_turn(run: Callable[[], Outcome], turn: threading.Lock) -> Outcome:
    _TURN.set(turn)
    with turn:
        return run()


def _stop(going: Sequence[Future[Outcome]]) -> None:
    for each in going:
        each.cancel()
    left = set(going)
    while left:  # a run in its turn may be about to start a process
        process.end_all()
        left = wait(left, timeout=_LOOK_SECONDS).not_done
