"""The order in which the server of ``daycast up`` shows events to its automations.

Prefect keeps what happens to a run from its automations until they have seen what came before, for a quarter of an hour
at most. Its scheduler makes runs without an event of it, so that nothing can follow on that: all that befalls a run
which starts within five minutes of being made, as the first ones after a start do, would be seen that much too late.
"""

from __future__ import annotations

from prefect.server.events.ordering import memory
from prefect.server.events.schemas.events import ReceivedEvent


class CausalOrdering(memory.CausalOrdering):
    """Prefect's own order, but that nothing waits for a run to be scheduled.

    Prefect looks for a class of this name in the module that ``PREFECT_SERVER_EVENTS_CAUSAL_ORDERING`` names.
    """

    async def wait_for_leader(self, event: ReceivedEvent) -> None:
        """Return when an event may be shown.

        Raises:
            EventArrivedEarly: not yet; Prefect comes back to it.
        """
        if (event.payload.get("initial_state") or {}).get("type") != "SCHEDULED":
            await super().wait_for_leader(event)
