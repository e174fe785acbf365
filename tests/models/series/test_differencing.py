"""Differences and the way back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from daycast.models.series.differencing import difference, undo
from daycast.storage.terms.errors import DataError

KINDS = ("none", "absolute", "percent", "log")
# A fall by a factor f loses log10(f) digits of 1 + percent, so that the factors here end at 1e4.
PRICES = arrays.arrays(np.float64, st.integers(2, 40), elements=st.floats(1.0, 1e4))
LEVELS = arrays.arrays(np.float64, st.integers(2, 40), elements=st.floats(-1e4, 1e4))


@given(levels=PRICES, kind=st.sampled_from(KINDS))
def test_what_is_differenced_comes_back(levels, kind):
    steps = difference(levels, kind=kind)
    np.testing.assert_allclose(undo(steps[1:], base=levels[0], kind=kind), levels[1:], rtol=1e-9)


@given(levels=LEVELS)
def test_absolute_differences_of_any_sign_come_back(levels):
    steps = difference(levels, kind="absolute")
    np.testing.assert_allclose(undo(steps[1:], base=levels[0], kind="absolute"), levels[1:], atol=1e-8)


@given(steps=arrays.arrays(np.float64, (5, 3), elements=st.floats(-0.5, 0.5)), kind=st.sampled_from(KINDS[1:]))
def test_what_is_undone_comes_back_as_differences(steps, kind):
    base = np.full(5, 50.0)
    levels = np.concatenate([base[:, None], undo(steps, base=base, kind=kind)], axis=1)
    np.testing.assert_allclose(difference(levels.T, kind=kind)[1:].T, steps, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_is_differenced_by_itself_and_the_levels_are_left_alone(kind):
    levels = np.array([[1.0, 10.0], [2.0, 5.0], [4.0, 20.0]])
    before = levels.copy()
    both = difference(levels, kind=kind)
    np.testing.assert_array_equal(both[:, 1], difference(levels[:, 1], kind=kind))
    np.testing.assert_array_equal(levels, before)
    both[:] = 0
    np.testing.assert_array_equal(levels, before)


def test_the_first_row_has_no_difference():
    assert np.isnan(difference([3.0, 4.0], kind="log")[0])
    assert difference([3.0, 4.0], kind="none").tolist() == [3.0, 4.0]


def test_known_steps():
    assert difference([100.0, 110.0, 99.0], kind="percent")[1:].tolist() == pytest.approx([0.1, -0.1])
    assert difference([1.0, np.e], kind="log")[1] == pytest.approx(1.0)


@pytest.mark.parametrize("kind", ["percent", "log"])
@pytest.mark.parametrize("bad", [0.0, -2.5])
def test_relative_differences_need_positive_levels(kind, bad):
    with pytest.raises(DataError, match=rf"positive levels\. Received: {bad:g} in row 1"):
        difference([1.0, bad, 2.0], kind=kind)


def test_a_missing_level_is_no_error():
    steps = difference([1.0, np.nan, 2.0, 3.0], kind="log")
    assert np.isnan(steps[:3]).all()
    assert steps[3] == pytest.approx(np.log(1.5))
