"""The process of ``daycast up`` that starts what is scheduled."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner


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
        asyncio.run(runner.start())
