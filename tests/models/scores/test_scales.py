"""What errors are divided by."""

import numpy as np
import pytest

from daycast.models.scores.scales import NEWEST, naive_scales
from daycast.models.series.alignment import Levels
from daycast.models.series.panel import Panel


def _panel(values, make_spec):
    levels = Levels(
        names=tuple(f"t/{number}" for number in range(len(values))),
        columns=("y",),
        instants=np.datetime64("2026-01-01", "us") + np.arange(values.shape[1]) * np.timedelta64(1, "h"),
        shift=np.zeros(len(values), dtype="timedelta64[us]"),
        values=values[:, :, np.newaxis],
    )
    return Panel.of(levels, spec=make_spec(features=["y"], fill_limit=0), limit=0)


def test_the_scale_is_the_one_step_naive_error_up_to_the_end_of_training(make_spec):
    values = np.array([[1.0, 2, 4, np.nan, 9, 10, 20], [5, 5, 5, 5, 5, 5, 5], [np.nan] * 4 + [1, 3, 3]])
    panel = _panel(values, make_spec)
    scales = naive_scales(panel, until=panel.instants[3])
    assert scales.tolist() == [1.5, 1.0, 1.0], "steps 1 and 2; none; steps 2 and 0, as there is none by then"


def test_the_scale_is_of_the_newest_steps_of_training(make_spec):
    steps = np.concatenate([np.full(500, 0.01), np.full(NEWEST, 3.0), np.full(200, 70.0)])
    panel = _panel(np.concatenate([[1.0], 1 + steps.cumsum()])[np.newaxis], make_spec)
    assert naive_scales(panel, until=panel.instants[500 + NEWEST]).tolist() == pytest.approx([3.0])
    assert naive_scales(panel, until=panel.instants[400]).tolist() == pytest.approx([0.01])
