"""The benchmark as a command, on the public ETTh1: what it keeps can be scored again by anyone."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.waiting import until

DATA = Path(__file__).parents[4] / "shared" / "data" / "etth" / "ETTh1.csv"

pytestmark = [
    *(pytest.mark.real_data, pytest.mark.slow, pytest.mark.timeout(600)),
    pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data/etth/ETTh1.csv"),
]
TABLES = """
[one_step]
feed = "ett"
symbols = ["OT"]
target = "value"
features = ["value"]
calendar = "1h"
lookback = 24
horizon = 3
split = { training = 8640, validation = 2880, test = 2880 }

[one_step.model]
cell = "segment_gru"
units = [2]
segment = 12
normalization = "last"
ridge_share = 0.5
batch_size = 512
epochs = EPOCHS
"""


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., list[str]]:
    """The command on a small network, of so many epochs."""

    def make(epochs: int) -> list[str]:
        tables = tmp_path / "tables.toml"
        tables.write_text(TABLES.replace("EPOCHS", str(epochs)))
        given = ["--tables", str(tables), "--data", str(DATA), "--out", str(tmp_path / "out"), "--seeds", "2"]
        return [sys.executable, "-m", "daycast.flows.command.cli", "benchmark", "etth1", *given]

    return make


def _scores(forecasts: np.ndarray) -> tuple[float, float]:
    """MSE and MAE on the test part, from the file and the protocol alone."""
    values = pd.read_csv(DATA)["OT"].to_numpy()
    scaled = (values - values[:8640].mean()) / values[:8640].std()
    actual = np.stack([scaled[start : start + 3] for start in range(11520, 14400 - 2)])
    apart = forecasts[:, :, 0] - actual
    return float((apart**2).mean()), float(np.abs(apart).mean())


def test_what_is_kept_can_be_scored_again_and_is_not_done_again(command, tmp_path):
    out = tmp_path / "out"
    first = subprocess.run(command(1), capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    kept = {}
    for seed in (7, 8):
        record = json.loads((out / f"one_step-seed{seed}.json").read_text())
        file = out / f"one_step-seed{seed}-test.npy"
        kept[seed] = np.load(file)
        assert kept[seed].shape == (2878, 3, 1)
        assert kept[seed].dtype == np.float32
        scores = record["scores"]["test"]
        assert _scores(kept[seed]) == pytest.approx((scores["mse"], scores["mae"]), rel=1e-4)
        assert scores["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert record["asked"]["spec"]["model"]["seed"] == seed
        assert record["training_seconds"] > 0
        assert 0 < record["peak_memory_mib"] < 3072
    together = json.loads((out / "one_step.json").read_text())
    mean = _scores((kept[7] + kept[8]) / 2)
    assert mean == pytest.approx((together["average"]["mse"], together["average"]["mae"]), rel=1e-4)
    again = subprocess.run(command(1), capture_output=True, text=True, check=False)
    assert again.stdout.count("done before") == 2
    assert f"{together['average']['mse']:.4f}" in again.stdout


def test_a_killed_benchmark_leaves_nothing_that_goes_on_training(command, tmp_path):
    process = subprocess.Popen(command(10_000), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: _children(process.pid), seconds=120, what="training process")
    time.sleep(3)  # long enough that it is at work
    children = _children(process.pid)
    process.kill()
    process.wait()
    assert children
    with contextlib.suppress(AssertionError):
        until(lambda: not any(map(_lives, children)), seconds=20)
    left = [pid for pid in children if _lives(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left
    assert not list(tmp_path.glob("out/*.json"))


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _lives(pid: int) -> bool:
    path = Path(f"/proc/{pid}/stat")
    return path.exists() and path.read_text().rpartition(")")[2].split()[0] != "Z"
