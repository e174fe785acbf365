"""What a pipeline on the ``sql`` feed says beside what every pipeline says."""

import re
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.values import OneLine, ZoneName

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_LONGEST = 20_000


def _variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise ValueError(
            "url_from is the name of a variable of the environment that holds the URL, such as WAREHOUSE_URL; the URL "
            "itself, with its password, has no place in the pipeline file. Received: a value that is not shown"
        )
    return name


class SqlPipeline(Pipeline):
    """A pipeline on the ``sql`` feed.

    Attributes:
        url_from: the variable of the environment that holds the database's SQLAlchemy URL.
        table: where the rows are, with its schema (``sales.daily``) where it has one.
        query: in place of a table, a SELECT that gives them.
        time: the column of times.
        symbol_column: the column of symbols; none is needed for one symbol.
        columns_named: the database's names of columns, where the pipeline calls them otherwise.
        available_at: the column that says since when a row is known; of several rows of an instant the one known last
            counts, as of an earlier time the one known then. Without it a value is known when the calendar has it
            known.
        timezone: of times that bear none, UTC where nothing is said.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    url_from: Annotated[str, AfterValidator(_variable)]
    table: OneLine | None = None
    query: str | None = Field(default=None, max_length=_LONGEST)
    time: OneLine = "date"
    symbol_column: OneLine | None = None
    columns_named: Mapping[OneLine, OneLine] = Field(default_factory=dict, alias="columns")
    available_at: OneLine | None = None
    timezone: ZoneName | None = None

    @property
    def dated(self) -> bool:
        """Where ``available_at`` is given."""
        return self.available_at is not None

    @property
    def apart(self) -> bool:
        """A query a shard."""
        return True

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if bool(self.table) == bool(self.query):
            said = "both" if self.table else "neither"
            raise ValueError(f"the feed 'sql' needs table or query, and not both. Received: {said}")
        if len(self.symbols) > 1 and not self.symbol_column:
            raise ValueError(f"more than one symbol needs symbol_column. Received: symbols = {list(self.symbols)[:5]}")
        return self

    @model_validator(mode="after")
    def _reads_values(self) -> Self:
        self.require_values((self.time, self.symbol_column, self.available_at), named=self.columns_named)
        return self
