"""What forecasts turned out to be worth."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daycast.models.scores.live import accuracy, judged, resolve, score_live, within
from daycast.storage.terms.rules import TrainingRules

DAY = timedelta(days=1)
START = datetime(2026, 3, 2, tzinfo=UTC)
TIMES = "datetime64[us, UTC]"


def history(values, *, known=None, start=START):
    """One value a day, each known at its instant unless said otherwise."""
    days = [start + DAY * step for step in range(len(values))]
    frame = pd.DataFrame({"observed_at": days, "available_at": known or days, "value": np.asarray(values, dtype=float)})
    return frame.assign(fetched_at=frame["available_at"]).astype(
        dict.fromkeys(["observed_at", "available_at", "fetched_at"], TIMES)
    )


def of_series(history, name="p/A"):
    """A history as that of a series."""
    return history.assign(series_id=name)


def moved(before, *, by, at):
    """A history that the feed adjusts at an instant: every value is said again, times a factor."""
    after = before.assign(value=before["value"] * by, available_at=at, fetched_at=at)
    return pd.concat([before, after.astype(before.dtypes)], ignore_index=True)


def forecasts(*rows, **changes):
    """Rows of (origin's day, lead, mean), made at the origin."""
    frame = pd.DataFrame(
        {
            "series_id": "p/A",
            "origin": [START + DAY * origin for origin, _, _ in rows],
            "valid_at": [START + DAY * (origin + lead) for origin, lead, _ in rows],
            "as_of": [START + DAY * origin for origin, _, _ in rows],
            "lead": [lead for _, lead, _ in rows],
            "mean": [float(mean) for _, _, mean in rows],
            "forecaster": "network",
            "version": "v1",
        }
    ).assign(**changes)
    for level, width in ((80, 1.0), (95, 2.0)):
        frame[f"lower_{level}"], frame[f"upper_{level}"] = frame["mean"] - width, frame["mean"] + width
    return frame.astype(dict.fromkeys(["origin", "valid_at", "as_of"], TIMES))


def cell(scores, metric, *, series="*", lead=0, forecaster="network", version="v1"):
    found = scores[
        (scores["metric"] == metric)
        & (scores["series_id"] == series)
        & (scores["lead"] == lead)
        & (scores["forecaster"] == forecaster)
        & (scores["version"] == version)
    ]
    return None if found.empty else (found["value"].item(), found["n"].item())


def test_a_forecast_meets_its_actual_value_and_the_one_at_its_origin():
    made = forecasts((0, 1, 11), (0, 2, 12), (0, 3, 13))
    found = resolve(made, of_series(history([10, 20, 30])), as_of=START + 9 * DAY)
    assert found[["lead", "actual", "base", "factor"]].to_numpy().tolist() == [[1, 20, 10, 1], [2, 30, 10, 1]]


def test_what_was_not_available_yet_is_not_seen():
    values = history([10, 20, 30], known=[START, START + DAY, START + 5 * DAY])
    made = forecasts((0, 1, 11), (0, 2, 12))
    assert len(resolve(made, of_series(values), as_of=START + 4 * DAY)) == 1
    assert len(resolve(made, of_series(values), as_of=START + 5 * DAY)) == 2


def test_series_without_a_history_and_without_forecasts_have_no_outcomes():
    assert resolve(forecasts((0, 1, 11)), of_series(history([])), as_of=START + 9 * DAY).empty
    empty = resolve(forecasts((0, 1, 11)).iloc[:0], of_series(history([1])), as_of=START)
    assert accuracy(empty) == {
        "n": 0,
        "mae": None,
        "skill": None,
        "coverage_80": None,
        "coverage_95": None,
        "naive_mae": None,
    }


@pytest.mark.parametrize("split", [5, 6, 7, 9])
def test_a_split_before_at_or_after_the_target_leaves_every_score_as_it_was(split):
    """The same path with and without a two-for-one split on one day, told by the feed on that day."""
    path = np.array([100, 102, 101, 103, 104, 106, 105, 108, 107, 110.0])
    made = forecasts((4, 1, 105), (4, 2, 106), (4, 3, 107))
    as_of = START + 9 * DAY
    plain = resolve(made, of_series(history(path)), as_of=as_of)
    told = moved(history(path[:split]), by=0.5, at=START + split * DAY)
    later = history(path[split:] / 2, start=START + split * DAY)
    halved = resolve(made, of_series(pd.concat([told, later], ignore_index=True)), as_of=as_of)
    assert halved["factor"].tolist() == pytest.approx([2.0] * 3)
    assert halved["actual"].tolist() == pytest.approx(plain["actual"].tolist())
    assert halved["base"].tolist() == plain["base"].tolist() == [104.0] * 3


@settings(max_examples=25, deadline=None)
@given(factor=st.floats(0.01, 100), seed=st.integers(0, 1000))
def test_whatever_the_factor_the_error_is_on_the_forecasts_own_basis(factor, seed):
    path = 50 + np.random.default_rng(seed).normal(size=10).cumsum()
    made = forecasts((5, 1, path[5]), (5, 2, path[5] + 1))
    plain = resolve(made, of_series(history(path)), as_of=START + 20 * DAY)
    then = moved(history(path), by=factor, at=START + 20 * DAY)
    assert resolve(made, of_series(then), as_of=START + 20 * DAY)["actual"].tolist() == pytest.approx(
        plain["actual"].tolist()
    )


def test_a_corrected_value_is_no_new_basis():
    path = [100, 101, 102, 103, 104, 105, 106]
    correction = history([52], start=START + 4 * DAY, known=[START + 6 * DAY])
    told = pd.concat([history(path), correction], ignore_index=True)
    found = resolve(forecasts((4, 1, 105)), of_series(told), as_of=START + 9 * DAY)
    assert found[["actual", "base", "factor"]].to_numpy().tolist() == [[105, 104, 1]]


def test_two_runs_of_one_origin_on_two_bases_each_keep_theirs():
    told = moved(history([100, 102, 104, 106]), by=0.5, at=START + 4 * DAY)
    told = pd.concat([told, history([54], start=START + 5 * DAY)], ignore_index=True)
    early, late = forecasts((3, 2, 107)), forecasts((3, 2, 53.5), as_of=START + 4 * DAY)
    made = pd.concat([early, late.assign(version="v2")], ignore_index=True).astype(early.dtypes)
    found = resolve(made, of_series(told), as_of=START + 9 * DAY)
    assert found[["actual", "base", "factor"]].to_numpy().tolist() == [[108, 106, 2], [54, 53, 1]]


def test_metrics_by_lead_and_over_all_are_what_hand_gives():
    made = forecasts((0, 1, 11), (0, 2, 12), (1, 1, 19.5))
    scores = score_live(resolve(made, of_series(history([10, 11.5, 15])), as_of=START + 9 * DAY), directional=True)
    # errors .5, 3 (lead 2), 4.5; naive errors 1.5, 5, 3.5
    assert cell(scores, "mae") == (pytest.approx(8 / 3), 3)
    assert cell(scores, "mae", lead=1) == (pytest.approx(2.5), 2)
    assert cell(scores, "mae", lead=2) == (3.0, 1)
    assert cell(scores, "mae", series="p/A") == (pytest.approx(8 / 3), 3)
    assert cell(scores, "mae", series="p/A", lead=2) is None, "by lead for the whole pipeline alone"
    assert cell(scores, "rmse") == (pytest.approx(np.sqrt((0.25 + 9 + 20.25) / 3)), 3)
    assert cell(scores, "skill") == (pytest.approx(1 - 8 / 10), 3)
    assert cell(scores, "coverage_80") == (pytest.approx(1 / 3), 3)
    assert cell(scores, "coverage_95") == (pytest.approx(1 / 3), 3)
    assert cell(scores, "directional_accuracy") == (1.0, 3)
    # outside the 80 % interval by 2 and 3.5, outside the 95 % one by 1 and 2.5
    assert cell(scores, "width_80") == (2.0, 3)
    assert cell(scores, "interval_score_80") == (pytest.approx(2 + 10 * 5.5 / 3), 3)
    assert cell(scores, "interval_score_95") == (pytest.approx(4 + 40 * 3.5 / 3), 3)
    named = {"mae", "rmse", "skill", "coverage_80", "coverage_95", "directional_accuracy"}
    assert set(scores["metric"]) - named == {"width_80", "width_95", "interval_score_80", "interval_score_95"}


def test_versions_and_forecasters_are_scored_apart():
    made = pd.concat(
        [forecasts((0, 1, 11)), forecasts((1, 1, 12), version="v2"), forecasts((2, 1, 12), forecaster="naive")],
        ignore_index=True,
    )
    scores = score_live(resolve(made, of_series(history([10, 11, 13, 13])), as_of=START + 9 * DAY), directional=False)
    assert cell(scores, "mae") == (0.0, 1)
    assert cell(scores, "mae", version="v2") == (1.0, 1)
    assert cell(scores, "mae", forecaster="naive") == (1.0, 1)
    assert cell(scores, "skill", forecaster="naive") is None, "the naive forecast was right: skill is not defined"


def test_forecasts_without_bounds_have_no_coverage():
    made = forecasts((0, 1, 11)).assign(lower_80=np.nan, upper_80=np.nan)
    scores = score_live(resolve(made, of_series(history([10, 11.5])), as_of=START + 9 * DAY), directional=False)
    assert cell(scores, "coverage_80") is None
    assert cell(scores, "coverage_95") == (1.0, 1)


def test_accuracy_is_the_scores_over_all():
    made = forecasts((0, 1, 11), (0, 2, 12), (1, 1, 19.5))
    outcomes = resolve(made, of_series(history([10, 11.5, 15])), as_of=START + 9 * DAY)
    found = accuracy(outcomes)
    assert (found["n"], found["mae"]) == (3, pytest.approx(8 / 3))
    assert (found["skill"], found["naive_mae"]) == (pytest.approx(0.2), pytest.approx(10 / 3))
    assert accuracy(within(outcomes, since=START + DAY))["n"] == 2


def test_the_rules_look_at_what_was_served_lately_and_since_the_last_retrain():
    made = pd.concat(
        [forecasts(*((day, 1, 20 + day) for day in range(9))), forecasts((2, 1, 5), forecaster="naive")],
        ignore_index=True,
    )
    outcomes = resolve(made, of_series(history(range(20, 40))), as_of=START + 10 * DAY)
    rules = TrainingRules(min_skill=0.0, live_days=5)
    of = {"rules": rules, "as_of": START + 10 * DAY}
    assert judged(outcomes, **of, retrained=None)["n"] == 4  # for days 6 to 9
    assert judged(outcomes, **of, retrained=START + 7 * DAY)["n"] == 2  # made on days 7 and 8
    everything = judged(outcomes, rules=TrainingRules(), as_of=START + 10 * DAY, retrained=None)
    assert everything["n"] == 10, "whoever forecast"


def test_a_hundred_thousand_forecasts_of_a_moved_history_are_scored_in_one_go():
    rng = np.random.default_rng(0)
    day = rng.integers(10, 1900, 100_000)
    lead = rng.integers(1, 25, 100_000)
    rows = pd.DataFrame({"day": day, "lead": lead}).drop_duplicates()
    made = forecasts(*((row.day, row.lead, 50.0) for row in rows.itertuples()))
    told = moved(history(50 + rng.normal(size=2000)), by=0.5, at=START + 1999 * DAY)
    found = resolve(made, of_series(told), as_of=START + 2000 * DAY)
    assert len(found) == len(made)
    assert np.allclose(found["factor"], 2.0)
    assert cell(score_live(found, directional=True), "mae")[1] == len(made)


def test_many_series_are_resolved_as_each_is_alone():
    """Some with a moved history, some corrected, one without a history at all."""
    rng = np.random.default_rng(1)
    told, made = [], []
    for number in range(6):
        path = history(50 + rng.normal(size=20).cumsum())
        path = moved(path, by=0.5, at=START + 15 * DAY) if number % 2 else path
        told.append(of_series(path, name=f"p/{number}"))
        rows = ((day, lead, 50.0) for day in range(2, 17) for lead in (1, 2))
        made.append(forecasts(*rows, series_id=f"p/{number}"))
    made.append(forecasts((3, 1, 50.0), series_id="p/none"))
    as_of = START + 18 * DAY
    whole = pd.concat(made, ignore_index=True)
    together = resolve(whole, pd.concat(told, ignore_index=True), as_of=as_of)
    alone = [resolve(one, history_of, as_of=as_of) for one, history_of in zip(made, told, strict=False)]
    pd.testing.assert_frame_equal(together.reset_index(drop=True), pd.concat(alone, ignore_index=True))
    assert together.index.is_monotonic_increasing
    assert set(together["factor"].round(6)) == {1.0, 2.0}
