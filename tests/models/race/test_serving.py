"""What is said of series that did not get what their pipeline asks for."""

from dataclasses import replace

import numpy as np
import pytest

from daycast.models.race.serving import Asked, serve
from daycast.models.series.latest import Latest, State


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        ([1.0, 2.0, 2.0], "warmth is not known for 1 of 3 leads, which read the nearest that is; network serves."),
        ([np.nan] * 3, "warmth is not known for any lead, which a network reads; naive serves until it is. Mend the"),
    ],
)
def test_a_column_keeps_its_own_name_at_the_beginning_of_a_remark(make_spec, make_flat_windows, ahead, said):
    spec = make_spec(feed="files", path="{symbol}.csv", features=["y"], known=["warmth"], available_at="told_at")
    windows = replace(make_flat_windows([1.0], [[1.0, 2.0, 3.0]]), ahead=np.array(ahead, np.float32).reshape(1, 3, 1))
    one = np.ones(1, dtype=np.int32)
    latest = Latest(
        windows=windows, state=np.full(1, State.WHOLE, dtype=np.int8), missing=0 * one, length=9 * one, unknown=one
    )
    there = np.isfinite(ahead).all(keepdims=True)
    asked = Asked(
        known=windows.names, network="network", newcomers="naive", baseline="naive", refused=False, failures={},
        stale=np.zeros(1, dtype=bool), readable=there,
    )  # fmt: skip
    (remark,) = serve(latest, asked=asked, spec=spec).remarks
    assert remark.message.startswith(said)
    assert remark.degrades != there[0]
