"""Training speed of ``segment_gru``, beside the same network written plainly in PyTorch, as SegRNN does it.

Run from the project's folder, with a Python that has ``torch``:
``python tests/bench/bench_segments.py --reference-python PATH``. A window is 720 hours of seven columns that share the
weights, segments of 24, batches of 64 windows, dropout 0.5, mean absolute error, Adam. Ours are whole epochs of the
project's own fit. All are warm, and are run in turn, a round each.

The reference follows the paper's description (https://arxiv.org/abs/2308.11200): a dense layer and a GRU over the
segments, and one step of the same GRU from the last state for each segment of the horizon and each column.
"""

import argparse
import functools
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rounds

_ROOT = Path(__file__).parents[2]
_LOOKBACK, _SEGMENT, _COLUMNS, _BATCH = 720, 24, 7, 64


def main() -> None:
    """Print each case's medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference-python", required=True, help="a Python with torch")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, default=4, help="batches a round")
    parser.add_argument("--widths", nargs="+", type=int, default=[128, 512])
    parser.add_argument("--horizons", nargs="+", type=int, default=[96, 720])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], help="of the reference, each tried")
    parser.add_argument("--reference", nargs=3, metavar=("WIDTH", "HORIZON", "THREADS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reference:
        rounds.answer(functools.partial(_torch, *map(int, options.reference), options.batches))
        return
    sys.path.insert(0, str(_ROOT))
    for width, horizon in itertools.product(options.widths, options.horizons):
        _compare(width, horizon, options)


def _compare(width: int, horizon: int, options: argparse.Namespace) -> None:
    print(f"width {width}, horizon {horizon}")  # noqa: T201
    python = options.reference_python
    shared = [python, __file__, "--reference-python", python, "--batches", str(options.batches), "--reference"]
    references = {
        f"torch, {threads} threads": rounds.Reference([*shared, str(width), str(horizon), str(threads)])
        for threads in options.threads
    }
    fit = functools.partial(_fit, width, horizon, options)
    rounds.compare(fit, references, rounds=options.rounds, windows=options.batches * _BATCH)


def _fit(width: int, horizon: int, options: argparse.Namespace, on_epoch: Callable[[Any], None]) -> None:
    from daycast.models.networks.backend import load_keras, share_cores

    load_keras()
    import keras
    import numpy as np
    import tensorflow as tf

    from daycast.models.networks import build, fitting
    from daycast.models.series.gathering import Gathered
    from daycast.storage.terms.network import ModelSpec

    model = ModelSpec(
        cell="segment_gru",
        units=(width,),
        segment=_SEGMENT,
        normalization="last",
        dropout=0.5,
        batch_size=_BATCH * _COLUMNS,
        epochs=options.rounds + 1,
        patience=10**6,
    )
    share_cores(model)
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(7)
    random = np.random.default_rng(7)
    count = options.batches * _BATCH * _COLUMNS
    inputs = random.normal(size=(count + 8, _LOOKBACK, 1)).astype("float32")
    targets = random.normal(size=(count + 8, horizon)).astype("float32")
    fitting.run(
        fitting.ready(
            build.build(model, frame=build.Frame(lookback=_LOOKBACK, features=1, horizon=horizon)), model=model
        ),
        training=fitting.shuffled(Gathered.of(inputs[8:], targets[8:]), model=model),
        validation=fitting.in_order(Gathered.of(inputs[:8], targets[:8])),
        model=model,
        warm=False,
        on_epoch=on_epoch,
        expired=lambda: False,
    )


def _torch(width: int, horizon: int, threads: int, batches: int, after_round: Callable[[], None]) -> None:
    import torch

    torch.set_num_threads(threads)
    count, positions = _LOOKBACK // _SEGMENT, horizon // _SEGMENT
    embed = torch.nn.Sequential(torch.nn.Linear(_SEGMENT, width), torch.nn.ReLU())
    gru = torch.nn.GRU(width, width, batch_first=True)
    leads = torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(width, _SEGMENT))
    place = torch.nn.Parameter(torch.randn(positions, 1, width // 2))
    column = torch.nn.Parameter(torch.randn(1, _COLUMNS, width // 2))
    weights = [*embed.parameters(), *gru.parameters(), *leads.parameters(), place, column]
    adam = torch.optim.Adam(weights, 1e-3)
    inputs, targets = torch.randn(_BATCH, _LOOKBACK, _COLUMNS), torch.randn(_BATCH, horizon, _COLUMNS)

    def forward() -> Any:
        level = inputs[:, -1:]
        segments = (inputs - level).transpose(1, 2).reshape(-1, count, _SEGMENT)
        _, state = gru(embed(segments))
        ahead = torch.cat([place.expand(-1, _COLUMNS, -1), column.expand(positions, -1, -1)], dim=-1).transpose(0, 1)
        steps = ahead.repeat(_BATCH, 1, 1).reshape(-1, 1, width)
        _, states = gru(steps, state.transpose(0, 1).expand(-1, positions, -1).reshape(1, -1, width))
        return leads(states[0]).reshape(_BATCH, _COLUMNS, horizon).transpose(1, 2) + level

    while True:
        for _ in range(batches):
            adam.zero_grad()
            (forward() - targets).abs().mean().backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            adam.step()
        after_round()


if __name__ == "__main__":
    main()
