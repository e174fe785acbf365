"""Who continues text: the network where it is better than counts by the margin."""

import math

import numpy as np
import pytest

from daycast.models.race.writing import hold_texts


def _hold(network, margin=0.01):
    nats = {"unigram": np.full(50, 3.0), "ngram": np.full(50, 2.0), "network": np.full(50, network)}
    return hold_texts({"validation": (nats, 50), "test": (nats, 50)}, margin=margin)


@pytest.mark.parametrize(("network", "served"), [(1.9, "network"), (1.99, "ngram"), (2.5, "ngram")])
def test_the_network_writes_where_it_is_better_by_the_margin(network, served):
    held = _hold(network)
    assert held.served == served
    assert held.scores["test"]["network"]["bits_per_character"] == (pytest.approx(network / math.log(2)), 50)
    assert held.scores["test"]["ngram"]["skill"][0] == pytest.approx(1 / 3)


def test_counts_write_where_there_is_no_network():
    nats = {"unigram": np.full(5, 3.0), "ngram": np.full(5, 2.0)}
    assert hold_texts({"validation": (nats, 5), "test": (nats, 5)}, margin=0.01).served == "ngram"
