"""A process that predicts goes on fetching: for the next pipeline, or the next day of a backfill."""

import subprocess
import sys

import pytest

from tests.loopback import served

_PROGRAM = """
import sys

import pytest
from daycast.storage.terms.errors import RegistryError
from daycast.tasks.apart.predicting import load

class Missing:
    pipeline = type("Spec", (), {"name": "mine", "network": "all"})
    def part(self, shard):
        return shard
    def registry(self):
        raise RegistryError("TensorFlow is loaded by now")

try:
    load(Missing(), "none", "_0000")
except RegistryError:
    pass

assert "tensorflow" in sys.modules
from curl_cffi import requests
print(requests.get(sys.argv[1], impersonate="chrome").text)
"""


@pytest.mark.slow
def test_yahoos_client_still_gets_answers_once_tensorflow_is_loaded() -> None:
    with served() as server:
        command = [sys.executable, "-c", _PROGRAM, server.say("/", "hello")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "hello", done.stderr
