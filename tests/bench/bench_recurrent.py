"""Training speed of ``lstm`` and ``gru``, beside PyTorch's layers and neuralforecast's models.

Run from the project's folder, with a Python that has ``torch`` (and ``neuralforecast``, which is left out where it is
missing): ``python tests/bench/bench_recurrent.py --reference-python PATH``. Ours are whole epochs of the project's own
fit; theirs a plain loop in PyTorch and neuralforecast's own fit. All are warm, and are run in turn, a round each, so
that a slow moment of the machine hits all. Windows of 96 steps of 7 columns, one layer 128 wide, a dense layer to 96
leads, mean absolute error, Adam, gradients clipped to norm 1; batches of 64 and 256.
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
_LOOKBACK, _FEATURES, _UNITS, _HORIZON = 96, 7, 128, 96
_WINDOWS = 8192
"""A round's."""


def main() -> None:
    """Print each case's medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference-python", required=True, help="a Python with torch, and neuralforecast if wanted")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cells", nargs="+", default=["lstm", "gru"])
    parser.add_argument("--batches", nargs="+", type=int, default=[64, 256])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], help="of the references, each tried")
    parser.add_argument("--plain", action="store_true", help="measure Keras' own layers, not the project's")
    parser.add_argument("--reference", nargs=4, metavar=("KIND", "CELL", "BATCH", "THREADS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reference:
        kind, cell, batch, threads = options.reference
        import torch

        torch.set_num_threads(int(threads))
        work = {"torch": _torch, "neuralforecast": _neuralforecast}[kind]
        rounds.answer(functools.partial(work, cell, int(batch)))
        return
    sys.path.insert(0, str(_ROOT))
    for cell, batch in itertools.product(options.cells, options.batches):
        _compare(cell, batch, options)


def _compare(cell: str, batch: int, options: argparse.Namespace) -> None:
    print(f"{cell}, batch {batch}")  # noqa: T201
    shared = [options.reference_python, __file__, "--reference-python", options.reference_python, "--reference"]
    references = {
        f"{kind}, {threads} threads": rounds.Reference([*shared, kind, cell, str(batch), str(threads)])
        for kind, threads in itertools.product(("torch", "neuralforecast"), options.threads)
    }
    fit = functools.partial(_fit, cell, batch, options)
    rounds.compare(fit, references, rounds=options.rounds, windows=_WINDOWS)


def _fit(cell: str, batch: int, options: argparse.Namespace, on_epoch: Callable[[Any], None]) -> None:
    from daycast.models.networks.backend import load_keras, share_cores

    load_keras()
    import keras
    import numpy as np
    import tensorflow as tf

    from daycast.models.networks import build, fitting, stack
    from daycast.models.series.gathering import Gathered
    from daycast.storage.terms.network import ModelSpec

    model = ModelSpec(cell=cell, units=(_UNITS,), batch_size=batch, epochs=options.rounds + 1, patience=10**6)  # type: ignore[arg-type]
    if options.plain:
        stack.LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
    else:
        share_cores(model)
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(7)
    random = np.random.default_rng(7)
    inputs = random.normal(size=(_WINDOWS + 64, _LOOKBACK, _FEATURES)).astype("float32")
    targets = random.normal(size=(_WINDOWS + 64, _HORIZON)).astype("float32")
    frame = build.Frame(lookback=_LOOKBACK, features=_FEATURES, horizon=_HORIZON)
    fitting.run(
        fitting.ready(build.build(model, frame=frame), model=model),
        training=fitting.shuffled(Gathered.of(inputs[64:], targets[64:]), model=model),
        validation=fitting.in_order(Gathered.of(inputs[:64], targets[:64])),
        model=model,
        warm=False,
        on_epoch=on_epoch,
        expired=lambda: False,
    )


def _torch(cell: str, batch: int, after_round: Callable[[], None]) -> None:
    import torch

    layer = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell](_FEATURES, _UNITS, batch_first=True)
    dense = torch.nn.Linear(_UNITS, _HORIZON)
    weights = [*layer.parameters(), *dense.parameters()]
    adam = torch.optim.Adam(weights, 1e-3)
    inputs, targets = torch.randn(_WINDOWS, _LOOKBACK, _FEATURES), torch.randn(_WINDOWS, _HORIZON)
    while True:
        for rows in torch.randperm(_WINDOWS).split(batch):
            adam.zero_grad()
            states, _ = layer(inputs[rows])
            (dense(states[:, -1]) - targets[rows]).abs().mean().backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            adam.step()
        after_round()


def _neuralforecast(cell: str, batch: int, after_round: Callable[[], None]) -> None:
    """One long fit of its own; a decoder of one layer, and one series whose other columns are known of the past."""
    import numpy as np
    import pandas as pd
    import pytorch_lightning
    from neuralforecast import NeuralForecast
    from neuralforecast.models import GRU, LSTM

    class Rounds(pytorch_lightning.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
            if trainer.global_step % (_WINDOWS // batch) == 0:
                after_round()

    columns = [f"x{at}" for at in range(_FEATURES - 1)]
    rows = 8640
    frame = pd.DataFrame(np.random.default_rng(7).normal(size=(rows, _FEATURES)), columns=["y", *columns])
    frame["unique_id"], frame["ds"] = "bench", pd.date_range("2016-07-01", periods=rows, freq="h")
    model = {"lstm": LSTM, "gru": GRU}[cell](
        h=_HORIZON, input_size=_LOOKBACK, encoder_n_layers=1, encoder_hidden_size=_UNITS, encoder_dropout=0.0,
        decoder_layers=1, decoder_hidden_size=_UNITS, hist_exog_list=columns, max_steps=10**6, val_check_steps=10**6,
        batch_size=1, windows_batch_size=batch, scaler_type="identity", accelerator="cpu", logger=False,
        enable_progress_bar=False, enable_checkpointing=False, callbacks=[Rounds()],
    )  # fmt: skip
    NeuralForecast(models=[model], freq="h").fit(frame)


if __name__ == "__main__":
    main()
