"""What a flow run came to, noted in the process that ran it.

A final state holds it too, but only the one that the run itself made. Where the server's answer to it is lost and
Prefect asks again, the answer is that the run has ended, in a state that holds nothing.
"""

from __future__ import annotations

from typing import Any, TypeVar

from prefect.runtime import flow_run

from daycast.storage.terms.errors import WorkError

Outcome = TypeVar("Outcome")

_NOTED: dict[str, Any] = {}
"""By flow run, until whoever called it asks."""


def note(outcome: Outcome) -> Outcome:
    """Note what the flow run in progress comes to, and give it back."""
    _NOTED[str(flow_run.get_id())] = outcome
    return outcome


def outcome_of(state: Any, kind: type[Outcome]) -> Outcome:
    """What a flow that was called in this process came to, failed or not.

    Args:
        state: its final state.
        kind: what it notes.

    Raises:
        WorkError: it noted nothing of the kind: it crashed.
    """
    found = _NOTED.pop(str(state.state_details.flow_run_id), None)
    if isinstance(found, kind):
        return found
    raise WorkError(
        f"A flow run must end with a {kind.__name__}. Received: {state.name}: {state.message or found!r}. "
        "Look at Prefect's log of the run."
    )
