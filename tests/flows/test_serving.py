"""Stopping the process that starts what is scheduled."""

import asyncio
from unittest.mock import patch

import pytest

from flows import serving


class Stubborn:
    """Swallows so many cancellations, as a request in flight can."""

    def __init__(self, times: int) -> None:
        self.left = times

    async def start(self) -> None:
        """Go on until cancelled often enough."""
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                if not self.left:
                    raise
                self.left -= 1


@pytest.mark.parametrize("times", [0, 1, 3])
def test_what_swallows_a_stop_is_told_again(times):
    runner = Stubborn(times)

    async def stopped() -> None:
        task = asyncio.create_task(serving._serve(runner))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait_for(asyncio.shield(asyncio.wait([task])), timeout=15)
        assert task.cancelled()

    with patch.object(serving, "_STOP_SECONDS", 0.2):
        asyncio.run(stopped())
    assert runner.left == 0
