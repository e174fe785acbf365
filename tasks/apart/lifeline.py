"""A child process that ends when the process that started it does, killed or not."""

import multiprocessing
import os
import threading
from typing import Any


def end_with_parent() -> None:
    """Let this process end as soon as the one that :mod:`multiprocessing` started it from is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent,), name="lifeline", daemon=True).start()


def _follow(parent: Any) -> None:
    parent.join()
    os._exit(1)
