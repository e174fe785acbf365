"""How much this machine is to do at the same time."""

import os
from pathlib import Path

_MEMORY = 2 * 1024**3
"""Bytes that the machine has for each run or training at least."""


def most_at_once() -> int:
    """How many runs or trainings: one a core, as far as memory goes; one with a GPU.

    Of a GPU, TensorFlow takes all the memory for the process that comes first.
    """
    if any(Path("/dev").glob("nvidia[0-9]*")):
        return 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(os.cpu_count() or 1, memory // _MEMORY))
