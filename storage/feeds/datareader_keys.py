"""What a pipeline on the ``datareader`` feed says beside what every pipeline says."""

from pydantic import Field

from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.values import OneLine, Url


class DataReaderPipeline(Pipeline):
    """A pipeline on the ``datareader`` feed.

    Attributes:
        source: of the statistics, as pandas-datareader calls it.
        url: the address of a mirror.
    """

    source: OneLine = "fred"
    url: Url | None = Field(default=None, repr=False)
