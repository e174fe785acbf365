"""A run's log is one line a step, with what matters of it and how long it took."""

from datetime import UTC, datetime

from daycast.flows.running.telling import Story, in_words
from daycast.storage.terms.live import LiveAccuracy
from daycast.tasks.handover.results import Evaluated, Ingested, Plan, Prepared, Scored, Summary, Trained

AT = datetime(2026, 8, 21, tzinfo=UTC)
WEEK = LiveAccuracy(n=7, mae=1.5, naive_mae=2.0, skill=0.25)
STEPS = {
    "fetched: 1,200 rows new, 0 revised, 2 set aside (2 without a value), no answer for AMZN": Ingested(
        new=1200, set_aside=2, reasons=("2 without a value",), failures={"AMZN": "refused"}
    ),
    "prepared: 90 windows over 2026-08-21 00:00 to 2026-08-21 00:00 UTC, 5 rows written": Prepared(
        data_hash="d", first=AT, last=AT, shards={}, windows=90, written=5
    ),
    "scored: 3 actual values new, 7 forecasts judged, MAE of 7 days 1.5 beside naive's 2": Scored(
        actuals=3, forecasts=7, evaluations=4, week=WEEK, month=WEEK, judged=WEEK
    ),
    "training: retrain, as there is no champion yet": Plan(
        training="retrain", reason="there is no champion yet", champion=None, version="v1"
    ),
    "network: v1, 8 epochs in 2.5 s, loss 0.25, validation loss 0.3125": Trained(
        version="v1", epochs=8, seconds=2.5, loss=0.25, validation_loss=0.3125
    ),
    "network: v1, nothing trained now": Trained(version="v1"),
    "verdict: ridge serves. It was better. ridge's test MAE 1 beside naive's 2": Evaluated(
        version="v1", forecaster="ridge", promoted=True, reason="It was better.", test={"mae": 1.0, "naive_mae": 2.0}
    ),
    "verdict: naive serves. It was better. naive's test MAE 2": Evaluated(
        version="v1", forecaster="naive", promoted=True, reason="It was better.", test={"mae": 2.0, "naive_mae": 2.0}
    ),
    "forecast: 20 rows by naive, quality baseline, status succeeded": Summary(
        pipeline="p", run_id="r", status="succeeded", message="", rows=20, forecaster="naive", quality="baseline"
    ),
}


def test_each_step_has_its_words():
    for words, result in STEPS.items():
        assert in_words(result) == words


def test_a_line_ends_with_the_seconds_and_the_result_goes_on():
    said: list[str] = []
    trained = Trained(version="v1")
    assert Story(said.append).tell(trained) is trained
    assert said == ["network: v1, nothing trained now; 0.0 s"]
