"""A pipeline that predicts values of series, as frozen models that forbid unknown keys."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.calendar_name import check_calendar
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.facts import Fact, is_fact, means_fact, width_of
from daycast.storage.terms.frequency import Frequency
from daycast.storage.terms.network import ModelSpec
from daycast.storage.terms.rules import TrainingRules
from daycast.storage.terms.text import listed
from daycast.storage.terms.values import OneLine
from daycast.storage.terms.words import RESERVED

DifferenceKind = Literal["none", "absolute", "percent", "log"]

SYMBOL_PATTERN = r"[A-Za-z0-9^][A-Za-z0-9^=._&+-]{0,63}"
"""What a symbol is: part of a series' name and, where the path says so, of a file's."""
_SYMBOL = re.compile(SYMBOL_PATTERN)
_SAMPLES = ("A", "B", "C")
"""The generated symbols of a pipeline that takes those of its file."""
_WIDEST = 8192
"""Inputs of a ridge regression at most: its equations take half a GiB then."""
_CANDIDATES = 8
"""Networks at most beside the one of ``model``: each is trained in turn, in its part of the time."""
_OF_REAL_DATA = ("start", "split", "stale_after_days", "from_labels")
"""Keys that say where real data begin, how many instants there are of them, how old they may be, who gives more."""
_LABEL_OF = re.compile(r"[a-z][a-z0-9_]{0,63}:\S(.*\S)?")


class Pipeline(AnyPipeline):
    """What is forecast together: a feed, its series, how they are prepared, a model, a schedule.

    Attributes:
        symbols: one series each; of one file with a symbol column ``"all"``, or nothing, is every symbol in it.
        target: the column that is forecast.
        features: the columns that the network reads.
        calendar: an exchange's code of ``exchange_calendars`` (``XNYS``, ``24/7``) or a frequency of pandas
            (``1h``, ``B``, ``W-FRI``, ``MS``).
        known: facts of the calendar that are known of each lead before it comes: ``hour``, ``weekday`` (both in UTC,
            or in a time zone: ``hour:Europe/Berlin``), ``month``, ``session_of_week``, ``days_to_month_end``,
            ``holiday:DE``; and, where ``available_at`` says since when each row is known, columns whose future is
            given. The network reads them beside what it makes of the past, and ridge does.
        from_labels: features that pipelines give which predict labels: ``{ mood = "headlines:positive" }`` is the mean
            probability of ``positive`` of the documents that ``headlines`` told of since the instant before. What is
            read runs first.
        network: ``all`` trains one network for all series, ``shard`` one for each shard of up to 500 of them, several
            at once.
        candidates: further networks, each a table as ``model``, that are trained beside it on a retrain; the one with
            the least error on validation becomes the version's.
        difference: one kind for every column, or a table column by column (those not named are ``none``). A column of
            ``from_labels`` is read as it is unless it is named.
        lookback: steps in.
        horizon: steps out.
        season: steps of a season, for the seasonal naive forecast; by default a day of hours, a week of days or a
            year of weeks and months.
        fill_limit: instants in a row that a missing input may be carried forward; a missing target never is.
        start: the first instant that is asked of the feed.
        unit: of the target, for readers.
        stale_after_days: a series whose newest observation is older than this at ``as_of`` is ``stale``; by default one
            that lacks more than three instants of its calendar.
    """

    predicts: Literal["values"] = "values"
    symbols: tuple[str, ...] = Field(min_length=1)
    target: OneLine
    features: tuple[OneLine, ...] = Field(min_length=1)
    calendar: str
    known: tuple[str, ...] = ()
    from_labels: dict[OneLine, str] = Field(default_factory=dict)
    network: Literal["all", "shard"] = "all"
    candidates: tuple[ModelSpec, ...] = Field(default=(), max_length=_CANDIDATES)
    difference: DifferenceKind | dict[str, DifferenceKind] = "none"
    lookback: int = Field(gt=0)
    horizon: int = Field(gt=0)
    season: int | None = Field(default=None, gt=0)
    fill_limit: int = Field(default=2, ge=0)
    start: date | None = None
    unit: OneLine = ""
    training: TrainingRules = TrainingRules()
    stale_after_days: float | None = Field(default=None, gt=0)

    @field_validator("symbols")
    @classmethod
    def _plain_symbols(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        for symbol in symbols:
            if not _SYMBOL.fullmatch(symbol) or ".." in symbol:
                raise ValueError(
                    f"a symbol is up to 64 letters, digits and ^ = . _ & + - (no slash, no '..'). Received: {symbol!r}"
                )
        if len(set(symbols)) != len(symbols):
            raise ValueError(f"each symbol may stand once. Received: {list(symbols)}")
        return symbols

    @field_validator("calendar")
    @classmethod
    def _known_calendar(cls, calendar: str) -> str:
        return check_calendar(calendar)

    @field_validator("features")
    @classmethod
    def _plain_features(cls, features: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(features)) != len(features):
            raise ValueError(f"each feature may stand once. Received: {list(features)}")
        return features

    @model_validator(mode="after")
    def _knows_what_there_is(self) -> Self:
        meant = [Fact.parse(name) if is_fact(name) else name for name in self.known]
        if len(set(meant)) != len(meant):
            raise ValueError(f"each name may stand once in known. Received: {list(self.known)}")
        if "" in meant:
            raise ValueError(f"known has names of facts and columns. Received: an empty one, {list(self.known)}")
        if self.target in self.known:
            raise ValueError(f"known cannot name the target, which is what is forecast. Received: {self.target!r}")
        for name in self.known:
            if means_fact(name) or not self.dated:  # any other is a column, which the feed has or has not
                Fact.parse(name).require_suits(self.calendar)
        return self

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if isinstance(self.difference, dict):
            unknown = set(self.difference) - set(self.columns)
            if unknown:
                raise ValueError(
                    f"difference names columns that are neither target nor features: {sorted(unknown)}. "
                    f"There are: {list(self.columns)}"
                )
        if taken := sorted(RESERVED & {*self.columns, *self.known_columns}):
            raise ValueError(f"target and features cannot have names of daycast's own. Received: {', '.join(taken)}")
        return self

    def require_values(self, of_rows: Iterable[str | None], *, named: Mapping[str, str]) -> None:
        """Raise ValueError where a column is to be read that tells of rows, and holds no values.

        Args:
            of_rows: the source's columns of times and symbols, as they are written there.
            named: how the source writes names that it has otherwise.
        """
        taken = [name for name in (*self.columns, *self.known_columns) if named.get(name, name) in set(of_rows)]
        if taken:
            raise ValueError(
                f"target, features and known are columns of values. Received: {listed(taken)}, which tells of when or "
                "whose a row is"
            )

    @model_validator(mode="after")
    def _reads_labels(self) -> Self:
        for column, source in self.from_labels.items():
            if not _LABEL_OF.fullmatch(source):
                raise ValueError(
                    "from_labels gives each column as pipeline:label, such as 'headlines:positive'. "
                    f"Received: {column} = {source!r}"
                )
            if column not in self.features or column == self.target:
                raise ValueError(
                    f"a column of from_labels is one of the features, and not the target. Received: {column!r}; the "
                    f"features are: {list(self.features)}"
                )
        return self

    @model_validator(mode="after")
    def _suits_the_model(self) -> Self:
        for model in self.networks:
            self._suits(model)
        if len(set(map(repr, self.networks))) < len(self.networks):
            raise ValueError("model and candidates are networks of different settings. Received: two that are alike")
        return self

    def _suits(self, model: ModelSpec) -> None:
        if model.segmented and self.lookback % model.segment:
            raise ValueError(f"lookback must be a multiple of segment, {model.segment}. Received: {self.lookback}")
        if (model.normalization != "none" or model.cycle) and self.target not in self.features:
            raise ValueError(
                f"normalization and cycle need the target {self.target!r} among the features. "
                f"Received: {list(self.features)}"
            )
        if model.cycle and self.sessions:
            raise ValueError(f"cycle needs a calendar that is a frequency, such as 1h. Received: {self.calendar!r}")
        if model.ridge_share and (width := self.lookback * len(self.features)) > _WIDEST:
            raise ValueError(f"ridge_share solves for lookback × features, at most {_WIDEST}. Received: {width}")

    @property
    def networks(self) -> tuple[ModelSpec, ...]:
        """The model and its candidates."""
        return self.model, *self.candidates

    def with_network(self, model: ModelSpec) -> Self:
        """The same pipeline with one network alone."""
        return self.model_copy(update={"model": model, "candidates": ()})

    @property
    def takes_all(self) -> bool:
        """Whether its series are whatever symbols its file has; a run finds out which these are."""
        return not self.symbols

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that windows are made of: the features, and the target where it is not among them."""
        return self.features if self.target in self.features else (*self.features, self.target)

    @property
    def fetched(self) -> tuple[str, ...]:
        """Those of them that the feed has."""
        return tuple(column for column in self.columns if column not in self.from_labels)

    @property
    def reads(self) -> tuple[str, ...]:
        """The pipelines whose labels it reads, each once."""
        return tuple(dict.fromkeys(source.partition(":")[0] for source in self.from_labels.values()))

    @property
    def dated(self) -> bool:
        """Whether the feed says since when each row is known, so that columns of it can be known ahead."""
        return False

    @property
    def known_facts(self) -> tuple[str, ...]:
        """Those of ``known`` that the calendar tells."""
        return tuple(name for name in self.known if is_fact(name))

    @property
    def known_columns(self) -> tuple[str, ...]:
        """Those of ``known`` that the feed tells, each with the instant since when."""
        return tuple(name for name in self.known if not is_fact(name))

    @property
    def known_width(self) -> int:
        """How many columns are known of each lead."""
        return width_of(self.known_facts) + len(self.known_columns)

    @property
    def read(self) -> tuple[str, ...]:
        """The columns that the feed is asked for."""
        return (*self.fetched, *(name for name in self.known_columns if name not in self.columns))

    @property
    def sessions(self) -> bool:
        """Whether the calendar is an exchange's, and not a frequency."""
        return Frequency.parse(self.calendar) is None

    @property
    def apart(self) -> bool:
        """Whether several may fetch at once, each some of the symbols, and none reads what another reads.

        Feeds on a network keep to one, which heeds their limits.
        """
        return self.sample

    @property
    def start_at(self) -> datetime | None:
        """``start`` as an aware UTC instant."""
        return None if self.start is None else datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC)

    def difference_of(self, column: str) -> DifferenceKind:
        """The kind of differencing of one column."""
        if isinstance(self.difference, str):
            return "none" if column in self.from_labels else self.difference
        return self.difference.get(column, "none")

    @property
    def season_length(self) -> int:
        """Steps of a season: of a frequency its own, otherwise a week of sessions."""
        if self.season is not None:
            return self.season
        if frequency := Frequency.parse(self.calendar):
            return frequency.season
        return 7 if self.calendar == "24/7" else 5

    def as_sample(self) -> "Pipeline":
        """The same pipeline on generated data, under a name that says so."""
        sampled = self._sampled(Pipeline, real=_OF_REAL_DATA)
        there = {"symbols": self.symbols or _SAMPLES, "known": self.known_facts}
        return sampled if sampled is self else sampled.model_copy(update=there)


def require_values(spec: AnyPipeline) -> Pipeline:
    """Hold a pipeline to one that predicts values.

    Raises:
        ConfigError: it predicts something else.
    """
    if isinstance(spec, Pipeline):
        return spec
    raise ConfigError(
        f"A pipeline that predicts values is required. Received: {spec.name}, which predicts {spec.predicts}."
    )
