"""The cut into parts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daycast.models.series.alone import make_windows
from daycast.models.series.splits import bounds, cut, require_windows, sizes
from daycast.models.series.windows import concatenate
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.rules import SplitSpec


@pytest.mark.parametrize(("horizon", "expected"), [(96, 2785), (192, 2689), (720, 2161)])
@pytest.mark.parametrize("lookback", [10, 96])
def test_the_public_benchmark_has_its_windows(make_spec, make_levels, lookback, horizon, expected):
    spec = make_spec(
        features=["y"], lookback=lookback, horizon=horizon, split={"training": 8640, "validation": 2880, "test": 2880}
    )
    levels = make_levels(17420, columns=("y",))
    parts = cut(make_windows(levels, spec=spec, series_id="tiny/OT"), bounds=bounds(levels.index, split=spec.split))
    assert parts.test.sum() == parts.validation.sum() == expected
    assert parts.bounds.training_end == levels.index[8639]
    assert parts.bounds.validation_end == levels.index[11519]
    assert parts.bounds.test_end == levels.index[14399]


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(60, 200),
    horizon=st.integers(1, 6),
    validation=st.floats(0.1, 0.3),
    test=st.floats(0.1, 0.3),
    data=st.data(),
)
def test_no_target_of_one_part_lies_in_another(rows, horizon, validation, test, data):
    spec = _spec(horizon=horizon, split={"validation": validation, "test": test})
    index = pd.date_range("2026-01-01", periods=rows, freq="1h", tz="UTC", unit="us")
    levels = pd.DataFrame({"y": np.arange(rows, dtype=float)}, index=index)
    start = data.draw(st.integers(0, 20))
    windows = concatenate(
        [
            make_windows(levels, spec=spec, series_id="tiny/a"),
            make_windows(levels.iloc[start:], spec=spec, series_id="tiny/b"),
        ]
    )
    parts = cut(windows, bounds=bounds(index, split=spec.split))
    taken = {}
    for name in ("training", "validation", "test"):
        chosen = windows.where(getattr(parts, name))
        taken[name] = set(chosen.levels("none").ravel().tolist())  # a level is its instant's number
    assert not taken["training"] & taken["validation"]
    assert not taken["validation"] & taken["test"]
    assert max(taken["training"]) < min(taken["validation"])
    assert max(taken["validation"]) < min(taken["test"])
    in_parts = parts.training.astype(int) + parts.validation + parts.test
    assert in_parts.max() == 1
    assert (in_parts == 0).sum() <= 2 * 2 * (horizon - 1)  # two boundaries, two series


def _spec(**changes):
    from daycast.storage.config.pipeline_file import parse_pipeline

    table = {"feed": "ett", "symbols": ["a"], "target": "y", "features": ["y"], "calendar": "1h", "lookback": 3}
    return parse_pipeline("tiny", {**table, "season": 1, **changes})


def test_shares_and_numbers():
    assert sizes(1000, split=SplitSpec(validation=0.2, test=0.1)) == (700, 200, 100)
    assert sizes(1000, split=SplitSpec(training=500, validation=100, test=100)) == (500, 100, 100)


@pytest.mark.parametrize("split", [SplitSpec(validation=600, test=500), SplitSpec(training=900), SplitSpec(test=1e-6)])
def test_parts_that_do_not_fit_are_refused(split):
    with pytest.raises(DataError, match=r"Received: 1000 instants"):
        sizes(1000, split=split)


def test_a_part_shorter_than_the_horizon_is_refused(make_spec, make_levels):
    spec, levels = make_spec(split={"validation": 2, "test": 10}), make_levels(40)
    ends = bounds(levels.index, split=spec.split)
    parts = cut(make_windows(levels, spec=spec, series_id="tiny/OT"), bounds=ends)
    with pytest.raises(DataError, match="The validation part must hold"):
        require_windows(parts.counts, bounds=ends, horizon=spec.horizon)
