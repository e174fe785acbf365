"""A series on its calendar."""

import numpy as np
import pandas as pd

from daycast.models.series.alignment import align, carry


def _frame(hours, values):
    index = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(hours, unit="h")
    return pd.DataFrame({"y": values}, index=pd.DatetimeIndex(index).as_unit("us"))


INSTANTS = pd.date_range("2026-01-01", periods=7, freq="1h", tz="UTC", unit="us")


def test_gaps_are_marked_and_carried_only_so_far():
    aligned = align(_frame([0, 1, 5], [1.0, 2.0, 6.0]), instants=INSTANTS, fill_limit=2)
    np.testing.assert_array_equal(aligned.levels["y"], [1, 2, np.nan, np.nan, np.nan, 6, np.nan])
    np.testing.assert_array_equal(aligned.inputs["y"], [1, 2, 2, 2, np.nan, 6, 6])
    assert aligned.filled["y"].tolist() == [False, False, True, True, False, False, True]
    assert aligned.observed["y"].tolist() == [True, True, False, False, False, True, False]


def test_an_observation_at_no_instant_is_counted_and_not_used():
    frame = _frame([0, 0.5, 1], [1.0, 9.0, 2.0])
    aligned = align(frame, instants=INSTANTS[:2], fill_limit=1)
    assert aligned.unknown == 1
    assert aligned.levels["y"].tolist() == [1.0, 2.0]


def test_the_frame_is_left_alone():
    frame = _frame([0, 2], [1, 2])
    before = frame.copy()
    align(frame, instants=INSTANTS, fill_limit=0)
    pd.testing.assert_frame_equal(frame, before)


def test_nothing_is_carried_without_leave_and_nothing_backward():
    frame = _frame([0, 1, 2], [np.nan, 1.0, np.nan])
    pd.testing.assert_frame_equal(carry(frame, limit=0), frame)
    assert np.isnan(carry(frame, limit=5)["y"].iloc[0])
