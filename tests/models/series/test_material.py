"""The parts of a shard's windows, and the end of the training part that pictures are of."""

import numpy as np
import pandas as pd
import pytest

from daycast.models.series.alignment import align
from daycast.models.series.columns import from_rows, from_table, to_rows, to_table
from daycast.models.series.latest import State, latest
from daycast.models.series.material import NEWEST, Material
from daycast.models.series.panel import Panel
from daycast.models.series.splits import bounds
from daycast.models.series.windows import stamps
from daycast.storage.terms.words import SERIES_ID


def _levels(frames, instants, *, step=None):
    whole = pd.concat(frames)
    codes = np.repeat(np.arange(len(frames)), [len(frame) for frame in frames])
    names = [f"tiny/{letter}" for letter in "abcdefgh"[: len(frames)]]
    return align(whole, names=names, codes=codes, instants=instants, step=step)


def _material(frames, spec, *, step=None):
    instants = pd.date_range(min(f.index[0] for f in frames), max(f.index[-1] for f in frames), freq="1h", unit="us")
    levels = _levels(frames, instants, step=step)
    panel = Panel.of(levels, spec=spec, limit=spec.fill_limit)
    ready = latest(levels, panel=panel, spec=spec)
    return Material(panel=panel, bounds=bounds(instants, split=spec.split), latest=ready)


@pytest.mark.parametrize(("rows", "each"), [(700, 250), (40, 21)])
def test_the_training_tail_is_the_end_of_each_series_training_part(make_spec, make_levels, rows, each):
    material = _material([make_levels(rows, seed=seed) for seed in (0, 1)], make_spec())
    tail = material.training_tail
    assert np.bincount(tail.codes).tolist() == [each, each]
    for code in (0, 1):
        known = material.training.origin[material.training.codes == code]
        assert tail.origin[tail.codes == code].tolist() == known[-each:].tolist()


def test_what_was_realised_lately_is_in_any_part_but_training(make_spec, make_levels):
    """Across the ends of the parts and after them; most of it, the newest, is in the parts."""
    spec = make_spec(split={"training": 100, "validation": 40, "test": 40})
    material = _material([make_levels(200, seed=0), make_levels(90, seed=1)], spec)
    realised = material.realised
    first = np.datetime64("2026-01-01", "us") + 99 * np.timedelta64(1, "h")
    assert realised.origin.min() == first
    assert np.bincount(realised.codes, minlength=2).tolist() == [200 - 99 - spec.horizon, 0]
    parts = {*material.validation.origin.tolist(), *material.test.origin.tolist()}
    assert material.elsewhere.origin.tolist() == [at for at in realised.origin.tolist() if at not in parts]
    assert len(material.elsewhere) == len(realised) - len(parts)
    assert material.elsewhere.origin[-1] == realised.origin[-1]
    long = _material([make_levels(2000, seed=0)], make_spec(split={"training": 100, "validation": 40, "test": 40}))
    assert len(long.realised) == NEWEST
    assert long.realised.origin[-1] == long.panel.index.origin[-1]


def test_a_shard_gives_the_windows_that_each_series_gives_by_itself(make_spec, make_levels):
    """Series that begin and end apart, with gaps, one of them at half past."""
    from daycast.models.series.alone import latest_window, make_windows

    spec = make_spec(difference={"x": "log", "y": "absolute"}, fill_limit=1)
    frames = [make_levels(60, seed=0), make_levels(60, seed=1).iloc[7:50], make_levels(60, seed=2).iloc[20:]]
    frames[1].iloc[10:12] = np.nan
    frames[2] = frames[2].shift(freq="30min")
    material = _material(frames, spec, step=pd.Timedelta(hours=1))
    windows = material.panel.windows(material.panel.index)
    for code, frame in enumerate(frames):
        alone = make_windows(frame, spec=spec, series_id="tiny/x")
        last = latest_window(frame, spec=spec, series_id="tiny/x")
        ours = windows.where(windows.codes == code)
        for name in ("origin", "end", "inputs", "anchor", "targets", "base", "slope", "past"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(alone, name), err_msg=name)
            theirs = getattr(material.latest.windows, name)[[code]]
            np.testing.assert_array_equal(theirs, getattr(last, name), err_msg=name)
    assert material.latest.state.tolist() == [State.WHOLE] * 3


def test_rows_and_tables_come_back_as_they_were(make_spec, make_levels):
    spec, step = make_spec(fill_limit=1), pd.Timedelta(hours=1)
    frames = [make_levels(60, seed=0).iloc[5:], make_levels(40, seed=1).shift(freq="30min")]
    frames[0].iloc[20:25] = np.nan
    material = _material(frames, spec, step=step)
    table = to_table(material.latest)
    again = from_table({name: column.copy() for name, column in table.items()}, spec=spec)
    names, rows = to_rows(material.panel)
    assert names == again.windows.names
    panel = from_rows(rows, latest=again, spec=spec, step=step)
    ours, theirs = (each.windows(each.index) for each in (material.panel, panel))
    np.testing.assert_array_equal(stamps(ours), stamps(theirs))
    for name in ("codes", "origin", "end", "inputs", "targets", "slope", "past"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)
    assert set(rows) > {SERIES_ID}


def test_a_stamp_is_of_all_that_is_read(make_spec, make_levels):
    windows = _material([make_levels(40)], make_spec()).latest.windows
    given = stamps(windows)
    for name in ("inputs", "anchor", "base"):
        other = {**vars(windows), name: np.nextafter(getattr(windows, name), 1e9, dtype=getattr(windows, name).dtype)}
        assert stamps(type(windows)(**other)) != given


@pytest.mark.parametrize(
    ("missing", "lookback", "state"),
    [(2, 40, State.WHOLE), (4, 40, State.CARRIED), (5, 40, State.LEVELS), (45, 40, State.LEVELS)],
)
def test_a_gap_is_carried_over_as_far_as_a_forecast_bears_it(make_spec, make_levels, missing, lookback, state):
    frame = make_levels(120)
    frame.iloc[118 - missing : 118] = np.nan
    ready = _material([frame], make_spec(lookback=lookback, fill_limit=2)).latest
    assert ready.state.tolist() == [state]
    assert ready.missing.tolist() == [min(missing, lookback - 2)]
    if state <= State.CARRIED:
        assert np.isfinite(ready.windows.inputs).all()


def test_a_series_of_a_few_instants_has_a_last_level_and_no_more(make_spec, make_levels):
    long, short = make_levels(60), make_levels(60, seed=1).iloc[-1:]
    ready = _material([short, long], make_spec()).latest
    assert ready.state.tolist() == [State.LAST, State.WHOLE]
    assert ready.windows.base[0] == short["y"].iloc[0]
    assert ready.windows.slope[0] == 0
    assert ready.length.tolist() == [1, 60]
