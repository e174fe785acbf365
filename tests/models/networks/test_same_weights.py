"""The same data, specification and seed give the same network, bit by bit, here and in a process that did nothing else.

``tests/drills/drill_same_weights.py`` tries more states of a process, and more than once.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from daycast.models.networks.backend import load_keras
from tests.drills.drill_same_weights import KINDS, bare_environment, differing, train

ROOT = Path(__file__).parents[3]


pytestmark = pytest.mark.slow  # of what `make test` holds, tests/tasks/apart/test_process.py has the like


@pytest.fixture(scope="module")
def elsewhere():
    """What a fresh process trains: one network of each kind. Training prints nothing, and warns of nothing."""
    command = [sys.executable, "-W", "error", "-m", "tests.drills.drill_same_weights", "--kinds"]
    done = subprocess.run(
        command, cwd=ROOT, env=bare_environment(), capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    return json.loads(line)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fresh_process_trains_the_same_bits(elsewhere, kind):
    load_keras()
    here = train(**KINDS[kind])
    assert len(here) > 4
    assert differing(here, [elsewhere[kind]]) == {}


def test_another_seed_is_seen_in_the_weights_and_in_the_forecasts(elsewhere):
    """The comparison can fail."""
    load_keras()
    other = differing(elsewhere["gru"], [train(seed=4, epochs=1)])
    assert {"the whole content", "forecasts"} < set(other)
