"""What a deployment says of itself, by what its pipeline predicts."""

import pytest

from daycast.flows.server.describing import daily_of, retrain_of
from daycast.storage.config.pipeline_file import parse_pipeline

VALUES = {
    "feed": "yahoo", "symbols": ["SPY"], "target": "close", "features": ["close"], "calendar": "XNYS",
    "lookback": 50, "horizon": 5,
}  # fmt: skip


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (VALUES, ("Forecasts `close` of SPY for the next 5 steps", "50 steps back", "or earlier where")),
        ({"predicts": "labels", "feed": "files", "path": "a.csv"}, ("`labels`", "documents", "or earlier where")),
        ({"predicts": "text", "feed": "files", "path": "a.txt"}, ("`texts`", "lstm, trained anew every 7 days\n")),
    ],
    ids=["values", "labels", "text"],
)
def test_a_daily_run_says_what_it_writes_and_when_it_trains(table, words):
    spec = parse_pipeline("my_own", {**table, "schedule": {"cron": "5 4 * * *"}})
    said = daily_of(spec)
    assert all(word in said for word in words), said
    assert "`5 4 * * *`, UTC" in said
    assert "`my-own-report`" in said
    assert "my_own" in retrain_of(spec)
