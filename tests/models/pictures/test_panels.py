"""What is drawn: the recent past up to the origin, and each prediction beside the value of the instant after it."""

import numpy as np
import pandas as pd

from daycast.models.pictures.panels import (
    fan,
    fan_in_words,
    losses_in_words,
    trace,
    trace_in_words,
    weeks,
    weeks_in_words,
)
from daycast.models.pictures.plots import draw_weeks
from daycast.storage.terms.live import LiveAccuracy

INSTANTS = pd.date_range("2026-01-01", periods=100, freq="1h", tz="UTC", unit="us")
LEVELS = pd.Series(np.arange(100.0), index=INSTANTS)


def _ahead(origin):
    return pd.DataFrame(
        {
            "series_id": "mine/A",
            "origin": INSTANTS[origin],
            "valid_at": INSTANTS[origin + 1 : origin + 4],
            "forecaster": "drift",
            "mean": [1.0, 2.0, 3.0],
            "lower_80": [0.5, 1.5, 2.5],
            "upper_80": [1.5, 2.5, 3.5],
            "lower_95": [0.0, 1.0, 2.0],
            "upper_95": [2.0, 3.0, 4.0],
        }
    )


def test_a_fan_ends_its_past_at_the_origin_and_shows_no_more_than_is_recent():
    shown = fan(_ahead(90), levels=LEVELS, unit="EUR")
    assert shown.past.tolist() == list(range(31, 91))
    assert shown.past_times[-1] == np.datetime64("2026-01-04T18:00", "us")
    assert shown.times[0] == np.datetime64("2026-01-04T19:00", "us")
    assert shown.bands[95][1].tolist() == [2.0, 3.0, 4.0]
    assert fan_in_words(shown) == (
        "Forecast of mine/A: drift: 3 EUR at 2026-01-04 21:00 UTC, 80 % between 2.5 and 3.5."
    )


def test_a_prediction_stands_beside_the_value_of_the_next_instant():
    rows = pd.DataFrame({"origin": INSTANTS[[3, 10, 99]], "mean": [4.5, 10.5, 7.0]})
    shown = trace(rows, levels=LEVELS, instants=INSTANTS, title="mine/A", unit="")
    assert shown.times.tolist() == INSTANTS[[4, 11]].tz_localize(None).to_numpy().astype("datetime64[us]").tolist()
    assert shown.actual.tolist() == [4.0, 11.0]
    assert shown.predicted.tolist() == [4.5, 10.5], "the last origin has no next instant yet"
    assert trace_in_words(shown) == "mine/A: predicted one step ahead, off by 0.5 on average."


def test_a_value_that_was_not_observed_is_left_out():
    rows = pd.DataFrame({"origin": INSTANTS[[3, 10]], "mean": [4.5, 10.5]})
    shown = trace(rows, levels=LEVELS.drop(INSTANTS[4]), instants=INSTANTS, title="mine/A", unit="")
    assert shown.predicted.tolist() == [10.5]


def test_losses_are_told_in_words():
    assert losses_in_words([0.5, 0.4], [0.6, 0.7], title="Loss of 1") == (
        "Loss of 1 by epoch: after 2 epochs 0.4 on the training part, at best 0.6 on the validation part."
    )


def test_a_week_in_which_naive_made_no_error_has_no_skill_and_is_drawn():
    still = LiveAccuracy(n=9, mae=0.0, naive_mae=0.0, skill=None, coverage_80=1.0, coverage_95=1.0)
    moved = LiveAccuracy(n=9, mae=1.0, naive_mae=2.0, skill=0.5, coverage_80=0.75, coverage_95=1.0)
    for history in ((still, moved), (still, still)):
        shown = weeks(list(zip(INSTANTS[::50], history, strict=True)), title="mine: live, by week")
        assert b"<path" in draw_weeks(shown)
    shown = weeks(list(zip(INSTANTS[::50], (still, moved), strict=True)), title="mine: live, by week")
    assert weeks_in_words(shown) == (
        "mine: live, by week: 2 weeks, from no skill and 100% in the 80 % interval on 2026-01-01 "
        "to skill +0.500 and 75% in the 80 % interval on 2026-01-03"
    )
