"""Whether to retrain, to fine-tune or to reuse the champion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from daycast.models.scores.drift import ASSURANCE, ERROR
from daycast.models.series.differencing import POSITIVE
from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.network import ModelSpec
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.rules import LiveRules, Rules, SplitSpec, TrainingRules
from daycast.storage.terms.text import listed
from daycast.storage.terms.text_model import TextModelSpec
from daycast.storage.terms.words import Training, TrainingChoice


@dataclass(frozen=True, kw_only=True)
class ChampionFacts:
    """What the choice needs to know of the champion.

    Attributes:
        age_days: at the run's ``as_of``.
        same_data: its data hash is that of the windows now.
        identity: :func:`identity` of the spec it was trained with.
        broken: the rules' thresholds that live accuracy falls short of, from :func:`broken_rules`.
        rebased: symbols whose whole history the feed has moved since to a basis that its scaling does not fit.
    """

    age_days: float
    same_data: bool
    identity: dict[str, Any]
    broken: Mapping[str, str] = field(default_factory=dict)
    rebased: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class TrainingDecision:
    """How the network of a run comes about, and why."""

    training: Training
    reason: str


def scale_bound(spec: Pipeline) -> bool:
    """Whether a network of this spec fits one basis of prices alone: relative differences are the same on any.

    >>> from daycast.storage.terms.pipeline import Pipeline
    >>> spec = Pipeline(name="spy", feed="yahoo", symbols=("SPY",), target="close", features=("close",),
    ...                 calendar="XNYS", difference="none", lookback=50, horizon=5)
    >>> scale_bound(spec), scale_bound(spec.model_copy(update={"difference": "log"}))
    (True, False)
    """
    return any(spec.difference_of(column) not in POSITIVE for column in spec.columns)


_DECIDE: Mapping[str, tuple[str, ...]] = {
    "labels": ("length", "vocabulary"),
    "text": ("token", "vocabulary", "lookback"),
}
"""The keys of a kind, beside ``split`` and ``model``, that make another network."""


def identity(spec: AnyPipeline) -> dict[str, Any]:
    """What makes a network of this spec another network, as JSON knows it: kept in the manifest.

    >>> from daycast.storage.terms.pipeline import Pipeline
    >>> spec = Pipeline(name="spy", feed="yahoo", symbols=("SPY",), target="close", features=("close",),
    ...                 calendar="XNYS", difference="log", lookback=50, horizon=5)
    >>> identity(spec)["difference"]
    {'close': 'log'}
    """
    shared = {"split": spec.split.model_dump(mode="json"), "model": spec.model.model_dump(mode="json")}
    if not isinstance(spec, Pipeline):
        return {"predicts": spec.predicts, **{key: getattr(spec, key) for key in _DECIDE[spec.predicts]}, **shared}
    return {
        "symbols": list(spec.symbols),
        "target": spec.target,
        "features": list(spec.features),
        "calendar": spec.calendar,
        "difference": {column: spec.difference_of(column) for column in spec.columns},
        "lookback": spec.lookback,
        "horizon": spec.horizon,
        "fill_limit": spec.fill_limit,
        **({"network": spec.network} if spec.network != "all" else {}),
        **({"known": list(spec.known)} if spec.known else {}),
        **({"candidates": [each.model_dump(mode="json") for each in spec.candidates]} if spec.candidates else {}),
        **shared,
    }


def differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What makes one identity another network than the other: by key, what it was and what it is.

    Symbols come and go. A series that a network was not trained on it scales by the series' own past, and the race
    says whether that may serve; one that has gone costs it nothing. It is another pipeline's network only where it
    knows fewer than half of the series, or where it has learned a cycle for each.

    >>> same = {"features": ["close"], "model": {"cycle": 0}}
    >>> differing({**same, "symbols": ["A", "B"]}, {**same, "symbols": ["A", "C"]})
    {}
    >>> differing({**same, "symbols": ["A", "B"]}, {**same, "symbols": ["C", "D", "A"]})
    {'symbols': (['A', 'B'], ['C', 'D', 'A'])}
    """
    keys = [key for key in dict.fromkeys((*now, *before)) if before.get(key) != now.get(key)]
    networks = [now["model"], *now.get("candidates", ())]
    if "symbols" in keys and not any(network["cycle"] for network in networks):
        known = set(before.get("symbols", ())).intersection(now["symbols"])
        keys = keys if 2 * len(known) < len(now["symbols"]) else [key for key in keys if key != "symbols"]
    return {key: (before.get(key), now.get(key)) for key in keys}


def completed(kept: Mapping[str, Any]) -> dict[str, Any]:
    """An identity that may come from an earlier daycast: what that one did not know stands at its default.

    A default never changes what a network was before there was a choice.

    >>> completed({"model": {"cell": "gru"}, "split": {}})["model"]["members"]
    1
    """
    known = {"model": TextModelSpec() if "predicts" in kept else ModelSpec(), "split": SplitSpec()}
    whole = {key: {**spec.model_dump(mode="json"), **kept[key]} for key, spec in known.items()}
    beside = [{**known["model"].model_dump(mode="json"), **each} for each in kept.get("candidates", ())]
    return {**kept, **whole, **({"candidates": beside} if beside else {})}


def broken_rules(rules: LiveRules, *, live: Mapping[str, Any]) -> dict[str, str]:
    """The thresholds that live accuracy falls short of, each with the reason in words.

    Args:
        rules: the pipeline's.
        live: ``n``, ``skill``, and ``coverage_80`` and ``coverage_95`` or ``accuracy``, of the forecasts that the rules
            look at; a figure that is not known is none.

    >>> rules = TrainingRules(min_skill=0.05)
    >>> broken_rules(rules, live={"n": 40, "skill": -0.1, "coverage_80": 0.5, "coverage_95": 0.9})
    {'min_skill': 'live skill over the last 30 days is -0.100 over 40 forecasts (min_skill = 0.05)'}
    >>> broken_rules(rules, live={"n": 19, "skill": -0.1, "coverage_80": 0.5, "coverage_95": 0.9})
    {}
    """
    if live["n"] < rules.live_forecasts:
        return {}
    named = {
        rule: (getattr(rules, rule), live[rule.removeprefix("min_")], _FIGURES[rule]) for rule in rules.looking_back
    }
    span = f"over the last {rules.live_days:g} days"
    return {
        key: f"{what} {span} is {value:.3f} over {live['n']} forecasts ({key} = {limit:g})"
        for key, (limit, value, what) in named.items()
        if limit is not None and value is not None and value < limit
    }


_FIGURES = {
    "min_skill": "live skill",
    "min_accuracy": "live accuracy",
    "min_coverage_80": "live coverage of the 80 % interval",
    "min_coverage_95": "live coverage of the 95 % interval",
}
"""What a rule looks at, in words."""


def drifted(rules: TrainingRules, *, found: Sequence[Mapping[str, Any]], retrained: datetime | None) -> dict[str, str]:
    """Whether what comes is too far from what the network was trained on, with the reason in words.

    Args:
        rules: the pipeline's.
        found: the newest rows of the table ``drift``.
        retrained: when the network was last retrained; what began to come earlier is no reason to do it again.

    >>> row = {"feature": "load", "psi": 0.61, "p_value": 0.002, "since": datetime(2026, 8, 1)}
    >>> drifted(TrainingRules(max_drift=0.25), found=[row], retrained=datetime(2026, 7, 1))["max_drift"]
    'load has drifted since 2026-08-01: its stability index is 0.61 (max_drift = 0.25)'
    >>> drifted(TrainingRules(max_drift=0.25), found=[row], retrained=datetime(2026, 8, 2))
    {}
    """
    limit = rules.max_drift
    since = [row for row in found if retrained is None or row["since"] > retrained]
    beyond = [row for row in since if limit is not None and row["psi"] > limit and row["p_value"] < ASSURANCE]
    if not beyond:
        return {}
    worst = max(beyond, key=lambda row: row["psi"])
    name = "the network's error" if worst["feature"] == ERROR else str(worst["feature"])
    others = f", and so have {len(beyond) - 1} more" if len(beyond) > 1 else ""
    told = f"{listed([name])} has drifted since {worst['since']:%Y-%m-%d}: its stability index is {worst['psi']:.2f}"
    return {"max_drift": f"{told} (max_drift = {limit:g}){others}"}


def choose_training(
    requested: TrainingChoice,
    *,
    rules: Rules,
    wanted: dict[str, Any],
    champion: ChampionFacts | None,
    refused: bool = False,
) -> TrainingDecision:
    """Choose by the pipeline's rules, or do what was asked if it can be done.

    Where the champion's files are refused, the rules say to retrain. Where that was not asked for, the version before
    it is gone on with; with none left there is nothing to train on, and nothing to reuse.

    Args:
        requested: ``auto``, or what to do.
        rules: the pipeline's.
        wanted: :func:`identity` of the pipeline's spec as it is now.
        champion: none where there is none yet, or none is left.
        refused: whether the one that should serve is refused, so that ``champion`` is one before it.

    Raises:
        ConfigError: a fine-tune or a reuse is asked for where there is no champion, or one of another network.
    """
    if requested == "auto" and refused:
        return TrainingDecision(training="retrain", reason="the champion is refused")
    if requested == "auto":
        return _by_rules(rules, wanted=wanted, champion=champion)
    if requested != "retrain" and refused and champion is None:
        return TrainingDecision(training="reuse", reason=f"{requested} was asked for, and no version is left for it")
    if requested != "retrain":
        _require_champion(requested, rules=rules, wanted=wanted, champion=champion)
    return TrainingDecision(training=requested, reason="it was asked for")


def _by_rules(rules: Rules, *, wanted: dict[str, Any], champion: ChampionFacts | None) -> TrainingDecision:
    if champion is None:
        return TrainingDecision(training="retrain", reason="there is no champion yet")
    if reason := _outlived(champion, rules=rules, wanted=wanted):
        return TrainingDecision(training="retrain", reason=reason)
    if champion.same_data:
        return TrainingDecision(training="reuse", reason="there are no new data")
    if rules.fine_tunes:
        return TrainingDecision(training="fine_tune", reason="there are new data")
    return TrainingDecision(training="reuse", reason=f"there are new data, and {_held_back(rules)}")


def _held_back(rules: Rules) -> str:
    return "fine_tune_epochs = 0" if isinstance(rules, TrainingRules) else "the next retrain reads them"


def _outlived(champion: ChampionFacts, *, rules: Rules, wanted: dict[str, Any]) -> str | None:
    """Why the champion's weights are of no more use, or nothing."""
    if changed := _changed(champion.identity, wanted):
        return f"the pipeline has changed: {changed}"
    if champion.rebased:
        return f"the feed has moved the history of {', '.join(champion.rebased)} to another basis since"
    if champion.age_days >= rules.retrain_every_days:
        return f"the champion is {champion.age_days:.1f} days old (retrain_every_days = {rules.retrain_every_days:g})"
    return "; ".join(champion.broken.values()) or None


def _require_champion(
    requested: Training, *, rules: Rules, wanted: dict[str, Any], champion: ChampionFacts | None
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
    if requested == "fine_tune" and not isinstance(rules, TrainingRules):
        raise ConfigError(
            "fine_tune is for pipelines that predict values. Received: another kind. Use retrain, or auto."
        )
    if requested == "fine_tune" and not rules.fine_tunes:
        raise ConfigError(
            "fine_tune needs fine_tune_epochs above 0. Received: fine_tune_epochs = 0. Raise it, or use retrain."
        )


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    return "; ".join(f"{key} was {_told(was)}, is {_told(now)}" for key, (was, now) in differing(before, now).items())


def _told(value: Any) -> Any:
    """A value in a message; a list cut at five, of a network of it what is not its default."""
    if value is None:
        return "nothing"
    return listed([str(_apart(each)) for each in value]) if isinstance(value, list) else value


def _apart(value: Any) -> Any:
    usual = ModelSpec().model_dump(mode="json")
    return {key: it for key, it in value.items() if it != usual.get(key)} if isinstance(value, dict) else value
