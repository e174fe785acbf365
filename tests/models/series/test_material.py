"""The parts of a run's windows, and the end of the training part that pictures are of."""

import numpy as np
import pandas as pd
import pytest

from daycast.models.series.material import Material
from daycast.models.series.splits import Parts
from daycast.models.series.windows import concatenate, make_windows


@pytest.mark.parametrize(("rows", "each"), [(700, 250), (40, 28)])
def test_the_training_tail_is_the_end_of_each_series_training_part(make_spec, make_levels, rows, each):
    spec = make_spec()
    series = [make_windows(make_levels(rows, seed=seed), spec=spec, series_id=name) for seed, name in enumerate("ab")]
    windows = concatenate(series)
    training = windows.origin < np.sort(np.unique(windows.origin))[-5]
    nothing, never = np.zeros(len(windows), dtype=bool), pd.NaT
    parts = Parts(
        training=training,
        validation=nothing,
        test=nothing,
        training_end=never,
        validation_end=never,
        test_end=never,
    )
    material = Material(windows=windows, parts=parts, latest=windows)
    tail = material.training_tail
    assert np.bincount(tail.codes).tolist() == [each, each]
    for code in (0, 1):
        known = material.training.origin[material.training.codes == code]
        assert tail.origin[tail.codes == code].tolist() == known[-each:].tolist()
