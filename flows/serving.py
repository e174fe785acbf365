"""The process of ``daycast up`` that starts what is scheduled."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner

_STOP_SECONDS = 20.0
"""How long the runner has to stop before it is told so again."""


class _Runner(Runner):
    def handle_sigterm(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 — Prefect's signature
        """End as on Ctrl-C: Prefect's own way leaves before it has stopped anything."""
        signal.raise_signal(signal.SIGINT)


def run_deployments(deployments: Iterable[RunnerDeployment]) -> None:
    """Register the deployments, and start their runs when they are due, until Ctrl-C or SIGTERM."""
    runner = _Runner(pause_on_shutdown=False)
    for deployment in deployments:
        runner.add_deployment(deployment)
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(runner))


async def _serve(runner: Any) -> None:
    """Let the runner work until this task is cancelled, which is what Ctrl-C does."""
    serving = asyncio.current_task()
    assert serving is not None  # noqa: S101 — asyncio.run made one
    insisting = asyncio.create_task(_insist(serving))
    try:
        await runner.start()
    finally:
        insisting.cancel()


async def _insist(serving: asyncio.Task[Any]) -> None:
    """Cancel again what was cancelled and goes on: a request in flight can swallow the first one, for ever."""
    while True:
        while not serving.cancelling():
            await asyncio.sleep(1)
        await asyncio.sleep(_STOP_SECONDS)
        serving.cancel()
