"""Train one small network again and again, in processes of many states, and compare the files it is kept in.

Run from the project's folder: ``python -m tests.drills.drill_same_weights [--runs 15]``. The same data, specification
and seed must give the same ``model.keras``, part by part and weight by weight, whatever else the process did, does, or
was started with. Prints a line a state with what differed, and exits with 1 where anything did that must not.

The last states are there to see that it can differ, and by what: matrices are multiplied by TensorFlow's own code or
by oneDNN's, which rounds otherwise, and otherwise on one processor than on another. A process that loads TensorFlow
without ``TF_ENABLE_ONEDNN_OPTS`` has oneDNN on only where the processor has instructions for neural networks. On one
without them the tests' own process was such a one, and its network's weights were not those of a process of daycast's.
"""

import argparse
import contextlib
import hashlib
import importlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ONEDNN, PROCESSOR = "TF_ENABLE_ONEDNN_OPTS", "ONEDNN_MAX_CPU_ISA"
RUNS = 15

KINDS: dict[str, dict[str, Any]] = {
    "gru": {},
    "lstm": {"cell": "lstm", "units": [8, 6], "dropout": 0.2, "epochs": 2},
    "simple_rnn": {"cell": "simple_rnn", "units": [8], "epochs": 2},
    "segment_gru": {"cell": "segment_gru", "segment": 4, "normalization": "last", "ridge_share": 0.5, "epochs": 2},
}
"""Networks whose steps are computed by code of different kinds, as changes of the small one."""

Parts = dict[str, str]
"""The SHA-256 of a kept network's configuration, of each of its weights, and of its forecasts, by name."""


def train(**model: Any) -> Parts:
    """Train the network of ``tests/flows/command/test_commands.py`` on its data, any key of the model changed."""
    from daycast.models.networks.forecaster import NetworkForecaster
    from daycast.models.networks.kept import MODEL_FILE

    training, validation, spec = _material(**model)
    forecaster = NetworkForecaster.fit(
        training, validation, spec=spec, parent=None, on_epoch=lambda _: None, expired=lambda: False
    )
    with tempfile.TemporaryDirectory() as folder:
        forecaster.save(Path(folder))
        forecasts = hashlib.sha256(forecaster.predict(validation).tobytes()).hexdigest()
        return {**parts(Path(folder) / MODEL_FILE), "forecasts": forecasts}


def _material(**model: Any) -> tuple[Any, Any, Any]:
    import pandas as pd

    from daycast.models.series.alone import make_windows
    from daycast.models.series.splits import bounds, cut
    from daycast.models.series.windows import concatenate
    from daycast.storage.config.pipeline_file import parse_pipeline
    from tests.places import DAYS, FIRST, TINY, walk

    spec = parse_pipeline("mine", {**TINY, "path": "{symbol}.csv", "model": {**TINY["model"], **model}})
    index = pd.date_range(FIRST, periods=DAYS, freq="1D", unit="us")
    windows = concatenate(
        [
            make_windows(pd.DataFrame({"close": walk(seed)}, index=index), spec=spec, series_id=f"mine/{symbol}")
            for seed, symbol in enumerate("AB")
        ]
    )
    at = cut(windows, bounds=bounds(index, split=spec.split))
    return windows.where(at.training), windows.where(at.validation), spec


def parts(path: Path) -> Parts:
    """What a ``.keras`` file holds, part by part; not when it was saved, nor Keras' memory addresses."""
    import h5py

    from daycast.storage.registry.keras_archive import content_hash

    found = {"the whole content": content_hash(path)}
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:

        def note(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                found[name] = hashlib.sha256(item[()].tobytes()).hexdigest()

        file.visititems(note)
    return found


@contextlib.contextmanager
def as_it_is() -> Iterator[None]:
    """Nothing before, nothing beside."""
    yield


@contextlib.contextmanager
def computed() -> Iterator[None]:
    """The process has multiplied, solved and reduced before."""
    import tensorflow as tf

    for size in (3, 64, 257):
        matrix = tf.random.normal((size, size))
        tf.linalg.solve(matrix @ matrix, tf.reduce_sum(matrix, axis=1, keepdims=True))
    yield


@contextlib.contextmanager
def trained_others() -> Iterator[None]:
    """The process has trained other networks before."""
    train(cell="lstm", units=[5], epochs=1)
    train(units=[9], epochs=1, seed=8)
    yield


@contextlib.contextmanager
def shared_cores() -> Iterator[None]:
    """TensorFlow was told to give each operation one core, as for networks that train in parts of a batch."""
    from daycast.models.networks.backend import share_cores
    from daycast.storage.terms.network import ModelSpec

    share_cores(ModelSpec(cell="lstm"))
    yield


@contextlib.contextmanager
def drawing() -> Iterator[None]:
    """Two threads draw at random all the while, of Python's generator and of NumPy's."""
    import numpy as np

    ended = threading.Event()

    def draw() -> None:
        while not ended.wait(0.0002):
            random.random()  # noqa: S311 — to be in the way
            np.random.random()

    threads = [threading.Thread(target=draw) for _ in range(2)]
    for thread in threads:
        thread.start()
    yield
    ended.set()
    for thread in threads:
        thread.join()


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """As many processes as there are cores compute beside."""
    beside = [
        subprocess.Popen([sys.executable, "-c", "while True: sum(range(9999))"]) for _ in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for process in beside:
            process.kill()
            process.wait()


@contextlib.contextmanager
def scattered() -> Iterator[None]:
    """The memory is full of holes, so that arrays lie elsewhere each time."""
    held = [bytearray(random.randrange(1, 5000)) for _ in range(200_000)]  # noqa: S311
    del held[::2]
    yield
    del held


STATES: dict[str, tuple[Callable[[], contextlib.AbstractContextManager[None]], dict[str, str]]] = {
    "a fresh process": (as_it_is, {}),
    "another fresh process": (as_it_is, {}),
    "it computed before": (computed, {}),
    "it trained other networks before": (trained_others, {}),
    "threads draw at random beside": (drawing, {}),
    "processes compute beside": (busy, {}),
    "its memory is full of holes": (scattered, {}),
    "in a thread of it": (as_it_is, {"DRILL_THREAD": "1"}),
    "one core for an operation": (shared_cores, {}),
    "on one core": (as_it_is, {"DRILL_CORES": "1"}),
    "another hash seed, one thread for OpenMP": (as_it_is, {"PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1"}),
    "TensorFlow loaded by another module first": (as_it_is, {"DRILL_FIRST": "1"}),
}
OTHER_CODE: dict[str, dict[str, str]] = {
    "oneDNN off": {ONEDNN: "0"},
    "oneDNN as on a processor with AVX2": {PROCESSOR: "AVX2"},
    "that, off": {PROCESSOR: "AVX2", ONEDNN: "0"},
}
"""Where matrices are multiplied by other code: what may differ, and where the processor has AVX-512 does."""


def child(state: str, runs: int) -> None:
    """Train in this process as a state says, and print the parts of each network as JSON."""
    if os.environ.get("DRILL_CORES"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if os.environ.get("DRILL_FIRST"):
        for name in ("daycast.models.series.windows", "tensorflow"):
            importlib.import_module(name)
    from daycast.models.networks.backend import load_keras

    load_keras()
    make = STATES[state][0] if state in STATES else as_it_is
    found: list[Parts] = []

    def work() -> None:
        with make():
            found.extend(train() for _ in range(runs))

    if os.environ.get("DRILL_THREAD"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    else:
        work()
    print(json.dumps(found))  # noqa: T201


def bare_environment() -> dict[str, str]:
    """This process's, without what says how matrices are multiplied."""
    chosen = {ONEDNN, PROCESSOR, "OMP_NUM_THREADS"}
    return {**{name: value for name, value in os.environ.items() if name not in chosen}, "TF_CPP_MIN_LOG_LEVEL": "3"}


def ask(state: str, *, runs: int) -> list[Parts]:
    """The parts of the networks that a process of a state trains."""
    changes = STATES[state][1] if state in STATES else OTHER_CODE[state]
    asked = subprocess.run(
        [sys.executable, "-m", "tests.drills.drill_same_weights", "--state", state, "--runs", str(runs)],
        env={**bare_environment(), **changes},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    answer: list[Parts] = json.loads(asked.stdout.splitlines()[-1])
    return answer


def differing(expected: Parts, received: list[Parts]) -> dict[str, int]:
    """By part, in how many networks it is another one."""
    names = sorted(expected.keys() | {name for each in received for name in each})
    counts = {name: sum(each.get(name) != expected.get(name) for each in received) for name in names}
    return {name: count for name, count in counts.items() if count}


def main() -> int:
    """Train, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=RUNS, help="networks a state")
    parser.add_argument("--state", help=argparse.SUPPRESS)
    parser.add_argument("--kinds", action="store_true", help="print one network of each kind, in a fresh process")
    given = parser.parse_args()
    if given.kinds:
        print(json.dumps({kind: train(**model) for kind, model in KINDS.items()}))  # noqa: T201
        return 0
    if given.state:
        child(given.state, given.runs)
        return 0
    began, wrong, (expected,) = time.monotonic(), 0, ask("a fresh process", runs=1)
    for state in (*STATES, *OTHER_CODE):
        found = ask(state, runs=given.runs)
        apart = differing(expected, found)
        wrong += bool(apart) and state in STATES
        told = ", ".join(f"{name} in {count}" for name, count in apart.items()) or "nothing"
        print(f"{state}: {len(found)} networks, {len({*map(str, found)})} kinds; differs: {told}", flush=True)  # noqa: T201
    print(f"{wrong} states with other weights, {time.monotonic() - began:.0f} s")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
