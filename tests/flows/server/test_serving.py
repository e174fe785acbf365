"""Stopping the process that starts what is scheduled."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.waiting import until

pytestmark = [
    pytest.mark.usefixtures("prefect_server"),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc, to see which signals are handled"),
]
SERVE = "from daycast.flows.server.serving import run_deployments; run_deployments([]); print('ended')"


@pytest.mark.parametrize(
    "told", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM], ids=lambda told: told.name
)
def test_it_ends_in_order_when_told(told):
    process = _started(signal.default_int_handler)
    process.send_signal(told)
    assert process.communicate(timeout=60)[0] == "ended\n"


def test_sigterm_ends_what_a_script_started_in_the_background():
    """A shell without job control has such processes ignore SIGINT."""
    process = _started(signal.SIG_IGN)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=60)[0] == "ended\n"


def _started(interrupt):
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, interrupt),  # noqa: PLW1509 — nothing else does it
    )
    ended = lambda: None if process.poll() is None else f"it ended with {process.returncode}"  # noqa: E731
    until(lambda: _handles(process.pid, signal.SIGTERM), seconds=90, what="handler of SIGTERM", failed=ended)
    time.sleep(1)
    return process


def _handles(pid, number):
    found = re.search(r"SigCgt:\s*([0-9a-f]+)", Path(f"/proc/{pid}/status").read_text())
    return bool(found and int(found[1], 16) >> (number - 1) & 1)
