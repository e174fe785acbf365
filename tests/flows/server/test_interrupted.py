"""What was in progress when ``daycast up`` ended starts again with it, once."""

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Cancelling, Completed, Pending, Running

from daycast.flows.server.deployments import TAG
from daycast.flows.server.interrupted import take_up_again

pytestmark = pytest.mark.usefixtures("prefect_server")


@flow
def begun() -> None:
    """Never called: its runs are only said to be in a state."""


def _left(*states: State, tags: tuple[str, ...] = (TAG,)) -> FlowRun:
    """A run that has gone through these states, and whose process is gone."""
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(begun, tags=tags)
        for state in states:
            client.set_flow_run_state(run.id, state, force=True)
    return run


def _state(run: FlowRun) -> tuple[StateType, str]:
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(run.id).state
    assert state is not None
    return state.type, state.name


def test_each_starts_again_of_its_own_time_unless_it_did_so_before() -> None:
    pending, running = _left(Pending()), _left(Pending(), Running())
    twice = _left(Pending(), Running(), Pending(), Running())
    cancelling, done = _left(Pending(), Running(), Cancelling()), _left(Completed())
    strange = _left(Pending(), Running(), tags=("somebody's",))
    try:
        assert take_up_again() >= 4, "others may have left some"
        assert _state(pending) == _state(running) == (StateType.SCHEDULED, "AwaitingRetry")
        assert _state(twice) == _state(cancelling) == (StateType.CRASHED, "Crashed")
        assert _state(done) == (StateType.COMPLETED, "Completed")
        assert _state(strange) == (StateType.RUNNING, "Running"), "who runs others' flows sees to them"
        assert take_up_again() == 0
    finally:
        with get_client(sync_client=True) as client:
            for run in (pending, running, twice, cancelling, done, strange):
                client.delete_flow_run(run.id)
