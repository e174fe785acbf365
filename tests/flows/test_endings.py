"""How a run ends: a failed one is shown too, and what it came to does not hang on the server's answer."""

import os
from datetime import timedelta
from unittest.mock import patch

import numpy as np
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactCollectionFilter, FlowRunFilter, LogFilter, TaskRunFilter

from daycast.flows.daily import daily
from daycast.flows.running.outcomes import outcome_of
from daycast.storage.feeds.files import FilesFeed
from daycast.storage.terms.errors import WorkError
from daycast.tasks.handover.results import Summary
from tests.places import AS_OF, EARLIER
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def ended(place):
    """Runs the daily flow here, and gives its final state."""

    def run():
        with patch.dict(os.environ, place.environment), patch("daycast.flows.running.retrying._PAUSES", [0.01]):
            return daily("mine", as_of=AS_OF, return_state=True)

    return run


def _lose_everything(place):
    """One series that is gone makes a run degraded; without any it fails."""
    for path in place.root.glob("*.csv"):
        path.unlink()


def _logged(flow_run_id, *, words):
    """The messages of a run's log, as the server has them, once one holds the words."""
    wanted = LogFilter.model_validate({"flow_run_id": {"any_": [str(flow_run_id)]}})
    with get_client(sync_client=True) as client:

        def told():
            found = [log.message for log in client.read_logs(log_filter=wanted)]
            return found if any(words in message for message in found) else None

        return until(told, what=f"{words!r} in the log")


def test_a_run_that_failed_has_a_page_and_an_artifact_that_say_why_and_what_to_do(place, ended):
    _lose_everything(place)
    state = ended()
    assert state.is_failed()
    reason = f"there is no file {place.root}/A.csv"
    assert reason in state.message
    reports = place.root / "data" / "reports"
    for name in ("mine.html", f"mine/{AS_OF:%Y%m%dT%H%M%S}Z.html"):
        page = (reports / name).read_text()
        assert '<span class="status failed">failed</span>' in page
        assert reason in page
        assert "<code>daycast run mine</code>" in page
    assert "failed" in (reports / "index.html").read_text()
    key = ArtifactCollectionFilter.model_validate({"key": {"any_": ["mine-report"]}})
    with get_client(sync_client=True) as client:
        (artifact,) = client.read_latest_artifacts(artifact_filter=key)
    assert artifact.flow_run_id == state.state_details.flow_run_id
    assert artifact.description == "mine@2024-06-08T00:00:00Z: failed"
    assert "there is no file" in artifact.data
    assert "`daycast run mine`" in artifact.data


def test_a_run_that_has_no_memory_left_says_what_to_do(place, ended, monkeypatch):
    monkeypatch.setattr(FilesFeed, "fetch", lambda *_: np.empty(1 << 50))
    state = ended()
    assert state.is_failed()
    assert state.message.startswith("Memory for the work is required. Received: no more of it (Unable to allocate ")
    (row,) = place.table("runs")
    assert (row["status"], row["message"]) == ("failed", state.message)
    assert not (place.root / "data" / "lake").exists() or not list((place.root / "data" / "lake").rglob("*.parquet"))


def test_a_degraded_run_is_seen_in_the_lists_of_the_ui_and_on_its_dashboard(trained):
    """A deployment's list of runs asks for states by Prefect's own names; the dashboard counts tasks that failed."""
    (trained.root / "B.csv").unlink()
    with patch.dict(os.environ, trained.environment):
        state = daily("mine", as_of=EARLIER + timedelta(days=1), training="reuse", return_state=True)
    assert (state.name, state.message.partition(".")[0]) == ("Completed", "Degraded")
    chosen = TaskRunFilter.model_validate({"state": {"type": {"any_": ["FAILED"]}}})
    named = FlowRunFilter.model_validate({"id": {"any_": [state.state_details.flow_run_id]}})
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(state.state_details.flow_run_id)
        failed = until(
            lambda: client.read_task_runs(flow_run_filter=named, task_run_filter=chosen), what="the task in red"
        )
    assert run.name == "mine@2024-05-20T00:00Z degraded"
    assert {"degraded", "mine", "files", "gru"} <= set(run.tags)
    assert [task.name.rsplit("-", 1)[0] for task in failed] == ["served-as-asked"]
    said = _logged(run.id, words='Completed("Degraded. Feed failed')  # the last line
    assert not [line for line in said if line.startswith("Finished in state Completed()")]
    assert any("status degraded" in line for line in said)
    assert sum("Feed failed" in line for line in said) == 1


def test_what_cannot_be_shown_hides_nothing_of_why_the_run_failed(place, ended):
    _lose_everything(place)
    (place.root / "data").mkdir()
    (place.root / "data" / "reports").write_text("a file in the way")
    state = ended()
    assert state.is_failed()
    assert "there is no file" in state.message
    assert "reports" not in state.message
    (row,) = place.table("runs")
    assert (row["status"], row["message"]) == ("failed", state.message)
    said = _logged(state.state_details.flow_run_id, words="The failed run could not be shown.")
    assert any("there is no file" in message for message in said)


def test_what_a_run_came_to_is_known_where_the_servers_answer_is_lost(place, ended):
    """Prefect asks again then, and is given a state that holds nothing of what the flow returned."""
    _lose_everything(place)
    state = ended()
    with get_client(sync_client=True) as client:
        told = client.read_flow_run(state.state_details.flow_run_id).state
    assert not isinstance(told.data, Summary)
    summary = outcome_of(told, Summary)
    assert (summary.run_id, summary.status) == ("mine@2024-06-08T00:00:00Z", "failed")
    with pytest.raises(WorkError, match="must end with a Summary"):
        outcome_of(told, Summary)
