"""Training speed of networks on text, beside the same ones in PyTorch.

Run from the project's folder, with a Python that has ``torch``: ``python tests/bench/bench_texts.py --reference-python
PATH``. Ours are whole epochs of the project's own fit; theirs a plain loop in PyTorch. All are warm, and are run in
turn, a round each, so that a slow moment of the machine hits all. Three cases are an LSTM of 100 behind an embedding of
100 of 30,000 words, the last state to two labels, batches of 64: of documents as long as film reviews are, up to 400
words, which PyTorch reads packed (``packed``) or with all the padding (``padded``), and of 400 words each (``whole``).
``characters`` are two layers of 256 behind an embedding of 64, 128 characters and the one after each, batches of 64.
Adam, gradients clipped to norm 1, no dropout. PyTorch flushes denormal numbers, as TensorFlow does: without that, what
is left of the gradient after hundreds of steps takes it eight times as long.
"""

import argparse
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rounds

_ROOT = Path(__file__).parents[2]
_COUNT = {"packed": 2048, "padded": 2048, "whole": 1024, "characters": 1024}
"""Documents or windows of a round."""
_BATCH, _WORDS, _LENGTH, _STEPS = 64, 30_000, 400, 128
_CHARACTERS = 67


def main() -> None:
    """Print each case's medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference-python", required=True, help="a Python with torch")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cases", nargs="+", choices=list(_COUNT), default=list(_COUNT))
    parser.add_argument("--threads", nargs="+", type=int, default=[2], help="of PyTorch, each tried")
    parser.add_argument("--reference", nargs=2, metavar=("CASE", "THREADS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reference:
        case, threads = options.reference
        import torch

        torch.set_num_threads(int(threads))
        torch.set_flush_denormal(True)
        rounds.answer(functools.partial(_torch, case))
        return
    sys.path.insert(0, str(_ROOT))
    for case in options.cases:
        print(case)  # noqa: T201
        shared = [options.reference_python, __file__, "--reference-python", options.reference_python, "--reference"]
        references = {
            f"torch, {threads} threads": rounds.Reference([*shared, case, str(threads)]) for threads in options.threads
        }
        fit = functools.partial(_ours, case, options.rounds)
        rounds.compare(fit, references, rounds=options.rounds, windows=_COUNT[case])


def _lengths(case: str) -> Any:
    """Words of each document; film reviews have 174 in the middle, a quarter of them more than 284."""
    import numpy as np

    random = np.random.default_rng(7)
    if case == "whole":
        return np.full(_COUNT[case], _LENGTH)
    return np.clip(random.lognormal(np.log(174), 0.72, _COUNT[case]), 10, _LENGTH).astype(int)


def _ours(case: str, epochs: int, on_epoch: Callable[[Any], None]) -> None:
    from daycast.models.networks.backend import load_keras, share_cores

    load_keras()
    import keras
    import numpy as np
    import tensorflow as tf

    from daycast.models.networks import batches, fitting
    from daycast.models.networks.reading import Reading, build_reader
    from daycast.storage.terms.text_model import TextModelSpec

    tf.config.experimental.enable_op_determinism()
    shape: dict[str, Any] = {"cell": "lstm", "batch_size": _BATCH, "epochs": epochs + 1, "patience": 10**6}
    random = np.random.default_rng(7)
    if case == "characters":
        model = TextModelSpec(units=(256, 256), embedding=64, **shape)
        reading = Reading(vocabulary=_CHARACTERS, length=_STEPS, embedding=64)
        text = random.integers(2, _CHARACTERS, _COUNT[case] * _STEPS + _STEPS).astype("int32")
        training = batches.of_text(text, lookback=_STEPS, model=model)
        held = batches.held_out(text[:_STEPS][np.newaxis], text[1 : _STEPS + 1][np.newaxis], size=1)
    else:
        model = TextModelSpec(units=(100,), embedding=100, **shape)
        reading = Reading(vocabulary=_WORDS, length=_LENGTH, embedding=100, labels=2)
        rows = random.integers(2, _WORDS, (_COUNT[case], _LENGTH)).astype("int32")
        rows[np.arange(_LENGTH) >= _lengths(case)[:, np.newaxis]] = 0
        codes = random.integers(0, 2, len(rows))
        training = batches.of_documents(rows, codes, model=model)
        held = batches.held_out(rows[:_BATCH], codes[:_BATCH], size=_BATCH)
    share_cores(model)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    fitting.run(
        fitting.ready(build_reader(model, reading=reading), model=model, loss=loss),
        training=training,
        validation=held,
        model=model,
        warm=False,
        on_epoch=on_epoch,
        expired=lambda: False,
    )


def _torch(case: str, after_round: Callable[[], None]) -> None:
    import torch

    characters = case == "characters"
    words, wide, units, layers = (_CHARACTERS, 64, 256, 2) if characters else (_WORDS, 100, 100, 1)
    embedding = torch.nn.Embedding(words, wide)
    layer = torch.nn.LSTM(wide, units, num_layers=layers, batch_first=True)
    dense = torch.nn.Linear(units, _CHARACTERS if characters else 2)
    weights = [*embedding.parameters(), *layer.parameters(), *dense.parameters()]
    adam, loss = torch.optim.Adam(weights, 1e-3), torch.nn.CrossEntropyLoss()
    count, steps = _COUNT[case], _STEPS if characters else _LENGTH
    rows = torch.randint(2, words, (count, steps + 1))
    labels = torch.randint(0, 2, (count,))
    lengths = None if characters else torch.as_tensor(_lengths(case))

    def logits(some: Any) -> tuple[Any, Any]:
        seen = embedding(rows[some, :steps])
        if characters:
            return dense(layer(seen)[0]).flatten(0, 1), rows[some, 1:].flatten()
        if case == "packed":
            seen = torch.nn.utils.rnn.pack_padded_sequence(seen, lengths[some], batch_first=True, enforce_sorted=False)
        return dense(layer(seen)[1][0][-1]), labels[some]

    while True:
        for some in torch.randperm(count).split(_BATCH):
            adam.zero_grad()
            loss(*logits(some)).backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            adam.step()
        after_round()


if __name__ == "__main__":
    main()
