"""What may be tried: the table as it is is among it, and whatever is drawn is a pipeline."""

import numpy as np
import pytest

from daycast.models.series.alignment import align
from daycast.models.series.panel import Panel
from daycast.models.series.splits import bounds
from daycast.models.tuning.blocks import Halves, require
from daycast.models.tuning.space import applied, choices, current, longest
from daycast.storage.terms.errors import DataError

TRAINING = 4000
KINDS = [
    {"calendar": "XNYS", "symbols": ["OT"], "difference": "log", "lookback": 50, "season": None},
    {"calendar": "1h", "difference": "none", "lookback": 48, "season": None},
    {
        "calendar": "1h",
        "difference": "none",
        "lookback": 336,
        "season": None,
        "model": {"cell": "segment_gru", "units": [32], "segment": 24, "linear": True, "normalization": "last"},
    },
    {"calendar": "1D", "difference": {"y": "absolute", "x": "none"}, "lookback": 14, "season": None, "features": ["x"]},
    {"calendar": "1D", "lookback": 9, "model": {"cell": "simple_rnn", "units": [12, 7], "bidirectional": True}},
]


@pytest.mark.parametrize("changes", KINDS)
def test_whatever_is_drawn_is_a_pipeline_and_the_table_as_it_is_is_among_it(make_spec, changes):
    spec = make_spec(**changes)
    space = choices(spec, training=TRAINING)
    now = current(spec)
    assert applied(spec, now) == spec
    random = np.random.default_rng(0)
    cells = set()
    for _ in range(200):
        drawn = {
            each.name: each.values[random.integers(len(each.values))] if each.values else each.between[0]
            for each in space
        }
        tried = applied(spec, drawn)
        assert (tried.horizon, tried.features, tried.split) == (spec.horizon, spec.features, spec.split)
        assert tried.lookback <= longest(spec, training=TRAINING).lookback
        cells.add(tried.model.cell)
    assert len(cells) > 1
    for each in space:
        if each.values:
            assert now[each.name] in each.values
        else:
            assert each.between[0] <= now[each.name] <= each.between[1]


def test_columns_beside_the_target_keep_their_difference(make_spec):
    spec = make_spec(difference={"x": "log", "y": "absolute"})
    tried = applied(spec, {"level": "none+last"})
    assert (tried.difference_of("x"), tried.difference_of("y")) == ("log", "none")
    assert tried.model.normalization == "last"


def test_least_squares_of_a_window_too_wide_is_not_tried(make_spec):
    assert "ridge_share" in {each.name for each in choices(make_spec(), training=TRAINING)}
    wide = make_spec(features=[f"x{number}" for number in range(40)] + ["y"], lookback=200)
    assert "ridge_share" not in {each.name for each in choices(wide, training=TRAINING)}


def test_another_cell_leaves_the_keys_of_segments_behind(make_spec):
    model = {"cell": "segment_gru", "segment": 4, "ridge_share": 0.5, "ridges": ["half", "segment"]}
    spec = make_spec(lookback=8, model=model)
    assert applied(spec, {"cell": "segment_gru", "ridge_share": 0.25}).model.ridges == ("half", "segment")
    assert applied(spec, {"cell": "gru"}).model.ridges == ("window",)


def test_ridges_without_a_share_are_left_behind_and_come_back_with_one(make_spec):
    model = {"cell": "segment_gru", "segment": 4, "ridge_share": 0.5, "ridges": ["half", "segment"]}
    spec = make_spec(lookback=8, model=model)
    without = applied(spec, {"ridge_share": 0.0}).model
    assert (without.ridge_share, "ridges" in without.model_fields_set) == (0.0, False)
    assert applied(spec, {"ridge_share": 0.25}).model.ridges == ("half", "segment")


def test_what_judges_has_stopped_nothing_and_is_of_the_validation_part_alone(make_spec, make_levels):
    spec, frame = make_spec(), make_levels(600)
    levels = align(frame, names=["tiny/OT"], codes=np.zeros(600, dtype=int), instants=frame.index, step=None)
    index, ends = Panel.of(levels, spec=spec, limit=spec.fill_limit).index, bounds(frame.index, split=spec.split)
    halves = Halves(bounds=ends)
    masks = [of(index) for of in (halves.training, halves.stopping, halves.judging)]
    assert not np.logical_and.reduce(masks[:2]).any()
    assert not (masks[1] & masks[2]).any()
    begin, end = ends.span("validation")
    for mask in masks[1:]:
        assert mask.sum() > 20
        assert index.origin[mask].min() >= begin
        assert index.end[mask].max() <= end
    steps = np.diff(np.flatnonzero(np.diff(masks[1].astype(int)) != 0))
    assert len(steps) == 3, "two blocks"


def test_too_little_is_one_message():
    require("mine", (100, 10, 10))
    with pytest.raises(
        DataError, match=r"mine: a search needs 100 training windows.*Received: 60, 5 and 4\. Fetch more"
    ):
        require("mine", (60, 5, 4))
