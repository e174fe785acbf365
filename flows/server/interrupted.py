"""Runs that were in progress when ``daycast up`` ended, by Ctrl-C or with the machine."""

from __future__ import annotations

from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Crashed, Scheduled

from daycast.flows.server.deployments import TAG

_BEGUN = ("PENDING", "RUNNING", "CANCELLING")
_TRIES = 2
_MESSAGE = "daycast up ended while this run was in progress."


def take_up_again() -> int:
    """Let every such run start again, of its own time; one that ran twice already is marked as crashed.

    Its process is gone, and the server, which is another one now, would count it as running for ever: the next run of
    its pipeline would wait for it.

    Returns:
        How many there were.
    """
    begun = {"tags": {"all_": [TAG]}, "state": {"type": {"any_": _BEGUN}}}
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate(begun))
        for run in runs:
            client.set_flow_run_state(run.id, _next_state(run), force=True)
    return len(runs)


def _next_state(run: FlowRun) -> State[Any]:
    if run.run_count >= _TRIES or run.state_type == StateType.CANCELLING:
        return Crashed(message=_MESSAGE)
    return Scheduled(name="AwaitingRetry", scheduled_time=run.expected_start_time, message=_MESSAGE)
