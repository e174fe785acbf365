"""Windows as places in rows, against the same windows whole."""

import dataclasses

import numpy as np
import pytest

from daycast.models.series.alignment import align
from daycast.models.series.gathering import gather
from daycast.models.series.panel import Panel
from daycast.models.series.portion import Portion, blocks
from daycast.models.series.scaling import Scaler
from daycast.models.series.windows import Windows, concatenate


@pytest.fixture(scope="module")
def panels(make_spec, make_levels):
    """Two shards of unlike length and size, of three series and of one."""
    spec, found = make_spec(), []
    for shard, count, rows in [("a", 3, 60), ("b", 1, 45)]:
        frames = [make_levels(rows, seed=10 * len(shard) + number) * 10**number for number in range(count)]
        values = __import__("pandas").concat(frames)
        levels = align(
            values,
            names=[f"tiny/{shard}{number}" for number in range(count)],
            codes=np.repeat(np.arange(count), rows),
            instants=frames[0].index,
            step=None,
        )
        found.append(Panel.of(levels, spec=spec, limit=spec.fill_limit))
    return found


@pytest.fixture(scope="module")
def portion(panels):
    return Portion.joined([Portion.of(panel, panel.index) for panel in panels])


@pytest.fixture(scope="module")
def whole(panels):
    return concatenate([panel.windows(panel.index) for panel in panels])


def _assert_same(one: Windows, two: Windows):
    for field in dataclasses.fields(Windows):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(two, field.name), err_msg=field.name)


def test_it_gives_the_windows_that_they_are_whole(portion, whole):
    assert len(portion) == len(whole)
    assert (portion.lookback, portion.features, portion.horizon) == (whole.lookback, whole.features, whole.horizon)
    np.testing.assert_array_equal(portion.origin, whole.origin)
    _assert_same(portion.where(slice(None)), whole)
    across = np.arange(len(whole) - 60, len(whole), 7)  # of both shards
    assert len(set(whole.codes[across])) > 1
    _assert_same(portion.where(across), whole.where(across))
    mask = whole.codes != 1
    _assert_same(portion.among(mask).where(slice(None)), whole.where(mask))
    _assert_same(concatenate(list(blocks(portion))), whole)
    assert len(portion.where(slice(0, 0))) == 0


def test_a_share_is_drawn_evenly_over_series_and_time(portion):
    some = portion.evenly(0.25, seed=3)
    for panel_share, count in zip(np.diff(some.ends, prepend=0), np.diff(portion.ends, prepend=0), strict=True):
        assert panel_share == count // 4
    per_series = np.bincount(some.codes) / np.bincount(portion.codes)
    assert per_series.min() > 0.2
    gaps = np.diff(some.flat[some.codes == 0])
    assert set(gaps) <= {4, 5}
    assert len(portion.evenly(1.0, seed=3)) == len(portion)


def test_scaling_is_the_same_to_the_last_bit(portion, whole, monkeypatch):
    scaler = Scaler.fit(whole)
    assert Scaler.fit(portion).state() == scaler.state()
    monkeypatch.setattr("daycast.models.series.portion._CELLS", 100)  # a dozen windows a block
    assert Scaler.fit(portion).state() == Scaler.fit(whole).state() == scaler.state()


@pytest.mark.parametrize("calendar", [None, "1h"])
def test_what_a_network_reads_is_the_same_to_the_last_bit(portion, whole, calendar):
    scaler = Scaler.fit(whole)
    chosen = np.arange(len(whole)) % 3 == 0
    late = portion.among(chosen)
    parts = gather([portion, late], scaler=scaler, calendar=calendar)
    assert parts[0].rows is parts[1].rows
    for gathered, windows in zip(parts, [whole, whole.where(chosen)], strict=True):
        (alone,) = gather([windows], scaler=scaler, calendar=calendar)
        assert len(gathered) == len(alone) == len(windows)
        for one, two in zip(gathered.block(0, len(windows)), alone.block(0, len(windows)), strict=True):
            np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(gathered.block(0, 5)[0], scaler.inputs(windows)[:5])
        np.testing.assert_array_equal(gathered.block(0, 5)[1], scaler.targets(windows)[:5])
        if calendar:
            np.testing.assert_array_equal(gathered.places, alone.places)
