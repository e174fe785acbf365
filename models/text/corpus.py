"""Text that goes on, cut by its order into training, validation and test."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from daycast.models.text.tokens import characters, words
from daycast.storage.terms.rules import SplitSpec
from daycast.storage.terms.words import TokenKind

PARTS = ("training", "validation", "test")
HELD_OUT = PARTS[1:]


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Where the parts of a text begin and end, in tokens.

    Attributes:
        begin: of training.
        training: its end.
        validation: its end.
        test: its end, which is the text's.
    """

    begin: int
    training: int
    validation: int
    test: int

    @classmethod
    def of(cls, tokens: int, *, split: SplitSpec) -> "Cut":
        """Cut a text: the newest tokens are the test part, those before them validation.

        >>> Cut.of(100, split=SplitSpec(validation=0.2, test=10))
        Cut(begin=0, training=70, validation=90, test=100)
        """
        last, held = (min(tokens, _size(part, of=tokens)) for part in (split.test, split.validation))
        validation = tokens - last
        training = max(0, validation - held)
        begin = 0 if split.training is None else max(0, training - split.training)
        return cls(begin=begin, training=training, validation=validation, test=tokens)

    @property
    def slices(self) -> dict[str, slice]:
        """By part."""
        ends = (self.begin, self.training, self.validation, self.test)
        return {part: slice(*ends[place : place + 2]) for place, part in enumerate(PARTS)}

    def short(self, lookback: int) -> str:
        """Why no network can be trained on the parts: each must be longer than the lookback, test aside; or nothing."""
        for part in PARTS[:2]:
            there = self.slices[part].stop - self.slices[part].start
            if there <= lookback:
                return (
                    f"a {part} part longer than the lookback of {lookback} tokens is required. Received: {there} of a "
                    f"text of {self.test}; make lookback smaller, or the text longer"
                )
        return ""


def joined(texts: Iterable[str], *, kind: TokenKind) -> Sequence[str]:
    r"""The tokens of texts that go on one after the other: a string of characters, or a list of words.

    >>> joined(["to be,\r\n", "or not"], kind="character"), joined(["to be,", "or not"], kind="word")
    ('to be,\nor not', ['to', 'be', 'or', 'not'])
    """
    if kind == "character":
        return "".join(map(characters, texts))
    return [word for text in texts for word in words(text)]


def in_lines(texts: Iterable[str]) -> list[str]:
    r"""Texts that are no parts of each other, each with an end of its line.

    >>> in_lines(["one", "two\n"])
    ['one\n', 'two\n']
    """
    return [text if text.endswith("\n") else f"{text}\n" for text in texts]


def length_of(tokens: Sequence[str]) -> int:
    """Characters of a text that is given as tokens: of words, with a space between two.

    >>> length_of("to be"), length_of(["to", "be"])
    (5, 5)
    """
    return len(tokens) if isinstance(tokens, str) else sum(map(len, tokens)) + max(0, len(tokens) - 1)


def _size(part: float, *, of: int) -> int:
    return round(part * of) if part < 1 else int(part)
