"""What a pipeline is: a table of the pipeline file as frozen models that forbid unknown keys.

The room ``config`` reads the file; everything below the flow receives a :class:`Pipeline` and nothing else of it. The
keys that only one feed has stand beside that feed, in a class that adds them to this one.
"""

import re
from datetime import UTC, date, datetime
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from daycast.storage.terms.calendar_name import check_calendar
from daycast.storage.terms.frequency import Frequency
from daycast.storage.terms.frozen import Frozen
from daycast.storage.terms.network import ModelSpec
from daycast.storage.terms.schedule import Schedule
from daycast.storage.terms.values import OneLine
from daycast.storage.terms.words import RESERVED, SAMPLE, SAMPLE_PREFIX

DifferenceKind = Literal["none", "absolute", "percent", "log"]

_SYMBOL = re.compile(r"[A-Za-z0-9^][A-Za-z0-9^=._&+-]{0,63}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_WIDEST = 8192
"""Inputs of a ridge regression at most: its equations take half a GiB then."""
_OF_REAL_DATA = {"start", "split", "stale_after_days", "schedule", "retrain_schedule"}
"""Keys that say where real data begin, how many instants there are of them, how old they may be, when they come."""


class TrainingRules(Frozen):
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
        windows: training windows at most, drawn evenly over series and time with the network's seed; none takes all.
        time_budget_seconds: training stops after this long by the clock and keeps the best weights so far; the run's
            message and a remark say so.
    """

    retrain_every_days: float = Field(default=7, ge=0)
    fine_tune_epochs: int = Field(default=3, ge=0)
    min_skill: float | None = Field(default=None, lt=1)
    min_coverage_80: float | None = Field(default=None, ge=0, lt=0.8)
    min_coverage_95: float | None = Field(default=None, ge=0, lt=0.95)
    live_days: float = Field(default=30, gt=0)
    live_forecasts: int = Field(default=20, gt=0)
    margin: float = Field(default=0.01, ge=0, lt=1)
    windows: int | None = Field(default=None, gt=0)
    time_budget_seconds: float = Field(default=1800, gt=0)

    @model_validator(mode="after")
    def _looks_back_for_a_rule(self) -> Self:
        idle = [key for key in ("live_days", "live_forecasts") if key in self.model_fields_set]
        if idle and self.min_skill is self.min_coverage_80 is self.min_coverage_95 is None:
            raise ValueError(
                f"only min_skill, min_coverage_80 and min_coverage_95 look at {' and '.join(idle)}. "
                "Received: none of the three"
            )
        return self


class SplitSpec(Frozen):
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


class Pipeline(Frozen):
    """What is forecast together: a feed, its series, how they are prepared, a model, a schedule.

    Attributes:
        name: the table's name in the pipeline file.
        feed: where the observations come from.
        symbols: one series each.
        target: the column that is forecast.
        features: the columns that the network reads.
        calendar: an exchange's code of ``exchange_calendars`` (``XNYS``, ``24/7``) or a frequency of pandas
            (``1h``, ``B``, ``W-FRI``, ``MS``).
        difference: one kind for every column, or a table column by column (those not named are ``none``).
        lookback: steps in.
        horizon: steps out.
        season: steps of a season, for the seasonal naive forecast; by default a day of hours, a week of days or a
            year of weeks and months.
        fill_limit: instants in a row that a missing input may be carried forward; a missing target never is.
        start: the first instant that is asked of the feed.
        unit: of the target, for readers.
        split: how the history is cut.
        schedule: when it runs; none means by hand.
        retrain_schedule: when it is retrained from nothing, whatever ``auto`` would do; none means by hand.
        model: the network.
        training: when it is trained, and what it must show.
        stale_after_days: a series whose newest observation is older than this at ``as_of`` is ``stale``; by default one
            that lacks more than three instants of its calendar.
    """

    name: str
    feed: str
    symbols: tuple[str, ...] = Field(min_length=1)
    target: OneLine
    features: tuple[OneLine, ...] = Field(min_length=1)
    calendar: str
    difference: DifferenceKind | dict[str, DifferenceKind] = "none"
    lookback: int = Field(gt=0)
    horizon: int = Field(gt=0)
    season: int | None = Field(default=None, gt=0)
    fill_limit: int = Field(default=2, ge=0)
    start: date | None = None
    unit: OneLine = ""
    split: SplitSpec = SplitSpec()
    schedule: Schedule | None = None
    retrain_schedule: Schedule | None = None
    model: ModelSpec = ModelSpec()
    training: TrainingRules = TrainingRules()
    stale_after_days: float | None = Field(default=None, gt=0)

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"a pipeline's name is small letters, digits and _, letter first, 64 at most. Received: {name!r}"
            )
        return name

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
    def _holds_together(self) -> Self:
        if isinstance(self.difference, dict):
            unknown = set(self.difference) - set(self.columns)
            if unknown:
                raise ValueError(
                    f"difference names columns that are neither target nor features: {sorted(unknown)}. "
                    f"There are: {list(self.columns)}"
                )
        if taken := sorted(RESERVED & set(self.columns)):
            raise ValueError(f"target and features cannot have names of daycast's own. Received: {', '.join(taken)}")
        return self

    @model_validator(mode="after")
    def _suits_the_model(self) -> Self:
        model = self.model
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
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns read from the lake: the features, and the target where it is not among them."""
        return self.features if self.target in self.features else (*self.features, self.target)

    @property
    def sessions(self) -> bool:
        """Whether the calendar is an exchange's, and not a frequency."""
        return Frequency.parse(self.calendar) is None

    @property
    def sample(self) -> bool:
        """Whether the data are generated."""
        return self.feed == SAMPLE

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
            return self.difference
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
        if self.sample and self.name.startswith(SAMPLE_PREFIX):
            return self
        kept = {key: getattr(self, key) for key in Pipeline.model_fields if key not in _OF_REAL_DATA}
        return Pipeline.model_construct(**{**kept, "name": f"{SAMPLE_PREFIX}{self.name}", "feed": SAMPLE})
