"""The tokens that a network knows, and documents as their numbers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from daycast.models.text.tokens import split
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.words import TokenKind

PADDING = 0
"""The number of what stands after a document's end."""
UNKNOWN = 1
"""The number of every token that the vocabulary does not have."""
FIRST = 2
"""The number of the most frequent token."""
_SPECIAL = ("", "[UNK]")
LEAST = 2
"""Tokens at least, beside padding and the unknown one: with one word alone there is nothing to tell apart."""

Tokens = NDArray[np.int32]


@dataclass(frozen=True)
class Vocabulary:
    """Tokens by number, as Keras' ``TextVectorization`` numbers them.

    Attributes:
        kind: ``word`` or ``character``.
        tokens: padding, the unknown token, then the others from the most frequent on; of two that are as frequent, the
            later one by code point first.
    """

    kind: TokenKind
    tokens: tuple[str, ...]

    @classmethod
    def fit(cls, texts: Iterable[str], *, kind: TokenKind, size: int | None = None) -> "Vocabulary":
        """Count the tokens of documents, one after the other, and keep the most frequent.

        Args:
            texts: the training documents, and no others.
            kind: what is counted.
            size: tokens at most, padding and the unknown one included; none keeps all.

        Raises:
            DataError: the documents have fewer than two different tokens.

        >>> Vocabulary.fit(["hello world", "good morning"], kind="word").tokens
        ('', '[UNK]', 'world', 'morning', 'hello', 'good')
        """
        return cls.of((token for text in texts for token in split(text, kind=kind)), kind=kind, size=size)

    @classmethod
    def of(cls, tokens: Iterable[str], *, kind: TokenKind, size: int | None = None) -> "Vocabulary":
        """Likewise, of what is cut into tokens already."""
        counts = Counter(tokens)
        if len(counts) < LEAST:
            raise DataError(
                f"Training documents with at least {LEAST} different {kind}s are required. Received: {len(counts)}. "
                "Look at what the text column holds, and at the first documents."
            )
        ranked = sorted(sorted(counts, reverse=True), key=lambda token: -counts[token])
        return cls(kind=kind, tokens=(*_SPECIAL, *ranked[: None if size is None else max(0, size - FIRST)]))

    def first(self, size: int) -> "Vocabulary":
        """The vocabulary of that size of the same documents: the most frequent of its tokens."""
        return Vocabulary(kind=self.kind, tokens=self.tokens[:size])

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Numbers by token."""
        return {token: number for number, token in enumerate(self.tokens) if number >= FIRST}

    def encode(self, text: str) -> Tokens:
        """A document's tokens as numbers, ``(tokens,)`` int32, however many they are.

        >>> Vocabulary.fit(["hello world", "good morning"], kind="word").encode("Hello, new world!").tolist()
        [4, 1, 2]
        """
        return self.encoded(split(text, kind=self.kind))

    def encoded(self, tokens: Iterable[str]) -> Tokens:
        """Tokens as numbers."""
        numbers = self.numbers
        return np.fromiter((numbers.get(token, UNKNOWN) for token in tokens), dtype=np.int32)

    def decode(self, numbers: Iterable[int]) -> str:
        """The text of numbers: characters one after the other, words with spaces between; padding gives nothing.

        >>> Vocabulary.fit(["hello world"], kind="character").decode([3, 4, 2])
        'owl'
        """
        joint = " " if self.kind == "word" else ""
        return joint.join(self.tokens[number] for number in numbers if number != PADDING)

    def unknown(self, text: str) -> list[str]:
        """The tokens of a text that the vocabulary does not have, each once, in order."""
        return list(dict.fromkeys(token for token in split(text, kind=self.kind) if token not in self.numbers))

    def state(self) -> dict[str, Any]:
        """All of it, as JSON knows it."""
        return {"kind": self.kind, "tokens": list(self.tokens[FIRST:])}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Vocabulary":
        """Read what :meth:`state` returned."""
        return cls(kind=cast("TokenKind", state["kind"]), tokens=(*_SPECIAL, *state["tokens"]))
