"""Text that goes on: a token drawn, read, and the next one drawn."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from daycast.models.text.vocabulary import FIRST, Tokens, Vocabulary
from daycast.storage.terms.errors import ConfigError

Probabilities = NDArray[np.float64]
"""``(vocabulary,)``."""


class Writer(Protocol):
    """What continues text: it reads a token at a time, and keeps in a state what it has read."""

    def begin(self, prompt: Tokens) -> tuple[Any, Probabilities]:
        """Read a prompt: the state after it, and the next token's probabilities."""
        ...

    def step(self, state: Any, token: int) -> tuple[Any, Probabilities]:
        """Read one more token."""
        ...


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """How tokens are drawn.

    Attributes:
        length: characters to write after the prompt; words are written until there are as many.
        temperature: below 1 what is probable is drawn more often; towards 0, the most probable alone.
        top_k: only this many of the most probable are drawn from; none draws from all.
        top_p: only the most probable that together have at least this probability; none draws from all.
        seed: the same seed and writer give the same text.
    """

    length: int = 400
    temperature: float = 0.8
    top_k: int | None = None
    top_p: float | None = None
    seed: int = 7

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn by.

        Raises:
            ConfigError: a value is out of its range.
        """
        bounds = {
            "length": (0 < self.length <= 1_000_000, "from 1 to 1,000,000"),
            "temperature": (0 < self.temperature <= 100, "above 0, at most 100"),
            "top_k": (self.top_k is None or self.top_k > 0, "above 0"),
            "top_p": (self.top_p is None or 0 < self.top_p <= 1, "above 0, at most 1"),
            "seed": (self.seed >= 0, "0 or more"),
        }
        for name, (good, wanted) in bounds.items():
            if not good:
                raise ConfigError(f"A {name} {wanted} is required. Received: {getattr(self, name)}.")


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written.

    Attributes:
        prompt: what it goes on from, as it was read.
        text: what was written after it.
        remarks: what a reader should know, such as characters of the prompt that the writer has never seen.
    """

    prompt: str
    text: str
    remarks: tuple[str, ...] = ()


def write(writer: Writer, *, vocabulary: Vocabulary, prompt: str, drawing: Drawing) -> Written:
    """Continue a prompt.

    Characters (or words) of the prompt that are not in the vocabulary are left out, with a remark; of a prompt with
    none that are, or none at all, the writer begins with the vocabulary's most frequent token, which is not shown.

    Args:
        writer: a network or counts.
        vocabulary: the writer's.
        prompt: what to go on from.
        drawing: how.
    """
    unknown = vocabulary.unknown(prompt)
    numbers = vocabulary.encode(prompt)
    known = numbers[numbers >= FIRST]
    tokens = _drawn(writer, known if len(known) else np.array([FIRST], dtype=np.int32), drawing)
    text, joint = "", " " if vocabulary.kind == "word" else ""
    while len(text) < drawing.length:
        text += (joint if text else "") + vocabulary.tokens[next(tokens)]
    return Written(prompt=vocabulary.decode(known), text=text[: drawing.length], remarks=_remarks(unknown, vocabulary))


def chosen(probabilities: Probabilities, *, drawing: Drawing) -> Probabilities:
    """What is drawn from: warmed, and cut to the most probable; padding and the unknown token are never drawn.

    >>> chosen(np.array([0.0, 0.2, 0.4, 0.3, 0.1]), drawing=Drawing(temperature=1, top_k=2)).round(2)
    array([0.  , 0.  , 0.57, 0.43, 0.  ])
    """
    logits = np.full(len(probabilities), -np.inf)
    logits[FIRST:] = np.log(np.maximum(probabilities[FIRST:], 1e-300)) / drawing.temperature
    raised = np.exp(logits - logits.max())
    shares = raised / raised.sum()
    order = np.argsort(-shares, kind="stable")
    if drawing.top_k is not None:
        shares[order[drawing.top_k :]] = 0.0
    if drawing.top_p is not None:
        before = np.cumsum(shares[order]) - shares[order]
        shares[order[before >= drawing.top_p * shares.sum()]] = 0.0
    return np.asarray(shares / shares.sum())


def _drawn(writer: Writer, prompt: Tokens, drawing: Drawing) -> Iterator[int]:
    """Tokens without end; the last one is read only when another is asked for."""
    random = np.random.default_rng(drawing.seed)
    state, probabilities = writer.begin(prompt)
    while True:
        edges = np.cumsum(chosen(probabilities, drawing=drawing))
        token = min(int(np.searchsorted(edges, random.random() * edges[-1], side="right")), len(edges) - 1)
        yield token
        state, probabilities = writer.step(state, token)


def _remarks(unknown: list[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    if not unknown:
        return ()
    shown = ", ".join(repr(token) for token in unknown[:5]) + (", …" if unknown[5:] else "")
    return (f"{len(unknown)} {vocabulary.kind}s of the prompt were never seen in training, and are left out: {shown}",)
