"""How far trainings are, as bars in the terminal: those that go on side by side, in one display."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

_CHANGING = threading.Lock()
_SHOWN: list[tuple[Progress, set[int]]] = []
"""The display, while there is one, and the rows that go on in it: a terminal has room for one display."""


@contextmanager
def bar(label: str, *, total: int) -> Iterator[Callable[..., None]]:
    """A row of its own for the block, on standard error; it is left standing.

    Args:
        label: what is done.
        total: steps at most.

    Yields:
        What to call with the steps done, the steps at most, and words.
    """
    with _CHANGING:
        if not _SHOWN:
            display = _display()
            display.start()
            _SHOWN.append((display, set()))
        display, going = _SHOWN[0]
        row = display.add_task(label, total=total, words="")
        going.add(row)
    try:
        yield lambda done, most, words: display.update(row, completed=done, total=most, words=words)
    finally:
        with _CHANGING:
            going.remove(row)
            display.stop_task(row)
            if not going:
                display.stop()
                _SHOWN.clear()


def _display() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TextColumn("{task.fields[words]}"), console=Console(stderr=True))
