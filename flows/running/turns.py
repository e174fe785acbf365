"""Several runs in one command, side by side as far as that gains.

Python works for one of them at a time: a run has its turn until it waits for the process that trains for it, and gives
way meanwhile. So no library has to bear two of them at once, and yet their trainings share the cores.
"""

from __future__ import annotations

import contextlib
import contextvars
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.tasks.apart import process

Outcome = TypeVar("Outcome")

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
