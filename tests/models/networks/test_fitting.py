"""The training loop's batches."""

import numpy as np

from daycast.models.networks import fitting
from daycast.models.series.gathering import Gathered
from daycast.storage.terms.network import ModelSpec

PAIR = Gathered.of(np.arange(10, dtype=np.float32).reshape(10, 1, 1), np.arange(10, dtype=np.float32).reshape(10, 1))


def test_no_thread_tunes_the_batches() -> None:
    """It naps for up to a minute, and the end of an epoch waits for it."""
    batches = (fitting.shuffled(PAIR, model=ModelSpec(batch_size=4)), fitting.in_order(PAIR))
    assert [each.options().autotune.enabled for each in batches] == [False, False]


def test_every_window_comes_once_an_epoch_but_for_a_rest_smaller_than_a_batch() -> None:
    batches = fitting.shuffled(PAIR, model=ModelSpec(batch_size=4, seed=3))
    first, second = ([float(row) for _, targets in batches for row in targets[:, 0]] for _ in range(2))
    assert len(first) == len(set(first)) == len(second) == len(set(second)) == 8
    assert first != second


def test_a_permutation_has_every_number_once_an_epoch_and_is_the_same_from_the_same_seed() -> None:
    def epochs(seed: int) -> list[list[int]]:
        batches = fitting.permuted(103, size=10, seed=seed)
        return [[int(number) for batch in batches for number in batch] for _ in range(2)]

    first, second = epochs(3)
    assert len(first) == len(set(first)) == len(second) == len(set(second)) == 100
    assert first != second
    assert {*first, *second} <= set(range(103))
    assert epochs(3) == [first, second]
    assert epochs(4) != [first, second]


def test_neighbours_are_apart_in_a_permutation() -> None:
    """Windows that lie side by side share their steps: a batch of neighbours would be one window many times."""
    count, size = 1 << 16, 256
    batches = np.stack([batch.numpy() for batch in fitting.permuted(count, size=size, seed=1)])
    means = batches.mean(axis=1)
    order = batches.ravel()
    for lag in (1, 2, 3):
        assert abs(np.corrcoef(order[:-lag], order[lag:])[0, 1]) < 0.02
    # as of numbers drawn at random: the mean of a batch is off by a sixteenth of their deviation
    assert 0.8 < means.std() / (count / np.sqrt(12 * size)) < 1.2
