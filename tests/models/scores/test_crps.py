"""CRPS against the pinball loss of every quantile, one after the other."""

import numpy as np
import pytest

from daycast.models.scores.crps import crps
from daycast.models.scores.intervals import COVERAGES, Intervals
from daycast.models.scores.tracking import Tracking


@pytest.mark.parametrize("kind", ["none", "log"])
def test_it_is_the_mean_pinball_loss_of_all_quantiles(kind, make_flat_windows):
    random = np.random.default_rng(3)
    count, horizon = 2500, 2  # more than a block
    actual = 100 * np.exp(random.normal(scale=0.1, size=(count, horizon)))
    windows = make_flat_windows(np.full(count, 100.0), actual)
    mean = 100 * np.exp(random.normal(scale=0.05, size=(count, horizon)))
    radii = np.sort(random.uniform(0, 0.3 if kind == "log" else 30, size=(1, 1, horizon, len(COVERAGES))))
    radii[..., 0] = 0.0
    intervals = Intervals(
        kind=kind, names=(), since=np.array(["2000-01-01"], dtype="M8[us]"), radii=radii, tracking=Tracking.none(0)
    )
    losses = []
    for coverage in COVERAGES:
        lower, upper = intervals.bounds(mean, windows, coverage=coverage)
        for bound, quantile in [(upper, (100 + coverage) / 200), (lower, (100 - coverage) / 200)][
            : 2 if coverage else 1
        ]:
            losses.append(np.maximum(quantile * (actual - bound), (quantile - 1) * (actual - bound)))
    found = crps(mean, actual, windows=windows, intervals=intervals)
    np.testing.assert_allclose(found, 2 * np.mean(losses, axis=0), rtol=1e-12)
