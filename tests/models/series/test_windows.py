"""Windows over a series."""

import numpy as np
import pandas as pd
import pytest

from daycast.models.series.alone import latest_window, make_windows, rows_before
from daycast.models.series.windows import Windows, concatenate
from daycast.storage.terms.errors import DataError

ARRAYS = ("origin", "end", "inputs", "anchor", "targets", "base", "slope", "past")


def _same(one: Windows, two: Windows) -> None:
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)


def test_each_window_is_the_rows_before_and_after_its_origin(make_spec, make_levels):
    spec, levels = make_spec(), make_levels(12)
    windows = make_windows(levels, spec=spec, series_id="tiny/OT")
    assert rows_before(spec) == 5  # a difference reaches one level further than the lookback
    assert windows.inputs.shape == (len(windows), 4, 2)
    assert windows.inputs.dtype == np.float32
    assert windows.targets.dtype == windows.anchor.dtype == np.float64
    x, y = levels["x"].to_numpy(), levels["y"].to_numpy()
    for row in range(len(windows)):
        at = levels.index.get_loc(pd.Timestamp(windows.origin[row], tz="UTC"))
        np.testing.assert_allclose(windows.inputs[row, :, 0] + windows.anchor[row, 0], x[at - 3 : at + 1], rtol=1e-7)
        np.testing.assert_allclose(windows.inputs[row, :, 1], np.diff(y)[at - 4 : at], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(windows.levels("absolute")[row], y[at + 1 : at + 4], rtol=1e-14)
        np.testing.assert_array_equal(windows.past[row], y[at - 1 : at + 1])
        assert windows.base[row] == y[at]
        assert windows.slope[row] == pytest.approx((y[at] - y[0]) / at)
        assert windows.end[row] == levels.index[at + 3].to_datetime64()
    assert windows.origin[0] == levels.index[4].to_datetime64()
    assert windows.origin[-1] == levels.index[8].to_datetime64()


@pytest.mark.parametrize("kind", ["none", "absolute", "percent", "log"])
def test_targets_come_back_as_levels(make_spec, make_levels, kind):
    levels = make_levels(30)
    windows = make_windows(levels, spec=make_spec(difference=kind), series_id="tiny/OT")
    at = levels.index.get_indexer(pd.DatetimeIndex(windows.origin, tz="UTC"))
    expected = np.stack([levels["y"].to_numpy()[at + lead] for lead in (1, 2, 3)], axis=1)
    np.testing.assert_allclose(windows.levels(kind), expected, rtol=1e-14)


def test_a_level_whose_steps_are_small_beside_it_keeps_them(make_spec, make_levels):
    """A meter that stands at 123 million and counts by tenths: float32 knows one number in eight there."""
    levels = make_levels(60) + 123_456_789.12
    windows = make_windows(levels, spec=make_spec(difference="none"), series_id="tiny/OT")
    at = levels.index.get_indexer(pd.DatetimeIndex(windows.origin, tz="UTC"))
    y = levels["y"].to_numpy()
    np.testing.assert_array_equal(windows.levels("none")[:, 2], y[at + 3])
    read = windows.inputs[..., 1].astype(float) + windows.anchor[:, np.newaxis, 1]
    np.testing.assert_allclose(read[:, -1], y[at], rtol=0, atol=1e-6)


def test_the_target_need_not_be_a_feature(make_spec, make_levels):
    windows = make_windows(make_levels(20), spec=make_spec(features=["x"]), series_id="tiny/OT")
    assert windows.features == 1
    np.testing.assert_array_equal(windows.inputs[1:, :-1], windows.inputs[:-1, 1:])


def test_a_target_that_was_not_observed_leaves_its_windows_out_and_a_filled_input_does_not(make_spec, make_levels):
    spec, levels = make_spec(fill_limit=1), make_levels(40)
    levels.iloc[20] = np.nan
    windows = make_windows(levels, spec=spec, series_id="tiny/OT")
    origins = set(levels.index.get_indexer(pd.DatetimeIndex(windows.origin, tz="UTC")).tolist())
    assert origins == set(range(4, 37)) - {17, 18, 19}  # those whose three targets hold row 20
    at_gap = windows.where(windows.origin == levels.index[20].to_datetime64())
    assert at_gap.base[0] == levels["y"].iloc[19]
    np.testing.assert_allclose(at_gap.levels("absolute")[0], levels["y"].iloc[21:24], rtol=1e-6)


def test_a_gap_beyond_the_fill_limit_leaves_out_the_windows_that_read_it(make_spec, make_levels):
    levels = make_levels(40)
    levels.loc[levels.index[20], "x"] = np.nan
    windows = make_windows(levels, spec=make_spec(fill_limit=0), series_id="tiny/OT")
    origins = set(levels.index.get_indexer(pd.DatetimeIndex(windows.origin, tz="UTC")).tolist())
    assert origins == set(range(4, 37)) - {20, 21, 22, 23}


def test_later_values_do_not_touch_a_window(make_spec, make_levels):
    spec, levels = make_spec(difference="log"), make_levels(40)
    altered = levels.copy()
    altered.iloc[25:] *= 3
    one, two = (make_windows(frame, spec=spec, series_id="tiny/OT") for frame in (levels, altered))
    until = levels.index[24].to_datetime64()
    _same(one.where(one.end <= until), two.where(two.end <= until))
    for name in ("inputs", "anchor", "base", "slope", "past"):
        earlier = one.origin <= until
        np.testing.assert_array_equal(getattr(one, name)[earlier], getattr(two, name)[earlier])


def test_the_latest_window_reads_what_a_training_window_of_that_origin_reads(make_spec, make_levels):
    spec, levels = make_spec(), make_levels(40)
    latest = latest_window(levels.iloc[:30], spec=spec, series_id="tiny/OT")
    trained = make_windows(levels, spec=spec, series_id="tiny/OT")
    twin = trained.where(trained.origin == levels.index[29].to_datetime64())
    for name in ("origin", "inputs", "anchor", "base", "slope", "past"):
        np.testing.assert_array_equal(getattr(latest, name), getattr(twin, name))
    assert np.isnan(latest.targets).all()
    assert latest.targets.shape == (1, 3)
    assert np.isnat(latest.end[0])


def test_the_frame_is_left_alone(make_spec, make_levels):
    levels = make_levels(20)
    levels.iloc[7] = np.nan
    before = levels.copy()
    windows = make_windows(levels, spec=make_spec(), series_id="tiny/OT")
    windows.past[:] = 0
    pd.testing.assert_frame_equal(levels, before)


def test_too_few_rows_say_how_many_are_needed(make_spec, make_levels):
    spec = make_spec(difference="absolute")
    assert len(make_windows(make_levels(8), spec=spec, series_id="tiny/OT")) == 1
    with pytest.raises(DataError, match=r"tiny/OT: one window needs 8 instants .* Received: 7\."):
        make_windows(make_levels(7), spec=spec, series_id="tiny/OT")


def test_no_complete_window_says_so(make_spec, make_levels):
    levels = make_levels(20)
    levels.loc[levels.index[::3], "y"] = np.nan
    with pytest.raises(DataError, match=r"without a gap longer than 0 .* 7 values missing"):
        make_windows(levels, spec=make_spec(fill_limit=0), series_id="tiny/OT")


def test_an_incomplete_latest_window_names_the_column(make_spec, make_levels):
    levels = make_levels(20)
    levels.loc[levels.index[-3:], "x"] = np.nan
    with pytest.raises(DataError, match=r"values missing: \{'x': 3\}"):
        latest_window(levels, spec=make_spec(fill_limit=2), series_id="tiny/OT")
    latest_window(levels, spec=make_spec(fill_limit=3), series_id="tiny/OT")


def test_a_level_that_cannot_be_differenced_names_series_and_column(make_spec, make_levels):
    levels = make_levels(20)
    levels.loc[levels.index[3], "x"] = -1.0
    with pytest.raises(DataError, match="tiny/OT, column x: .*positive"):
        make_windows(levels, spec=make_spec(difference="log"), series_id="tiny/OT")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda frame: frame[["x"]], r"without \['y'\]"),
        (lambda frame: frame.tz_localize(None), "aware instants"),
        (lambda frame: frame.iloc[::-1], "ascending"),
        (lambda frame: frame.iloc[[0, 0, 1, 2]], "more than once"),
    ],
)
def test_a_frame_that_is_no_series_is_refused(make_spec, make_levels, spoil, words):
    with pytest.raises(DataError, match=words):
        make_windows(spoil(make_levels(20)), spec=make_spec(), series_id="tiny/OT")


def test_series_are_joined_in_order_and_chosen_by_mask(make_spec, make_levels):
    parts = [make_windows(make_levels(20, seed=n), spec=make_spec(), series_id=f"tiny/{n}") for n in range(3)]
    joined = concatenate(parts)
    assert joined.names == ("tiny/0", "tiny/1", "tiny/2")
    assert joined.series[len(parts[0])] == "tiny/1"
    for part in parts:
        _same(joined.where(joined.series == part.names[0]), part)
    again = concatenate([joined.where(slice(0, 5)), joined.where(slice(5, None))])
    _same(again, joined)
    np.testing.assert_array_equal(again.series, joined.series)
    with pytest.raises(DataError, match="none"):
        concatenate([])
