"""A training that its time budget ended says so, that night and as long as what came of it serves."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.places import AS_OF, make_place


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_a_training_that_was_cut_short_is_told(tmp_path: Path) -> None:
    place = make_place(tmp_path / "place")
    place.define(training={"time_budget_seconds": 0.001, "fine_tune_epochs": 0})
    place.define("whole")
    for as_of in (AS_OF, AS_OF + timedelta(days=1)):
        summary = place.run(as_of=as_of)
        said = f"Training cut short: The retrain of {summary.version} ended after 1 of 8 epochs"
        assert said in summary.message
        assert "time_budget_seconds was over" in summary.message
        (remark,) = [row for row in place.table("remarks") if row["run_id"] == summary.run_id]
        assert (remark["series_id"], remark["kind"]) == ("*", "cut_short")
    assert summary.training == "reuse"
    whole = place.run("whole")
    assert "cut short" not in whole.message
    assert [row for row in place.table("remarks") if row["run_id"] == whole.run_id] == []
