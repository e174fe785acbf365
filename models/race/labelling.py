"""The race of those who tell labels: majority, regression, network and their blend, each calibrated on validation."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from daycast.models.race.selection import Errors, duel
from daycast.models.scores.labels import Codes, Probabilities, log_loss, score_labels
from daycast.models.text.calibration import blended, fit_share, fit_temperature, warmed
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.words import ForecasterName, LabelMetric

MAJORITY: ForecasterName = "majority"
Told = Mapping[ForecasterName, Probabilities]
"""By forecaster, of the same documents. ``majority`` is among them; ``network`` and ``linear`` where there are any."""
Scores = Mapping[ForecasterName, Mapping[LabelMetric, tuple[float, int]]]
"""Every metric's value with the documents that it is of, by forecaster."""


@dataclass(frozen=True, kw_only=True)
class Tellers:
    """How each forecaster's probabilities are set right, and who serves.

    Attributes:
        share: of ``linear`` in the blend with the network; none where one of them is not there.
        temperatures: by forecaster but the majority.
        served: whose labels are told.
        reason: why, in words.
    """

    share: float | None
    temperatures: Mapping[ForecasterName, float]
    served: ForecasterName
    reason: str

    def apply(self, raw: Told) -> dict[ForecasterName, Probabilities]:
        """Probabilities of all, calibrated, the blend among them."""
        return {
            name: warmed(told, temperature=self.temperatures.get(name, 1.0)) for name, told in _all(raw, self.share)
        }


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """What the race came to.

    Attributes:
        tellers: who serves, and how.
        scores: by part (``validation``, ``test``) and forecaster, every metric with the documents that it is of.
    """

    tellers: Tellers
    scores: Mapping[str, Scores]


def hold_labels(parts: Mapping[str, tuple[Told, Codes]], *, margin: float) -> Labelled:
    """Calibrate on validation, score on validation and test, and decide.

    The least log loss on validation serves, if it is below the majority's by the margin. Of two whose losses differ by
    less than the margin the plainer one does: the regression before the blend, as it needs no network, and the blend
    before the network alone.

    Args:
        parts: by part, ``validation`` and ``test``: what each told, and the labels that came.
        margin: share by which a loss must be below another to count as better.

    Raises:
        DataError: there is no labelled document in validation.
    """
    told, came = parts["validation"]
    if not len(came):
        raise DataError(
            "Labelled documents in the validation part are required. Received: none. "
            "Make split.validation larger, or wait for labels."
        )
    share = fit_share(told["network"], told["linear"], came) if {"network", "linear"} <= told.keys() else None
    fitted = {name: fit_temperature(each, came) for name, each in _all(told, share) if name != MAJORITY}
    losses = {name: log_loss(warmed(each, temperature=fitted.get(name, 1.0)), came) for name, each in _all(told, share)}
    served, reason = _winner(losses, margin=margin)
    tellers = Tellers(share=share, temperatures=fitted, served=served, reason=reason)
    scores = {part: _scores(tellers.apply(raw), actual) for part, (raw, actual) in parts.items()}
    return Labelled(tellers=tellers, scores=scores)


@dataclass(frozen=True, kw_only=True, eq=False)
class Entrant:
    """A version in the race.

    Attributes:
        tellers: how it sets its forecasters' probabilities right, and who of them serves.
        parts: by part, ``validation`` and ``test``: what each of them tells, of the labels of the race.
    """

    tellers: Tellers
    parts: Mapping[str, Told]


@dataclass(frozen=True, kw_only=True)
class LabelVerdict:
    """Which version serves.

    Attributes:
        version: its name.
        promoted: whether it is the challenger, which becomes the champion.
        served: who of it tells.
        reason: why, in words.
        scores: by version, part and forecaster.
        test: of the one that serves on the test part: ``accuracy``, ``log_loss``, ``majority_accuracy`` and ``skill``.
    """

    version: str
    promoted: bool
    served: ForecasterName
    reason: str
    scores: Mapping[str, Mapping[str, Scores]]
    test: Mapping[str, float | None]


def decide_labels(
    entrants: Mapping[str, Entrant],
    actual: Mapping[str, Codes],
    *,
    challenger: str | None,
    champion: str | None,
    margin: float,
) -> LabelVerdict:
    """Let the version serve whose own server has the less log loss on validation, by the margin for the challenger.

    What it has learned must hold on the test part too: where its server's log loss is above the majority's there, the
    majority serves.

    Args:
        entrants: by version, the challenger and the champion where there are such.
        actual: by part, the labels that came.
        challenger: the new version; none where the champion is reused.
        champion: the version that serves; none where there is none yet.
        margin: share by which the challenger's loss must be below the champion's.

    Raises:
        ValueError: there is neither a challenger nor a champion.
    """
    scores = {
        version: {part: _scores(entrant.tellers.apply(raw), actual[part]) for part, raw in entrant.parts.items()}
        for version, entrant in entrants.items()
    }
    errors = {version: _errors(scores[version], entrants[version].tellers.served) for version in entrants}
    first, second = (errors[name] if name else None for name in (challenger, champion))
    promoted, _, sentence = duel(first, champion=second, margin=margin)
    version = str(challenger if promoted else champion)
    tellers = entrants[version].tellers
    test = scores[version].get("test", {})
    objection = _objection(test, tellers.served)
    served = MAJORITY if objection else tellers.served
    return LabelVerdict(
        version=version,
        promoted=promoted,
        served=served,
        reason=" ".join([sentence, tellers.reason, *objection, *_finding(test.get(served, {}))]),
        scores=scores,
        test={**_values(test.get(served, {})), "majority_accuracy": _value(test.get(MAJORITY, {}), "accuracy")},
    )


def _objection(test: Scores, served: ForecasterName) -> list[str]:
    """Why the one that won on validation must not serve."""
    loss, flat = (_value(test.get(name, {}), "log_loss") for name in (served, MAJORITY))
    if loss is None or flat is None or loss <= flat:
        return []
    return [f"But majority serves: on the test part {served}'s log loss is {loss:.4g}, and majority's {flat:.4g}."]


def _errors(parts: Mapping[str, Scores], served: ForecasterName) -> Errors:
    losses = [_value(parts.get(part, {}).get(served, {}), "log_loss") for part in ("validation", "test")]
    validation, test = (np.inf if loss is None else loss for loss in losses)
    return Errors(validation=validation, test=test)


def _finding(scores: Mapping[LabelMetric, tuple[float, int]]) -> list[str]:
    """That nothing was told wrongly, which is seldom true."""
    value, n = scores.get("accuracy", (0.0, 0))
    if value < 1 or n < _FEW:
        return []
    return [f"Every label of the {n} test documents was told rightly: look whether the text holds the label."]


def _values(scores: Mapping[LabelMetric, tuple[float, int]]) -> dict[str, float | None]:
    return {name: _value(scores, name) for name in ("accuracy", "log_loss", "skill")}


def _value(scores: Mapping[LabelMetric, tuple[float, int]], name: LabelMetric) -> float | None:
    return scores[name][0] if name in scores else None


_FEW = 20
"""With fewer test documents, it may well be that all are told rightly."""
_PLAINEST: tuple[ForecasterName, ...] = ("linear", "blend", "network")


def _winner(losses: Mapping[ForecasterName, float], *, margin: float) -> tuple[ForecasterName, str]:
    flat = losses[MAJORITY]
    better = {name: loss for name, loss in losses.items() if name != MAJORITY and loss < flat * (1 - margin)}
    if not better:
        return MAJORITY, f"majority serves: no other's log loss on validation is {margin:.1%} below its {flat:.4g}."
    limit = min(better.values()) / (1 - margin) if margin < 1 else np.inf
    served = next(name for name in _PLAINEST if name in better and better[name] <= limit)
    others = ", ".join(f"{name} {loss:.4g}" for name, loss in losses.items() if name != served)
    return served, f"{served} serves: its log loss on validation is {losses[served]:.4g} ({others})."


def _all(raw: Told, share: float | None) -> list[tuple[ForecasterName, Probabilities]]:
    blend = [("blend", blended(raw["network"], raw["linear"], share=share))] if share is not None else []
    return [*raw.items(), *blend]  # type: ignore[list-item]


def _scores(told: Told, actual: Codes) -> Scores:
    return {name: score_labels(each, actual, majority=told[MAJORITY]) for name, each in told.items()}
