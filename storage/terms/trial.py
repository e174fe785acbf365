"""A trial of the text benchmarks: a table of their file of settings."""

from typing import Literal

from pydantic import Field, field_validator

from daycast.storage.terms.frozen import Frozen
from daycast.storage.terms.text_model import TextModelSpec


class Trial(Frozen):
    """A network on one of the two public texts.

    Attributes:
        name: the table's name.
        data: ``imdb`` or ``shakespeare``.
        model: the network.
        length: words read of a review.
        vocabulary: words that are known.
        lookback: characters of a training window.
        time_budget_seconds: training stops after this long and keeps the best weights so far.
    """

    name: str
    data: Literal["imdb", "shakespeare"]
    model: TextModelSpec
    length: int = Field(default=400, gt=0)
    vocabulary: int = Field(default=30_000, gt=2)
    lookback: int = Field(default=128, gt=0)
    time_budget_seconds: float = Field(default=6 * 3600, gt=0)

    @field_validator("name")
    @classmethod
    def _fit_for_a_file(cls, name: str) -> str:
        if not name.replace("_", "").isalnum():
            raise ValueError(f"a trial's name is letters, digits and _. Received: {name!r}")
        return name
