"""What a pipeline on the ``ett`` feed says beside what every pipeline says."""

from typing import Self

from pydantic import Field, model_validator

from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.values import OneLine, Url


class EttPipeline(Pipeline):
    """A pipeline on the ``ett`` feed.

    Attributes:
        path: of the file; it counts from the folder in which daycast runs.
        url: of the file; the public one where neither is given.
    """

    path: OneLine | None = None
    url: Url | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _is_at_one_place(self) -> Self:
        if self.path and self.url:
            raise ValueError("the feed 'ett' reads path or url. Received: both. Remove one")
        return self
