"""How a process is made ready for the network it will train."""

import json
import subprocess
import sys

import pytest

from daycast.models.networks.backend import load_keras
from tests.drills.drill_same_weights import bare_environment

ASK = """
import importlib, json, sys
import daycast.models.series.windows  # any module of the models, before anybody loads TensorFlow
importlib.import_module("tensorflow")
import tensorflow as tf
from tensorflow.python.util import _pywrap_util_port
from daycast.models.networks.backend import CORES, share_cores
from daycast.storage.terms.network import ModelSpec

threading, seen = tf.config.threading, {}
for cell in ("gru", "segment_gru", "lstm"):
    threading.set_intra_op_parallelism_threads(0)
    threading.set_inter_op_parallelism_threads(0)
    share_cores(ModelSpec(cell=cell))
    seen[cell] = threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads() == CORES
threading.set_intra_op_parallelism_threads(0)
tf.ones(3) + 1
share_cores(ModelSpec(cell="lstm"))  # too late, and no error
seen["too late"] = threading.get_intra_op_parallelism_threads(), True
print(json.dumps([seen, _pywrap_util_port.IsMklEnabled()]))
"""


@pytest.mark.slow
def test_parts_of_a_batch_have_one_core_an_operation_and_matrices_are_multiplied_as_everywhere() -> None:
    """TensorFlow is loaded once, by another module than ours and with nothing in the environment that says how."""
    command = [sys.executable, "-c", ASK]
    asked = subprocess.run(command, env=bare_environment(), capture_output=True, text=True, timeout=300, check=True)
    threads, has_onednn = json.loads(asked.stdout.splitlines()[-1])
    assert threads == {"gru": [0, False], "segment_gru": [1, True], "lstm": [1, True], "too late": [0, True]}
    assert has_onednn


def test_the_tests_own_process_multiplies_as_every_other() -> None:
    """It once did not: a test's module had loaded TensorFlow first, and a network's last bits were others here."""
    load_keras()
    from tensorflow.python.util import _pywrap_util_port

    assert _pywrap_util_port.IsMklEnabled()
