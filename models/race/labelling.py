"""The race of those who tell labels: majority, regression, network and their blend, each calibrated on validation."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from daycast.models.scores.labels import Codes, Probabilities, log_loss, score_labels
from daycast.models.text.calibration import blended, fit_share, fit_temperature, warmed
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.words import ForecasterName, LabelMetric

MAJORITY: ForecasterName = "majority"
Told = Mapping[ForecasterName, Probabilities]
"""By forecaster, of the same documents. ``majority`` is among them; ``network`` and ``linear`` where there are any."""


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
    scores: Mapping[str, Mapping[ForecasterName, Mapping[LabelMetric, tuple[float, int]]]]


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


def _scores(told: Told, actual: Codes) -> dict[ForecasterName, dict[LabelMetric, tuple[float, int]]]:
    return {name: score_labels(each, actual, majority=told[MAJORITY]) for name, each in told.items()}
