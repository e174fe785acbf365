"""The process of ``daycast up`` that starts what is scheduled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Self

from prefect.client.schemas.objects import FlowRun
from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner

from daycast.flows.server.engine import COMMAND


class _Runner(Runner):
    stop_serving: Callable[[], Any]

    async def __aenter__(self) -> Self:
        """Start, with a command of our own for each run; Prefect's runner takes none."""
        await super().__aenter__()
        poller: Any = self._scheduled_run_poller
        resolve = poller._resolve_starter

        def resolve_ours(run: FlowRun) -> Any:
            starter = resolve(run)
            starter._command = COMMAND
            return starter

        poller._resolve_starter = resolve_ours
        return self

    def handle_sigterm(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 — Prefect's signature
        """End as on Ctrl-C: Prefect's own way leaves before it has stopped anything.

        Not by a SIGINT of our own: what a script starts in the background has SIGINT ignored.
        """
        self.stop_serving()


def run_deployments(deployments: Iterable[RunnerDeployment], *, ready: Callable[[], object] = lambda: None) -> None:
    """Register the deployments, and start their runs when they are due, until Ctrl-C or SIGTERM.

    Args:
        deployments: not registered yet.
        ready: called when they are, and their runs are about to be started.
    """
    runner = _Runner(pause_on_shutdown=False)
    for deployment in deployments:
        runner.add_deployment(deployment)
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_serve(runner, ready=ready))


async def _serve(runner: _Runner, *, ready: Callable[[], object]) -> None:
    serving = asyncio.current_task()
    assert serving is not None  # noqa: S101 — asyncio.run made one
    loop = asyncio.get_running_loop()
    runner.stop_serving = lambda: loop.call_soon_threadsafe(serving.cancel)
    ready()
    await runner.start()
