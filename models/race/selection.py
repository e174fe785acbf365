"""Which version serves, and which forecaster: pure decisions on errors."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from daycast.models.scores.blocks import Apart, Blocks, apart
from daycast.storage.terms.words import BLEND, NAIVE, NETWORK, RIDGE, STANDBY, ForecasterName

_MASE = "MASE"
"""What verdicts on values call an error: beside it stand the MAE and its skill, which may say otherwise of a panel."""


@dataclass(frozen=True, kw_only=True)
class Errors:
    """A forecaster's error on the same windows or documents as its rivals: MASE over all series and leads, or log loss.

    Attributes:
        validation: on the validation part.
        test: on the test part.
        blocks: the same by block of the validation part's time; none where nothing is to be said of how sure a
            difference is.
    """

    validation: float
    test: float
    blocks: Blocks | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was decided, and why.

    Attributes:
        promoted: the challenger becomes the champion.
        served: the forecaster whose forecasts are written.
        reason: for people, one or two sentences.
    """

    promoted: bool
    served: ForecasterName
    reason: str


def decide(
    challenger: Errors | None,
    *,
    champion: Errors | None,
    baselines: Mapping[ForecasterName, Errors],
    margin: float,
) -> Verdict:
    """Decide between challenger and champion, then between the winner and the baselines.

    A challenger replaces the champion where its validation error is below the champion's by the margin; without a
    champion it becomes one. The winner serves where its validation error is below naive's, by the margin and surely,
    and not above the best baseline's, and its test error not above naive's. Otherwise a baseline serves: naive, unless
    another one is below naive on validation, by the margin and surely, and not above it on test. Surely means by as
    many standard errors of the difference as :mod:`daycast.models.scores.blocks` requires.

    Args:
        challenger: the new version; none where the champion is reused.
        champion: the version that serves; none where there is none yet.
        baselines: by name, ``naive`` among them.
        margin: the share by which an error must be below another to count as better.

    Raises:
        ValueError: there is neither a challenger nor a champion.
    """
    promoted, network, first = duel(challenger, champion=champion, margin=margin, measure=_MASE)
    best = best_baseline(baselines, margin=margin)
    objection = _objection(network, baselines=baselines, best=best, margin=margin)
    if objection is None:
        naive = baselines[NAIVE]
        second = f"It serves: {_against(network.validation, naive.validation)} naive's on validation"
        second = f"{second}{_sureness(_apart(network, naive))}."
        return Verdict(promoted=promoted, served=NETWORK, reason=f"{first} {second}")
    return Verdict(promoted=promoted, served=best, reason=f"{first} {best} serves: {objection}.")


def overtake(
    verdict: Verdict,
    *,
    rivals: Mapping[ForecasterName, Errors],
    entered: Mapping[ForecasterName, Errors],
    margin: float,
) -> Verdict:
    """Let ridge, or its mean with the network, serve instead of the winner, where that is surely better.

    It has to be below naive and below the winner on validation, by the margin and surely, and above neither on test:
    what is as good as the network is no reason to leave it. Of two the one with the least error on validation serves.

    Args:
        verdict: who serves without them.
        rivals: those, by name.
        entered: the errors of the winner and of naive among others.
        margin: as of :func:`decide`.
    """
    winner, naive = entered[verdict.served], entered[NAIVE]
    better = {
        name: errors
        for name, errors in rivals.items()
        if all(_below(errors, other, margin=margin) and errors.test <= other.test for other in (winner, naive))
    }
    if not better:
        return verdict
    name = min(better, key=lambda each: better[each].validation)
    found = better[name]
    compared = f"{_against(found.validation, winner.validation)} {verdict.served}'s on validation"
    reason = f"{verdict.reason} But {name} serves: {compared}{_sureness(_apart(found, winner))}."
    return Verdict(promoted=verdict.promoted, served=name, reason=reason)


def without_network(
    verdict: Verdict, *, ridge: Errors | None, baselines: Mapping[ForecasterName, Errors], margin: float
) -> Verdict:
    """The verdict, which says as well who would serve if the network were not there; where it has no part, as it is.

    Args:
        verdict: who serves.
        ridge: of the version; none where it has none.
        baselines: by name, ``naive`` among them.
        margin: as of :func:`decide`.
    """
    if verdict.served not in {NETWORK, BLEND}:
        return verdict
    best = best_baseline(baselines, margin=margin)
    alone = Verdict(promoted=verdict.promoted, served=best, reason="")
    rivals: dict[ForecasterName, Errors] = {RIDGE: ridge} if ridge else {}
    other = overtake(alone, rivals=rivals, entered={**baselines, **rivals}, margin=margin).served
    return replace(verdict, reason=f"{verdict.reason} {STANDBY} {other} would serve.")


def duel(
    challenger: Errors | None, *, champion: Errors | None, margin: float, measure: str = "error"
) -> tuple[bool, Errors, str]:
    """Whether the challenger becomes the champion, the errors of the one that does or stays, and why in a sentence.

    Args:
        challenger: as of :func:`decide`, and so the champion and the margin.
        champion: the version that serves; none where there is none yet.
        margin: the share by which an error must be below another.
        measure: what the sentence calls an error.

    Raises:
        ValueError: there is neither a challenger nor a champion.
    """
    if challenger is None:
        if champion is None:
            raise ValueError("A challenger or a champion is required. Received: neither.")
        return False, champion, "The champion is kept as it is."
    if champion is None:
        return True, challenger, "The new version is the first champion."
    compared = _against(challenger.validation, champion.validation, measure=measure)
    if challenger.validation < champion.validation * (1 - margin):
        return True, challenger, f"The challenger replaces the champion: {compared} the champion's on validation."
    shortfall = _short(challenger.validation, champion.validation, name="the champion", margin=margin, measure=measure)
    return False, champion, f"The champion is kept: of the challenger, {shortfall}."


def best_baseline(baselines: Mapping[ForecasterName, Errors], *, margin: float) -> ForecasterName:
    """Naive, unless another baseline is below it on validation, by the margin and surely, and not above it on test."""
    naive = baselines[NAIVE]
    better = {
        name: errors.validation
        for name, errors in baselines.items()
        if _below(errors, naive, margin=margin) and errors.test <= naive.test
    }
    return min(better, key=lambda name: better[name], default=NAIVE)


def _below(one: Errors, other: Errors, *, margin: float) -> bool:
    return one.validation < other.validation * (1 - margin) and _sure(_apart(one, other))


def _apart(one: Errors, other: Errors) -> Apart | None:
    return apart(one.blocks, other.blocks) if one.blocks and other.blocks else None


def _sure(found: Apart | None) -> bool:
    return found is None or -found.errors >= found.required


def _objection(
    network: Errors, *, baselines: Mapping[ForecasterName, Errors], best: ForecasterName, margin: float
) -> str | None:
    """Why the network must not serve, or nothing."""
    naive = baselines[NAIVE]
    if not network.validation < naive.validation * (1 - margin):
        return f"of the network, {_short(network.validation, naive.validation, name=NAIVE, margin=margin)}"
    found = _apart(network, naive)
    if not _sure(found):
        compared = _against(network.validation, naive.validation)
        return f"of the network, {compared} naive's on validation{_sureness(found)}"
    if not network.validation <= baselines[best].validation:
        return f"of the network, {_against(network.validation, baselines[best].validation)} {best}'s on validation"
    if not network.test <= naive.test:
        return f"of the network, {_against(network.test, naive.test)} naive's on test"
    return None


def _sureness(found: Apart | None) -> str:
    """How many standard errors a difference is, of how many blocks, and how many are required."""
    if found is None:
        return ""
    return f" ({-found.errors:.2f} standard errors over {found.blocks} blocks of time, {found.required:.2f} required)"


def _short(error: float, other: float, *, name: str, margin: float, measure: str = _MASE) -> str:
    """That an error is not below another by the margin, with the digits that decide it."""
    share = error / other - 1 if other else 0.0
    digits = next((many for many in range(1, 7) if f"{-share:.{many}%}" != f"{margin:.{many}%}"), 6)
    compared = _against(error, other, digits=digits, measure=measure)
    return f"{compared} {name}'s on validation, and {margin:.{digits}%} below it was required"


def _against(error: float, other: float, *, digits: int = 1, measure: str = _MASE) -> str:
    if other == 0:
        return f"its {measure} is {error:.4g} against 0 of"
    share = error / other - 1
    return f"its {measure} is {abs(share):.{digits}%} {'below' if share < 0 else 'above'}"
