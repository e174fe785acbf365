"""A pipeline that predicts text: how it goes on."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.frozen import Frozen
from daycast.storage.terms.text_model import TextModelSpec
from daycast.storage.terms.words import TokenKind


class Samples(Frozen):
    """The texts that each run writes into ``texts``.

    Attributes:
        count: how many; 0 is none.
        length: characters of each.
        temperature: below 1 what is probable is drawn more often; towards 0, the most probable alone.
        top_k: only this many of the most probable tokens are drawn from; none draws from all.
        top_p: only the most probable tokens that together have at least this probability; none draws from all.
        prompt: what they go on from; nothing begins anywhere.
        seed: of the first one; each further one has the next.
    """

    count: int = Field(default=3, ge=0, le=1_000)
    length: int = Field(default=400, gt=0, le=1_000_000)
    temperature: float = Field(default=0.8, gt=0, le=100)
    top_k: int | None = Field(default=None, gt=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    prompt: Annotated[str, StringConstraints(max_length=10_000, strip_whitespace=False)] = ""
    seed: int = Field(default=7, ge=0, le=2**53)


class TextPipeline(AnyPipeline):
    """Text that goes on, one file or many in an order.

    Attributes:
        token: what is read and written one after the other: a ``character`` or a ``word``.
        vocabulary: tokens that are known at most, the most frequent ones of the training part; none knows all.
        lookback: tokens of a training window.
        samples: the texts that each run writes.
    """

    predicts: Literal["text"]
    token: TokenKind = "character"  # noqa: S105 — a word or a letter, and no secret
    vocabulary: int | None = Field(default=None, gt=3, le=1_000_000)
    lookback: int = Field(default=128, gt=0)
    model: TextModelSpec = TextModelSpec()
    samples: Samples = Samples()

    @model_validator(mode="after")
    def _goes_on(self) -> Self:
        if self.model.bidirectional or self.model.pooling != "last":
            raise ValueError(
                "a network that continues text reads it once, in its order, without bidirectional and pooling. "
                f"Received: bidirectional = {str(self.model.bidirectional).lower()}, pooling = {self.model.pooling!r}"
            )
        if self.model.word_vectors != "random" or self.model.word_dropout:
            raise ValueError(
                "a network that continues text learns its tokens by what follows them; word_vectors and word_dropout "
                f'belong to predicts = "labels". Received: word_vectors = {self.model.word_vectors!r}, '
                f"word_dropout = {self.model.word_dropout:g}"
            )
        return self

    @property
    def of_files(self) -> bool:
        """Whether the text is that of files, in the order of their names, and not of a table's rows."""
        return False

    def as_sample(self) -> "TextPipeline":
        """The same pipeline on generated data, under a name that says so."""
        return self._sampled(TextPipeline, real=("split",))
