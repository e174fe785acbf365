"""The network of a pipeline that reads text: its table ``model`` of the pipeline file."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from daycast.storage.terms.network import ModelSpec

Pooling = Literal["last", "max", "mean"]
WordVectors = Literal["random", "neighbours"]
_OF_VALUES = ("segment", "normalization", "cycle", "linear", "ridge_share", "ridges", "loss")


class TextModelSpec(ModelSpec):
    """A network behind an embedding. Beside what is its own it takes the keys of every network that are not of values.

    Attributes:
        embedding: numbers that stand for a token.
        pooling: what becomes of the states over a document's steps: the last one, or each unit's largest or mean.
        word_vectors: what the embedding begins with: numbers at random, or for each word what the training documents
            say of it by the words that stand beside it; not for running text.
        word_dropout: share of a document's words that are unknown ones while training, others each epoch; not for
            running text.
    """

    embedding: Annotated[int, Field(gt=0, le=4096)] = 64
    pooling: Pooling = "last"
    word_vectors: WordVectors = "random"
    word_dropout: float = Field(default=0.0, ge=0.0, lt=1.0)

    @model_validator(mode="after")
    def _reads_tokens(self) -> Self:
        if self.segmented:
            raise ValueError(f"a network that reads text has the cell simple_rnn, lstm or gru. Received: {self.cell!r}")
        if given := sorted(set(_OF_VALUES) & self.model_fields_set):
            raise ValueError(f"keys of a network that reads text are required. Received: {', '.join(given)}")
        return self
