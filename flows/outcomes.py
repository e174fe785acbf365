"""What a flow run came to, taken from its final state."""

from __future__ import annotations

from typing import Any, TypeVar

from storage.errors import WorkError

Outcome = TypeVar("Outcome")


def outcome_of(state: Any, kind: type[Outcome]) -> Outcome:
    """What the flow returned beside its state, failed or not.

    Raises:
        WorkError: it returned nothing of the kind: it crashed.
    """
    found = state.data if isinstance(state.data, kind) else state.result(raise_on_failure=False)
    if isinstance(found, kind):
        return found
    raise WorkError(
        f"A flow run must end with a {kind.__name__}. Received: {state.name}: {state.message or found!r}. "
        "Look at Prefect's log of the run."
    )
