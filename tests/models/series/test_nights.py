"""What was told night by night, beside the instants of a series: nothing that comes later changes what was read."""

import numpy as np
import pytest

from daycast.models.series.nights import means_by_instant

DAYS = np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]").astype("datetime64[us]")
CLOSES = DAYS + np.timedelta64(21, "h")


def _told(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    hours = np.unique(random.integers(0, 24 * len(DAYS), 90))
    nights = DAYS[0] + hours.astype("timedelta64[h]")
    return nights, random.random(len(nights)), random.integers(1, 9, len(nights))


@pytest.mark.parametrize("seed", range(5))
def test_what_a_run_reads_is_what_every_later_one_reads_of_that_instant(seed: int) -> None:
    nights, means, counts = _told(seed)
    whole = means_by_instant(CLOSES, told_at=nights, means=means, counts=counts)
    for end in range(len(nights)):
        then = slice(0, end + 1)
        known = nights[end] >= CLOSES
        seen = means_by_instant(CLOSES[known], told_at=nights[then], means=means[then], counts=counts[then])
        assert np.array_equal(seen, whole[known], equal_nan=True)


@pytest.mark.parametrize("seed", range(5))
def test_every_document_counts_once(seed: int) -> None:
    nights, _, counts = _told(seed)
    ones = means_by_instant(CLOSES, told_at=nights, means=np.ones(len(nights)), counts=counts)
    assert set(ones[np.isfinite(ones)]) == {1.0}
    place = np.searchsorted(CLOSES, nights, side="right") - 1
    assert np.array_equal(np.isfinite(ones), np.isin(np.arange(len(CLOSES)), place)), (
        "an instant with a night, no other"
    )


def test_without_nights_nothing_is_told() -> None:
    none = np.zeros(0)
    told = means_by_instant(CLOSES, told_at=none.astype("datetime64[us]"), means=none, counts=none.astype(int))
    assert np.isnan(told).all()
