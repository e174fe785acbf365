"""When a pipeline is trained, what a challenger must show, and how its history is cut: tables of the pipeline file."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from daycast.storage.terms.frozen import Frozen


class Rules(Frozen):
    """When ``auto`` retrains, and what a challenger must show.

    Attributes:
        retrain_every_days: a champion older than this is retrained from nothing.
        margin: share by which a challenger's error must be below the champion's, and a network's below the simplest
            baseline's.
        time_budget_seconds: training stops after this long by the clock and keeps the best weights so far; the run's
            message and a remark say so.
    """

    retrain_every_days: float = Field(default=7, ge=0)
    margin: float = Field(default=0.01, ge=0, lt=1)
    time_budget_seconds: float = Field(default=1800, gt=0)

    @property
    def fine_tunes(self) -> bool:
        """Whether the champion's weights may be trained on."""
        return False


class LiveRules(Rules):
    """The rules where what was forecast meets what came.

    Attributes:
        min_skill: live skill below which the next run retrains; none never does. What counts is what the version, and
            not the simplest baseline, forecast in the last ``live_days`` since it was last retrained.
        live_days: how far back the rules on live figures look.
        live_forecasts: with fewer forecasts than this whose outcome came, they say nothing.
    """

    looking_back: ClassVar[tuple[str, ...]] = ("min_skill",)
    """The rules on live figures."""

    min_skill: float | None = Field(default=None, lt=1)
    live_days: float = Field(default=30, gt=0)
    live_forecasts: int = Field(default=20, gt=0)

    @model_validator(mode="after")
    def _looks_back_for_a_rule(self) -> Self:
        idle = [key for key in ("live_days", "live_forecasts") if key in self.model_fields_set]
        if idle and all(getattr(self, rule) is None for rule in self.looking_back):
            *most, last = self.looking_back
            raise ValueError(f"only {', '.join(most)} and {last} look at {' and '.join(idle)}. Received: none of them")
        return self


class TrainingRules(LiveRules):
    """The rules of a pipeline that predicts values, beside those of every pipeline.

    Attributes:
        fine_tune_epochs: epochs of a fine-tune on new data; 0 turns fine-tuning off, and the champion is reused.
        min_coverage_80: the share of actual values inside the 80 % interval below which the next run retrains, of the
            forecasts that ``min_skill`` looks at.
        min_coverage_95: likewise.
        max_drift: the population stability index of a column, or of the network's errors, above which the next run
            retrains, where it is more than chance gives; .25 is a large one. What counts are instants since the
            network was last retrained; none never does.
        windows: training windows at most, drawn evenly over series and time with the network's seed; none takes all.
    """

    looking_back: ClassVar[tuple[str, ...]] = ("min_skill", "min_coverage_80", "min_coverage_95")

    fine_tune_epochs: int = Field(default=3, ge=0)
    min_coverage_80: float | None = Field(default=None, ge=0, lt=0.8)
    min_coverage_95: float | None = Field(default=None, ge=0, lt=0.95)
    max_drift: float | None = Field(default=None, gt=0)
    windows: int | None = Field(default=None, gt=0)

    @property
    def fine_tunes(self) -> bool:
        """Whether the champion's weights may be trained on."""
        return self.fine_tune_epochs > 0


class SplitSpec(Frozen):
    """How the history is cut by time: training first, then validation, then test.

    Attributes:
        training: a number of instants (of labelled documents, of tokens), or nothing for all that the other two leave.
        validation: a share of the history's instants, documents or tokens (below 1), or a number of them.
        test: likewise.
    """

    training: int | None = Field(default=None, gt=0)
    validation: float = Field(default=0.15, gt=0)
    test: float = Field(default=0.15, gt=0)

    @model_validator(mode="after")
    def _leaves_training(self) -> Self:
        for name, part in (("validation", self.validation), ("test", self.test)):
            if part > 1 and part != int(part):
                raise ValueError(f"{name} is a share below 1, or a whole number. Received: {part:g}")
        shares = sum(part for part in (self.validation, self.test) if part < 1)
        if shares >= 1:
            raise ValueError(f"validation and test must leave a share for training. Received: {shares:g} together")
        return self
