"""What a pipeline on the ``files`` feed says beside what every pipeline says."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, field_validator, model_validator

from daycast.storage.terms.encoding_name import EncodingName
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.values import OneLine, ZoneName

UNIX = ("unix", "unix_ms", "unix_us", "unix_ns")


def _dated(form: str) -> str:
    """Hold a format to one from which a day can be read."""
    if form in UNIX:
        return form
    moment = datetime(2024, 11, 25)  # noqa: DTZ001 — a wall clock
    try:
        read = datetime.strptime(moment.strftime(form.replace("%z", "+0000")), form)  # noqa: DTZ007
    except ValueError:
        read = None
    if read is None or read.date() != moment.date():
        raise ValueError(
            f"a time_format is one of strptime with year, month and day, such as %d-%b-%Y %H:%M, or one of "
            f"{', '.join(UNIX)}. Received: {form[:80]!r}"
        )
    return form


Sign = Annotated[str, StringConstraints(min_length=1, max_length=1, strip_whitespace=False)]


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet by its name; a folder is one of Parquet parts."""
    return path.suffix.lower() in {".parquet", ".pq"} or path.is_dir()


class FilesPipeline(Pipeline):
    """A pipeline on the ``files`` feed.

    Attributes:
        path: of the files; ``{symbol}`` stands for the symbol. It counts from the folder in which daycast runs. A
            folder of Parquet parts, as Spark and Dask write it, is one file.
        time: the column of times; or several, such as ``["Date", "Time"]``, whose texts make the time together.
        symbol_column: the column of symbols, in one file with many symbols.
        symbols_as: ``columns`` where a file has a column a symbol, and ``target`` is a name of your choice; or several
            a symbol, as yfinance writes many tickers.
        columns_named: the files' names of columns, where the pipeline calls them otherwise: ``{ close = "Schluss" }``.
        available_at: the column that says since when a row is known, in ISO 8601; of several rows of an instant the one
            known last counts, as of an earlier time the one known then. Without it a value is known when the calendar
            has it known.
        timezone: of times that bear none, UTC where nothing is said; and of days that are written as instants in UTC.
        time_format: of times that are not ISO 8601, in the letters of strptime (``%d-%b-%Y``); or ``unix``,
            ``unix_ms``, ``unix_us``, ``unix_ns``.
        encoding: of a CSV that is not UTF-8, such as ``gbk``, ``cp1252``, ``utf-16``.
        separator: between the fields of a CSV; one of ``,`` ``;`` ``|`` and tab is found by the header.
        decimal: the sign before the decimals of a CSV's numbers.
        thousands: the sign between the groups of digits of a CSV's numbers.
        resample: for times that keep to no grid: ``mean`` or ``last`` of what was observed from one instant of the
            calendar to the next, known when the next one comes.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    symbols: tuple[str, ...] = ()
    path: OneLine = Field(min_length=1)
    time: OneLine | tuple[OneLine, ...] = "date"
    symbol_column: OneLine | None = None
    symbols_as: Literal["columns"] | None = None
    columns_named: Mapping[OneLine, OneLine] = Field(default_factory=dict, alias="columns")
    available_at: OneLine | None = None
    timezone: ZoneName | None = None
    time_format: Annotated[OneLine, AfterValidator(_dated)] | None = None
    encoding: EncodingName | None = None
    separator: Sign | None = None
    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'", "_", "’"] | None = None
    resample: Literal["mean", "last"] | None = None

    @field_validator("symbols", mode="before")
    @classmethod
    def _all_symbols(cls, symbols: Any) -> Any:
        if symbols == "all":
            return ()
        if isinstance(symbols, list) and not symbols:
            raise ValueError('one symbol at least is named, or "all" takes every one of the file. Received: none')
        return symbols

    @property
    def dated(self) -> bool:
        """Where ``available_at`` is given."""
        return self.available_at is not None

    @property
    def apart(self) -> bool:
        """A file a symbol, or Parquet; a text of many symbols is read once, by one."""
        return "{symbol}" in self.path or is_parquet(Path(self.path))

    @model_validator(mode="after")
    def _tells_symbols_apart(self) -> Self:
        if self.takes_all and ("{symbol}" in self.path or self.symbol_column is None):
            raise ValueError(
                "symbols must be named, but for one file with many symbols: then symbol_column says which column holds "
                f"them, and every one is taken. Received: path = {self.path!r}, and neither symbols nor symbol_column"
            )
        alone = len(self.symbols) == 1 or self.symbols_as is not None or self.symbol_column is not None
        if "{symbol}" not in self.path and not alone:
            raise ValueError(
                "the feed 'files' needs, for more than one symbol, {symbol} in path, or symbol_column for one file "
                f'with many symbols, or symbols_as = "columns" for a column a symbol. Received: path = {self.path!r}'
            )
        if self.symbols_as and self.symbol_column:
            raise ValueError(
                f'symbols_as = "columns" needs no symbol_column. Received: symbol_column = {self.symbol_column!r}'
            )
        if self.available_at and (self.symbols_as or self.resample):
            key = "symbols_as" if self.symbols_as else "resample"
            raise ValueError(f"available_at is of whole rows as they stand, and goes without {key}. Received: both")
        return self

    @model_validator(mode="after")
    def _reads_values(self) -> Self:
        times = (self.time,) if isinstance(self.time, str) else self.time
        self.require_values((*times, self.symbol_column, self.available_at), named=self.columns_named)
        return self

    @model_validator(mode="after")
    def _tells_numbers_apart(self) -> Self:
        if self.thousands == self.decimal:
            raise ValueError(f"decimal and thousands must differ. Received: {self.decimal!r} for both")
        if not isinstance(self.time, str) and len(set(self.time)) < max(len(self.time), 1):
            raise ValueError(f"time is a column, or a list of different ones. Received: {self.time!r}")
        return self
