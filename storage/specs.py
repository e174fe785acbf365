"""What a pipeline is: the pipeline file as frozen models that forbid unknown keys.

``load_pipelines`` reads the TOML file; everything below the flow receives a :class:`Pipeline` and nothing else of it.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from storage.contracts import SAMPLE_PREFIX
from storage.errors import ConfigError

FeedName = Literal["yahoo", "datareader", "ett", "files", "sample"]
DifferenceKind = Literal["none", "absolute", "percent", "log"]
Cell = Literal["simple_rnn", "lstm", "gru"]
Loss = Literal["mae", "mse", "huber"]

_SYMBOL = re.compile(r"[A-Za-z0-9^][A-Za-z0-9^=._-]*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_FREQUENCY = re.compile(r"[1-9][0-9]*(min|h|D)|B")

_PositiveInt = Annotated[int, Field(gt=0)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Schedule(_Frozen):
    """When a pipeline runs.

    Attributes:
        cron: five fields, in the time zone given.
        timezone: an IANA name.
    """

    cron: str
    timezone: str = "UTC"

    @model_validator(mode="after")
    def _fires_once_a_day(self) -> Self:
        """Hold a cron to times that every day of its zone has, once."""
        from cronsim import CronSim, CronSimError

        try:
            zone = ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(
                f"a time zone is an IANA name, such as UTC or America/New_York. Received: {self.timezone!r}"
            ) from None
        try:
            fields = CronSim(self.cron, datetime(2026, 1, 1, tzinfo=zone))
        except CronSimError as error:
            raise ValueError(
                f"a cron has five fields, such as '30 18 * * 1-5'. Received: {self.cron!r} ({error})"
            ) from None
        times = {(hour, minute) for hour in fields.hours for minute in fields.minutes}
        if any((0, 30) <= moment < (3, 30) for moment in times) and _changes_clocks(zone):
            raise ValueError(
                "a cron must not fire between 00:30 and 03:30 local time, where the clocks change: such a run would be "
                f"missing on one night of the year and doubled on another. Received: {self.cron!r} in {self.timezone}. "
                'Choose another hour, or timezone = "UTC"'
            )
        return self


class ModelSpec(_Frozen):
    """The network of a pipeline and how it is fitted.

    Attributes:
        cell: the recurrent cell.
        units: the width of each stacked layer, first layer first.
        bidirectional: read the window in both directions.
        dropout: share of a layer's outputs left out while training.
        epochs: passes over the training windows at most; early stopping on validation may end sooner.
        batch_size: windows a step.
        learning_rate: Adam's.
        loss: what training minimises, in scaled units.
        patience: epochs without a better validation loss before training stops.
        seed: of the weights and of the order of windows.
    """

    cell: Cell = "lstm"
    units: tuple[_PositiveInt, ...] = Field(default=(64,), min_length=1)
    bidirectional: bool = False
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    epochs: int = Field(default=20, gt=0)
    batch_size: int = Field(default=64, gt=0)
    learning_rate: float = Field(default=1e-3, gt=0)
    loss: Loss = "mae"
    patience: int = Field(default=5, gt=0)
    seed: int = Field(default=7, ge=0)


class TrainingRules(_Frozen):
    """When ``auto`` retrains, and what a challenger must show.

    Attributes:
        retrain_every_days: a champion older than this is retrained from nothing.
        fine_tune_epochs: epochs of a fine-tune on new data; 0 turns fine-tuning off, and the champion is reused.
        min_skill: live skill below which the next run retrains; none never does. What counts are the network's
            forecasts of the last ``live_days`` that were made since it was last retrained.
        min_coverage_80: likewise, the share of actual values inside the 80 % interval.
        min_coverage_95: likewise.
        live_days: how far back these three look.
        live_forecasts: with fewer forecasts than this whose actual value came, they say nothing.
        margin: share by which a challenger's error must be below the champion's, and a network's below naive's.
        time_budget_seconds: training stops after this long and keeps the best weights so far.
    """

    retrain_every_days: float = Field(default=7, ge=0)
    fine_tune_epochs: int = Field(default=3, ge=0)
    min_skill: float | None = Field(default=None, lt=1)
    min_coverage_80: float | None = Field(default=None, ge=0, lt=0.8)
    min_coverage_95: float | None = Field(default=None, ge=0, lt=0.95)
    live_days: float = Field(default=30, gt=0)
    live_forecasts: int = Field(default=20, gt=0)
    margin: float = Field(default=0.01, ge=0, lt=1)
    time_budget_seconds: float = Field(default=1800, gt=0)


class SplitSpec(_Frozen):
    """How the history is cut by time: training first, then validation, then test.

    Attributes:
        training: a number of instants, or nothing for all that the other two leave.
        validation: a share of the history's instants (below 1) or a number of instants.
        test: likewise.
    """

    training: int | None = Field(default=None, gt=0)
    validation: float = Field(default=0.15, gt=0)
    test: float = Field(default=0.15, gt=0)

    @model_validator(mode="after")
    def _leaves_training(self) -> Self:
        shares = sum(part for part in (self.validation, self.test) if part < 1)
        if shares >= 1:
            raise ValueError(f"validation and test must leave a share for training. Received: {shares:g} together")
        return self


class Pipeline(_Frozen):
    """What is forecast together: a feed, its series, how they are prepared, a model, a schedule.

    Attributes:
        name: the table's name in the pipeline file.
        feed: where the observations come from.
        symbols: one series each.
        target: the column that is forecast.
        features: the columns that the network reads.
        calendar: an exchange's code of ``exchange_calendars`` (``XNYS``, ``24/7``) or a frequency (``1h``, ``B``).
        difference: one kind for every column, or a table column by column (those not named are ``none``).
        lookback: steps in.
        horizon: steps out.
        season: steps of a season, for the seasonal naive forecast; by default a day of hours or a week of days.
        fill_limit: instants in a row that a missing input may be carried forward; a missing target never is.
        start: the first instant that is asked of the feed.
        unit: of the target, for readers.
        split: how the history is cut.
        schedule: when it runs; none means by hand.
        retrain_schedule: when it is retrained from nothing, whatever ``auto`` would do; none means by hand.
        model: the network.
        training: when it is trained, and what it must show.
        path: of the ``files`` or ``ett`` feed; ``{symbol}`` stands for the symbol.
        url: of the ``ett`` feed; for ``yahoo`` and ``datareader`` the address of a mirror.
        time: the time column of the ``files`` feed.
        symbol_column: the symbol column of one file with many symbols.
        timezone: of the ``files`` feed's times where they bear none.
        source: the ``datareader`` source.
        stale_after_days: a newest observation older than this at ``as_of`` makes the run ``stale``; none never does.
    """

    name: str
    feed: FeedName
    symbols: tuple[str, ...] = Field(min_length=1)
    target: str
    features: tuple[str, ...] = Field(min_length=1)
    calendar: str
    difference: DifferenceKind | dict[str, DifferenceKind] = "none"
    lookback: int = Field(gt=0)
    horizon: int = Field(gt=0)
    season: int | None = Field(default=None, gt=0)
    fill_limit: int = Field(default=2, ge=0)
    start: date | None = None
    unit: str = ""
    split: SplitSpec = SplitSpec()
    schedule: Schedule | None = None
    retrain_schedule: Schedule | None = None
    model: ModelSpec = ModelSpec()
    training: TrainingRules = TrainingRules()
    path: str | None = None
    url: str | None = None
    time: str = "date"
    symbol_column: str | None = None
    timezone: str = "UTC"
    source: str = "fred"
    stale_after_days: float | None = Field(default=None, gt=0)

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"a pipeline's name is small letters, digits and _, letter first. Received: {name!r}")
        return name

    @field_validator("symbols")
    @classmethod
    def _plain_symbols(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        for symbol in symbols:
            if not _SYMBOL.fullmatch(symbol) or ".." in symbol:
                raise ValueError(f"a symbol is letters, digits and ^ = . _ - (no slash, no '..'). Received: {symbol!r}")
        if len(set(symbols)) != len(symbols):
            raise ValueError(f"each symbol may stand once. Received: {list(symbols)}")
        return symbols

    @field_validator("calendar")
    @classmethod
    def _known_calendar(cls, calendar: str) -> str:
        if _FREQUENCY.fullmatch(calendar):
            return calendar
        from exchange_calendars import get_calendar_names

        names = get_calendar_names(include_aliases=True)
        if calendar not in names:
            near = difflib.get_close_matches(calendar, names, n=3)
            hint = f" Near it: {', '.join(near)}." if near else ""
            raise ValueError(
                "a calendar is an exchange's code (XNYS, XLON, 24/7, …) or a frequency (15min, 1h, 1D, B). "
                f"Received: {calendar!r}.{hint}"
            )
        return calendar

    @field_validator("url")
    @classmethod
    def _http_only(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError(f"a url begins with http:// or https://. Received: {url!r}")
        return url

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if isinstance(self.difference, dict):
            unknown = set(self.difference) - set(self.columns)
            if unknown:
                raise ValueError(
                    f"difference names columns that are neither target nor features: {sorted(unknown)}. "
                    f"There are: {list(self.columns)}"
                )
        if self.feed == "files" and not self.path:
            raise ValueError("the feed 'files' needs path = \"…\" (with {symbol} in it, or with symbol_column)")
        if self.feed == "files" and "{symbol}" not in (self.path or "") and not self.symbol_column:
            raise ValueError("the feed 'files' needs {symbol} in path, or symbol_column for one file with many symbols")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns read from the lake: the features, and the target where it is not among them."""
        return self.features if self.target in self.features else (*self.features, self.target)

    @property
    def sessions(self) -> bool:
        """Whether the calendar is an exchange's, and not a frequency."""
        return _FREQUENCY.fullmatch(self.calendar) is None

    @property
    def sample(self) -> bool:
        """Whether the data are generated."""
        return self.feed == "sample"

    @property
    def start_at(self) -> datetime | None:
        """``start`` as an aware UTC instant."""
        return None if self.start is None else datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC)

    def difference_of(self, column: str) -> DifferenceKind:
        """The kind of differencing of one column."""
        if isinstance(self.difference, str):
            return self.difference
        return self.difference.get(column, "none")

    @property
    def season_length(self) -> int:
        """Steps of a season: a day of hours or minutes, otherwise a week of sessions or days."""
        if self.season is not None:
            return self.season
        if match := re.fullmatch(r"([0-9]+)(min|h)", self.calendar):
            minutes = int(match[1]) * (60 if match[2] == "h" else 1)
            return max(1, 24 * 60 // minutes)
        return 7 if self.calendar in {"24/7", "1D"} else 5

    def as_sample(self) -> "Pipeline":
        """The same pipeline on generated data, under a name that says so."""
        if self.sample and self.name.startswith(SAMPLE_PREFIX):
            return self
        # What belongs to the real data goes: where they are, how old they may be, how many instants there are of them.
        changes = {
            "name": f"{SAMPLE_PREFIX}{self.name}",
            "feed": "sample",
            "path": None,
            "url": None,
            "start": None,
            "split": SplitSpec(),
            "stale_after_days": None,
            "schedule": None,
            "retrain_schedule": None,
        }
        return self.model_copy(update=changes)


def load_pipelines(path: str | Path) -> dict[str, Pipeline]:
    """Read the pipeline file.

    Args:
        path: a TOML file with one table a pipeline.

    Returns:
        The pipelines by name, in the file's order.

    Raises:
        ConfigError: the file is missing, is not TOML, or a table in it is wrong; the message names file, table and key.
    """
    try:
        with Path(path).open("rb") as file:
            tables = tomllib.load(file)
    except FileNotFoundError:
        raise ConfigError(
            f"A pipeline file is required. Received: {path}, which does not exist. "
            "Set DAYCAST_PIPELINES to your file, or run from the project's folder."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The pipeline file must be readable TOML. Received: {path}: {error}") from None
    if not tables:
        raise ConfigError(f"The pipeline file must hold at least one table [name]. Received: {path}, which is empty.")
    return {name: parse_pipeline(name, table, where=str(path)) for name, table in tables.items()}


def parse_pipeline(name: str, table: Any, *, where: str = "the pipeline file") -> Pipeline:
    """Build one pipeline from its table.

    Raises:
        ConfigError: a key is unknown or a value is wrong.
    """
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where}: {name} must be a table, [{name}] with keys below it. Received: {table!r}.")
    if name.startswith(SAMPLE_PREFIX) and table.get("feed") != "sample":
        raise ConfigError(
            f"{where}: [{name}]: names that begin with {SAMPLE_PREFIX!r} are for generated data. Choose another name."
        )
    if table.get("feed") == "sample" and not name.startswith(SAMPLE_PREFIX):
        raise ConfigError(
            f"{where}: [{name}]: a pipeline on the feed 'sample' must be named {SAMPLE_PREFIX}…, "
            "so that its rows are never taken for real ones."
        )
    if "name" in table:
        raise ConfigError(f"{where}: [{name}]: unknown key 'name'. The table's name is the pipeline's.")
    try:
        return Pipeline.model_validate({"name": name, **table})
    except ValidationError as error:
        problems = "; ".join(_explain(name, problem) for problem in error.errors())
        raise ConfigError(f"{where}: {problems}") from None


def choose_pipelines(pipelines: Mapping[str, Pipeline], names: list[str], *, sample: bool) -> list[Pipeline]:
    """The pipelines named, or all of them, on generated data if asked.

    Raises:
        ConfigError: a name is not in the file.
    """
    known = {**pipelines, **{f"{SAMPLE_PREFIX}{name}": spec.as_sample() for name, spec in pipelines.items()}}
    for name in names:
        if name not in known:
            raise ConfigError(
                f"A pipeline of the pipeline file is required: {', '.join(pipelines)}. Received: {name!r}."
            )
    chosen = [known[name] for name in names] if names else list(pipelines.values())
    return [spec.as_sample() for spec in chosen] if sample else chosen


def _changes_clocks(zone: ZoneInfo) -> bool:
    offsets = {datetime(2026, month, 1, tzinfo=zone).utcoffset() for month in range(1, 13)}
    return len(offsets) > 1


def _explain(name: str, problem: Any) -> str:
    location = ".".join(str(part) for part in problem["loc"])
    table = f"[{name}]"
    if problem["type"] == "extra_forbidden":
        *parents, key = problem["loc"]
        keys = sorted(_keys(parents))
        near = difflib.get_close_matches(str(key), keys, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"{table}: unknown key {location!r}. The keys there are: {', '.join(keys)}.{hint}"
    if problem["type"] == "missing":
        return f"{table}: the key {location!r} is required"
    message = problem["msg"].removeprefix("Value error, ")
    received = "" if "Received" in message else f". Received: {problem['input']!r}"
    return f"{table}: {location + ': ' if location else ''}{message}{received}"


def _keys(parents: list[Any]) -> set[str]:
    model: type[BaseModel] = Pipeline
    for parent in parents:
        model = next(_models(model.model_fields[str(parent)].annotation), model)
    return set(model.model_fields) - {"name"}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if get_origin(annotation) in {Union, UnionType}:
        for part in get_args(annotation):
            yield from _models(part)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
