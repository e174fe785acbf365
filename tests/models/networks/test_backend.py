"""How a process is made ready for the network it will train."""

import os
import subprocess
import sys

import pytest

ASK = """
from daycast.models.networks.backend import CORES, load_keras, share_cores
from daycast.storage.terms.network import ModelSpec

load_keras()
import tensorflow as tf
share_cores(ModelSpec(cell={cell!r}))
tf.ones(3) + 1
share_cores(ModelSpec(cell="lstm"))  # too late, and no error
threading = tf.config.threading
print(threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads() == CORES)
"""


@pytest.mark.parametrize(("cell", "expected"), [("lstm", "1 True"), ("segment_gru", "1 True"), ("gru", "0 False")])
def test_parts_of_a_batch_are_trained_with_one_core_an_operation(cell: str, expected: str) -> None:
    asked = subprocess.run(
        [sys.executable, "-c", ASK.format(cell=cell)], capture_output=True, text=True, timeout=300, check=True
    )
    assert asked.stdout.split("\n")[-2] == expected


def test_tensorflow_multiplies_in_the_same_way_whichever_module_loads_it() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    ask = (
        "import os, sys; import daycast.models.networks.fitting; "
        "print('tensorflow' in sys.modules, os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    )
    asked = subprocess.run(
        [sys.executable, "-c", ask], env=environment, capture_output=True, text=True, timeout=300, check=True
    )
    assert asked.stdout.split() == ["True", "1"]
