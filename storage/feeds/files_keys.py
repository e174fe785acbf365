"""What a pipeline on the ``files`` feed says beside what every pipeline says."""

from typing import Self

from pydantic import Field, model_validator

from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.values import OneLine, ZoneName


class FilesPipeline(Pipeline):
    """A pipeline on the ``files`` feed.

    Attributes:
        path: of the files; ``{symbol}`` stands for the symbol. It counts from the folder in which daycast runs.
        time: the column of times.
        symbol_column: the column of symbols, in one file with many symbols.
        timezone: of times that bear none.
    """

    path: OneLine = Field(min_length=1)
    time: OneLine = "date"
    symbol_column: OneLine | None = None
    timezone: ZoneName = "UTC"

    @model_validator(mode="after")
    def _tells_symbols_apart(self) -> Self:
        if "{symbol}" not in self.path and not self.symbol_column:
            raise ValueError(
                "the feed 'files' needs {symbol} in path, or symbol_column for one file with many symbols. "
                f"Received: path = {self.path!r}"
            )
        return self
