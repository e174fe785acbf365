"""Counts of short runs of tokens: what a network that continues text has to beat.

The probability of a token after some others is that of its counts there, mixed with the one after fewer of them, down
to a flat one: the more different tokens have come after these, the more weight the shorter ones have (Witten and Bell,
"The zero-frequency problem", 1991, method C). After what was never seen it is that of the shorter ones alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from daycast.models.text.vocabulary import FIRST, Tokens

MOST = 8
"""Tokens of a run at most, where the vocabulary is small enough for a run to be one 64-bit number."""
_PATIENCE = 1
_BITS = 62

Keys = NDArray[np.int64]
Nats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Counts:
    """Runs of one length.

    Attributes:
        keys: ``(runs,)``, ascending: their tokens' numbers as digits, the last token last.
        times: ``(runs,)``, how often each was seen.
    """

    keys: Keys
    times: NDArray[np.int64]

    @classmethod
    def of(cls, numbers: Tokens, *, length: int, size: int) -> "Counts":
        """Count the runs of a text."""
        keys, times = np.unique(_runs(numbers, length=length, size=size), return_counts=True)
        return cls(keys=keys, times=times)

    def __getitem__(self, keys: Keys) -> NDArray[np.int64]:
        """How often each of some runs was seen."""
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, self.times[places], 0)

    def after(self, context: Keys, *, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """After each of some contexts, how many tokens were seen, and how many different ones."""
        sums = np.concatenate([[0], np.cumsum(self.times)])
        begin, end = (np.searchsorted(self.keys, edge * size) for edge in (context, context + 1))
        return sums[end] - sums[begin], end - begin


@dataclass(frozen=True, kw_only=True, eq=False)
class NGram:
    """Counts of runs of 1 to ``order`` tokens.

    Attributes:
        size: tokens of the vocabulary.
        counts: by length, from 1.
    """

    size: int
    counts: tuple[Counts, ...]

    @classmethod
    def fit(cls, training: Tokens, validation: Tokens, *, size: int, most: int = MOST) -> "NGram":
        """Count the training text, with the order that is best on validation: longer as long as that betters it.

        Args:
            training: the text, as numbers.
            validation: likewise.
            size: tokens of the vocabulary.
            most: order at most.
        """
        best, waited = cls(size=size, counts=(Counts.of(training, length=1, size=size),)), 0
        lowest, counts = float(best.nats(validation).mean()), list(best.counts)
        for length in range(2, min(most, _longest(size), len(training)) + 1):
            counts.append(Counts.of(training, length=length, size=size))
            longer = cls(size=size, counts=tuple(counts))
            loss = float(longer.nats(validation).mean())
            best, lowest, waited = (longer, loss, 0) if loss < lowest else (best, lowest, waited + 1)
            if waited > _PATIENCE:
                break
        return best

    @property
    def order(self) -> int:
        """Tokens of the longest run."""
        return len(self.counts)

    @property
    def unigram(self) -> "NGram":
        """The counts of single tokens alone."""
        return NGram(size=self.size, counts=self.counts[:1])

    def nats(self, numbers: Tokens) -> Nats:
        """-ln of the probability of each token of a text after those before it, ``(tokens,)``.

        The first ones have fewer before them, and are told from what they have.
        """
        probability = np.full(len(numbers), 1.0 / (self.size - 1))
        for length, counts in enumerate(self.counts, start=1):
            runs = _runs(numbers, length=length, size=self.size)
            known = slice(length - 1, None)
            seen, different = counts.after(runs // self.size, size=self.size)
            probability[known] = _mixed(counts[runs], seen, different, shorter=probability[known])
        return np.asarray(-np.log(probability))

    def probabilities(self, context: Sequence[int]) -> NDArray[np.float64]:
        """Of every token after some others, ``(size,)``; of padding it is 0."""
        probability = np.full(self.size, 1.0 / (self.size - 1))
        probability[0] = 0.0
        for length, counts in enumerate(self.counts, start=1):
            if length - 1 > len(context):
                break
            key = np.array([_key(context[len(context) - length + 1 :], size=self.size)])
            seen, different = counts.after(key, size=self.size)
            of_each = counts[key * self.size + np.arange(self.size)]
            probability = _mixed(of_each, seen, different, shorter=probability)
        return probability

    def arrays(self) -> dict[str, NDArray[np.int64]]:
        """What is kept."""
        kept = {"size": np.array(self.size)}
        for length, counts in enumerate(self.counts, start=1):
            kept |= {f"keys_{length}": counts.keys, f"times_{length}": counts.times}
        return kept

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "NGram":
        """Read what :meth:`arrays` returned."""
        lengths = range(1, len(arrays) // 2 + 1)
        counts = tuple(Counts(keys=arrays[f"keys_{each}"], times=arrays[f"times_{each}"]) for each in lengths)
        return cls(size=int(arrays["size"]), counts=counts)


@dataclass(frozen=True, eq=False)
class NGramWriter:
    """Continues text by counts; its state is the last tokens.

    Attributes:
        ngram: the counts.
    """

    ngram: NGram

    def begin(self, prompt: Tokens) -> tuple[tuple[int, ...], NDArray[np.float64]]:
        """Read a prompt: the state after it, and the next token's probabilities."""
        return self._told(tuple(int(number) for number in prompt))

    def step(self, state: Any, token: int) -> tuple[tuple[int, ...], NDArray[np.float64]]:
        """Read one more token."""
        return self._told((*cast("tuple[int, ...]", state), token))

    def _told(self, read: tuple[int, ...]) -> tuple[tuple[int, ...], NDArray[np.float64]]:
        kept = read[max(0, len(read) - self.ngram.order + 1) :] if self.ngram.order > 1 else ()
        return kept, self.ngram.probabilities(kept)


def _mixed(
    times: NDArray[np.int64], seen: NDArray[np.int64], different: NDArray[np.int64], *, shorter: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(np.where(seen > 0, (times + different * shorter) / np.maximum(seen + different, 1), shorter))


def _runs(numbers: Tokens, *, length: int, size: int) -> Keys:
    """Each run of a text as one number, ``(tokens - length + 1,)``."""
    count = max(0, len(numbers) - length + 1)
    keys = np.zeros(count, dtype=np.int64)
    for place in range(length):
        keys = keys * size + numbers[place : place + count]
    return keys


def _key(tokens: Sequence[int], *, size: int) -> int:
    key = 0
    for token in tokens:
        key = key * size + token
    return key


def _longest(size: int) -> int:
    """Tokens of a run that is one number.

    >>> _longest(67), _longest(30_000)
    (10, 4)
    """
    return int(_BITS / np.log2(max(size, FIRST + 1)))
