"""Parts of a batch that are computed side by side, where a step is too little work for several cores."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import tensorflow as tf

from daycast.models.networks.backend import CORES, accelerators

_LEAST_ROWS = 16
"""Rows of a part at least: fewer fill no matrix product."""


def equal_parts(rows: int, *, most: int) -> int:
    """So many, or fewer: parts of one size, none of them too small.

    >>> equal_parts(64, most=4), equal_parts(64, most=3), equal_parts(20, most=4)
    (4, 2, 1)
    """
    most = min(most, rows // _LEAST_ROWS)
    return next((count for count in range(most, 1, -1) if rows % count == 0), 1)


def side_by_side(compute: Callable[[Any], Any], batch: Any) -> Any:
    """``compute`` of a batch, ``(batch, …)`` → ``(batch, …)``, a part a core; each row must be computed for itself.

    A GPU is given the whole batch.
    """
    known = batch.shape[0]
    count = 1 if accelerators() else CORES if known is None else min(CORES, known // _LEAST_ROWS)
    if count <= 1:
        return compute(batch)
    rows = tf.shape(batch)[0] if known is None else known
    edges = [rows * number // count for number in range(count + 1)]
    return tf.concat([compute(batch[begin:end]) for begin, end in pairwise(edges)], axis=0)
