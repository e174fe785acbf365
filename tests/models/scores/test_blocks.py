"""How sure a difference is: blocks by hand, noise that is none, and a bootstrap that agrees."""

import numpy as np
import pytest

from daycast.models.scores.blocks import ASSURANCE, FEWEST, Blocks, apart, block_count


def _blocks(*sums, n=10.0):
    return Blocks(np.array(sums, dtype=float), np.full(len(sums), n))


def test_errors_are_summed_by_block_and_shards_add_up():
    errors = np.arange(12.0).reshape(6, 2)
    place = np.array([0, 0, 1, 1, 1, 3])
    whole = Blocks.of(errors, place=place, count=4)
    assert whole.sums.tolist() == [6.0, 39.0, 0.0, 21.0]
    assert whole.n.tolist() == [4, 6, 0, 2]
    parts = Blocks.of(errors[:2], place=place[:2], count=4) + Blocks.of(errors[2:], place=place[2:], count=4)
    assert (parts.sums.tolist(), parts.n.tolist()) == (whole.sums.tolist(), whole.n.tolist())


def test_a_difference_and_its_standard_error_by_hand():
    found = apart(_blocks(1, 2, 3, 2), _blocks(2, 4, 4, 6))
    # block means -.1, -.2, -.1, -.4: their mean -.2, their deviation .1414, over the root of four
    assert found.difference == pytest.approx(-0.2)
    assert found.error == pytest.approx(np.std([0.1, 0.2, 0.1, 0.4], ddof=1) / 2)
    assert (found.blocks, found.errors) == (4, pytest.approx(-0.2 / 0.0707107, rel=1e-5))
    assert found.required == pytest.approx(2.353, abs=1e-3)  # Student's 95 % with three degrees


def test_the_standard_error_is_that_of_a_bootstrap_of_blocks():
    random = np.random.default_rng(0)
    one, other = (
        Blocks(random.gamma(9, size=20), np.full(20, 30.0)),
        Blocks(random.gamma(10, size=20), np.full(20, 30.0)),
    )
    drawn = random.integers(20, size=(20_000, 20))
    means = (one.sums - other.sums)[drawn].sum(axis=1) / one.n[drawn].sum(axis=1)
    assert apart(one, other).error == pytest.approx(means.std() * np.sqrt(20 / 19), rel=0.02)


def test_a_chance_difference_is_seldom_sure():
    random = np.random.default_rng(1)
    sure = 0
    for _ in range(1000):
        walk = np.convolve(random.normal(size=2000 + 49), np.ones(50), mode="valid")  # windows that resemble each other
        sums = walk.reshape(20, 100).sum(axis=1)
        found = apart(_blocks(*sums, n=100.0), _blocks(*np.zeros(20), n=100.0))
        sure += -found.errors >= found.required
    assert sure / 1000 < 2 * (1 - ASSURANCE)


def test_too_few_blocks_say_nothing():
    assert apart(_blocks(*[1.0] * (FEWEST - 1)), _blocks(*[2.0] * (FEWEST - 1))) is None
    empty = Blocks(np.zeros(9), np.array([5.0] * (FEWEST - 1) + [0.0] * (10 - FEWEST)))
    assert apart(empty, empty) is None, "blocks without a window do not count"


def test_no_difference_and_one_without_doubt():
    same = _blocks(1, 2, 3, 4)
    assert apart(same, same).errors == 0.0
    assert apart(_blocks(1, 1, 1, 1), _blocks(2, 2, 2, 2)).errors == -np.inf


@pytest.mark.parametrize(
    ("instants", "horizon", "season", "count"),
    [(2880, 24, 24, 20), (430, 5, 5, 20), (60, 10, 1, 3), (5, 10, 7, 1), (48, 2, 7, 6), (100, 3, 52, 16)],
)
def test_a_block_is_two_horizons_long_at_least_and_whole_seasons_where_it_can(instants, horizon, season, count):
    assert block_count(instants, horizon=horizon, season=season) == count
