"""What a pipeline on the ``yahoo`` feed says beside what every pipeline says."""

from pydantic import Field

from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.values import Url


class YahooPipeline(Pipeline):
    """A pipeline on the ``yahoo`` feed.

    Attributes:
        url: the address of a mirror.
    """

    url: Url | None = Field(default=None, repr=False)
