"""The training loop's batches."""

import numpy as np

from daycast.models.networks import fitting
from daycast.storage.terms.network import ModelSpec

PAIR = ((np.arange(10, dtype=np.float32).reshape(10, 1, 1),), np.arange(10, dtype=np.float32).reshape(10, 1))


def test_no_thread_tunes_the_batches() -> None:
    """It naps for up to a minute, and the end of an epoch waits for it."""
    batches = (fitting.shuffled(PAIR, model=ModelSpec(batch_size=4)), fitting.in_order(PAIR))
    assert [each.options().autotune.enabled for each in batches] == [False, False]


def test_every_window_comes_once_an_epoch_but_for_a_rest_smaller_than_a_batch() -> None:
    batches = fitting.shuffled(PAIR, model=ModelSpec(batch_size=4, seed=3))
    first, second = ([float(row) for _, targets in batches for row in targets[:, 0]] for _ in range(2))
    assert len(first) == len(set(first)) == len(second) == len(set(second)) == 8
    assert first != second
