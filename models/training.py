"""Whether to retrain, to fine-tune or to reuse the champion."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage.contracts import Training, TrainingChoice
from storage.errors import ConfigError
from storage.specs import Pipeline, TrainingRules


@dataclass(frozen=True, kw_only=True)
class ChampionFacts:
    """What the choice needs to know of the champion.

    Attributes:
        age_days: at the run's ``as_of``.
        same_data: its data hash is that of the windows now.
        identity: :func:`identity` of the spec it was trained with.
        skill: its latest skill, live if there is one, otherwise on the test part; none where unknown.
    """

    age_days: float
    same_data: bool
    identity: dict[str, Any]
    skill: float | None = None


@dataclass(frozen=True, kw_only=True)
class TrainingDecision:
    """How the network of a run comes about, and why."""

    training: Training
    reason: str


def identity(spec: Pipeline) -> dict[str, Any]:
    """What makes a network of this spec another network, as JSON knows it: kept in the manifest.

    >>> from storage.specs import Pipeline
    >>> spec = Pipeline(name="spy", feed="yahoo", symbols=("SPY",), target="close", features=("close",),
    ...                 calendar="XNYS", difference="log", lookback=50, horizon=5)
    >>> identity(spec)["difference"]
    {'close': 'log'}
    """
    return {
        "symbols": list(spec.symbols),
        "target": spec.target,
        "features": list(spec.features),
        "calendar": spec.calendar,
        "difference": {column: spec.difference_of(column) for column in spec.columns},
        "lookback": spec.lookback,
        "horizon": spec.horizon,
        "fill_limit": spec.fill_limit,
        "split": spec.split.model_dump(mode="json"),
        "model": spec.model.model_dump(mode="json"),
    }


def choose_training(
    requested: TrainingChoice, *, rules: TrainingRules, wanted: dict[str, Any], champion: ChampionFacts | None
) -> TrainingDecision:
    """Choose by the pipeline's rules, or do what was asked if it can be done.

    Args:
        requested: ``auto``, or what to do.
        rules: the pipeline's.
        wanted: :func:`identity` of the pipeline's spec as it is now.
        champion: none where there is none yet.

    Raises:
        ConfigError: a fine-tune or a reuse is asked for where there is no champion, or one of another network.
    """
    if requested == "auto":
        return _by_rules(rules, wanted=wanted, champion=champion)
    if requested != "retrain":
        _require_champion(requested, rules=rules, wanted=wanted, champion=champion)
    return TrainingDecision(training=requested, reason="it was asked for")


def _by_rules(rules: TrainingRules, *, wanted: dict[str, Any], champion: ChampionFacts | None) -> TrainingDecision:
    if champion is None:
        return TrainingDecision(training="retrain", reason="there is no champion yet")
    if reason := _outlived(champion, rules=rules, wanted=wanted):
        return TrainingDecision(training="retrain", reason=reason)
    if champion.same_data:
        return TrainingDecision(training="reuse", reason="there are no new data")
    if rules.fine_tune_epochs:
        return TrainingDecision(training="fine_tune", reason="there are new data")
    return TrainingDecision(training="reuse", reason="there are new data, and fine_tune_epochs = 0")


def _outlived(champion: ChampionFacts, *, rules: TrainingRules, wanted: dict[str, Any]) -> str | None:
    """Why the champion's weights are of no more use, or nothing."""
    if changed := _changed(champion.identity, wanted):
        return f"the pipeline has changed: {changed}"
    if champion.age_days >= rules.retrain_every_days:
        return f"the champion is {champion.age_days:.1f} days old (retrain_every_days = {rules.retrain_every_days:g})"
    if rules.min_skill is not None and champion.skill is not None and champion.skill < rules.min_skill:
        return f"the champion's skill is {champion.skill:.3f} (min_skill = {rules.min_skill:g})"
    return None


def _require_champion(
    requested: Training, *, rules: TrainingRules, wanted: dict[str, Any], champion: ChampionFacts | None
) -> None:
    if champion is None:
        raise ConfigError(
            f"{requested} needs a champion to start from. Received: a pipeline without one. Use retrain, or auto."
        )
    if changed := _changed(champion.identity, wanted):
        raise ConfigError(
            f"{requested} needs a champion of the same network. Received: a pipeline that has changed since: "
            f"{changed}. Use retrain, or auto."
        )
    if requested == "fine_tune" and not rules.fine_tune_epochs:
        raise ConfigError(
            "fine_tune needs fine_tune_epochs above 0. Received: fine_tune_epochs = 0. Raise it, or use retrain."
        )


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    keys = [key for key in now if before.get(key) != now[key]]
    return "; ".join(f"{key} was {before.get(key)}, is {now[key]}" for key in keys)
