"""Order statistics, against a sort."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from daycast.models.scores.ranks import ranked

_VALUES = st.one_of(st.floats(min_value=0, max_value=1e12), st.just(np.inf), st.sampled_from([0.0, 1.0, 5e-324]))


@given(arrays(np.float64, st.integers(1, 40), elements=_VALUES), st.data())
def test_it_is_what_a_sort_puts_there(values, data):
    places = np.array(data.draw(st.lists(st.integers(0, len(values) - 1), min_size=1)))
    np.testing.assert_array_equal(ranked(values, places), np.sort(values)[places])


@pytest.mark.parametrize("tail", [1, 1e9])
def test_of_many(tail):
    random = np.random.default_rng(1)
    values = np.abs(random.standard_cauchy(50_000)) * random.choice([1, tail], 50_000)
    places = np.linspace(0, len(values) - 1, 20).astype(int)
    np.testing.assert_array_equal(ranked(values, places), np.sort(values)[places])
