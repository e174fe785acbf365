"""Series side by side on their calendar."""

import numpy as np
import pandas as pd

from daycast.models.series.alignment import align, carry

HOUR = pd.Timedelta(hours=1)
INSTANTS = pd.date_range("2026-01-01", periods=7, freq="1h", tz="UTC", unit="us")


def _frame(hours, values):
    index = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(hours, unit="h")
    return pd.DataFrame({"y": values}, index=pd.DatetimeIndex(index).as_unit("us"))


def _align(frame, *, codes=None, names=("a",), step=None):
    codes = np.zeros(len(frame), dtype=np.intp) if codes is None else np.array(codes)
    return align(frame, names=names, codes=codes, instants=INSTANTS, step=step)


def test_what_was_not_observed_is_missing_and_carried_only_so_far():
    levels = _align(_frame([0, 1, 5], [1.0, 2.0, 6.0]))
    np.testing.assert_array_equal(levels.values[0, :, 0], [1, 2, np.nan, np.nan, np.nan, 6, np.nan])
    np.testing.assert_array_equal(carry(levels.values, limit=2)[0, :, 0], [1, 2, 2, 2, np.nan, 6, 6])
    np.testing.assert_array_equal(carry(levels.values, limit=None)[0, :, 0], [1, 2, 2, 2, 2, 6, 6])


def test_series_stand_side_by_side_each_at_its_own_place():
    levels = _align(_frame([0, 2, 1, 3], [1.0, 3.0, 20.0, 40.0]), codes=[0, 0, 1, 1], names=("a", "b"))
    np.testing.assert_array_equal(levels.values[:, :4, 0], [[1, np.nan, 3, np.nan], [np.nan, 20, np.nan, 40]])
    first, last = levels.span()
    assert (first.tolist(), last.tolist()) == ([0, 1], [2, 3])


def test_a_series_at_half_past_stands_beside_one_at_full_hours():
    levels = _align(_frame([0, 1, 0.5, 2.5], [1.0, 2.0, 10.0, 30.0]), codes=[0, 0, 1, 1], names=("a", "b"), step=HOUR)
    assert levels.shift.tolist() == [pd.Timedelta(0), pd.Timedelta(minutes=30)]
    np.testing.assert_array_equal(levels.values[1, :4, 0], [10, np.nan, 30, np.nan])


def test_an_observation_at_no_instant_is_not_used():
    levels = _align(_frame([0, 0.5, 1], [1.0, 9.0, 2.0]))
    np.testing.assert_array_equal(levels.values[0, :3, 0], [1.0, 2.0, np.nan])


def test_the_frame_is_left_alone():
    frame = _frame([0, 2], [1, 2])
    before = frame.copy()
    _align(frame).values[:] = 0
    pd.testing.assert_frame_equal(frame, before)


def test_nothing_is_carried_without_leave_and_nothing_backward():
    values = np.array([[np.nan, 1.0, np.nan]])
    np.testing.assert_array_equal(carry(values, limit=0), values)
    assert np.isnan(carry(values, limit=5)[0, 0])
    assert np.isnan(carry(values, limit=None)[0, 0])


def test_the_fingerprint_is_of_names_instants_and_values():
    frame = _frame([0, 1, 2], [1.0, 2.0, np.nan])
    given = _align(frame).fingerprint()
    assert given == _align(frame.copy()).fingerprint()
    other = [
        _align(frame, names=("b",)),
        _align(frame.rename(columns={"y": "z"})),
        _align(frame.shift(freq="1h")),
        _align(frame.replace(2.0, np.nextafter(2.0, 3))),
    ]
    assert len({given, *(each.fingerprint() for each in other)}) == 5
