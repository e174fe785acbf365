"""The race of those who continue text: single tokens, runs of tokens, and the network."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from daycast.models.race.selection import Errors, duel
from daycast.models.scores.text import Nats, score_text
from daycast.storage.terms.words import ForecasterName, TextMetric

UNIGRAM: ForecasterName = "unigram"
Scores = Mapping[ForecasterName, Mapping[TextMetric, tuple[float, int]]]
"""Every metric's value with the tokens that it is of, by forecaster."""


@dataclass(frozen=True, kw_only=True)
class Continued:
    """What the race came to.

    Attributes:
        served: who writes.
        reason: why, in words.
        scores: by part (``validation``, ``test``).
    """

    served: ForecasterName
    reason: str
    scores: Mapping[str, Scores]


def hold_texts(parts: Mapping[str, tuple[Mapping[ForecasterName, Nats], int]], *, margin: float) -> Continued:
    """Score each part, and decide: the network writes where it is better than the counts by the margin on validation.

    What it has learned must hold on the test part too, where there is one: above the counts' loss there, they write.

    Args:
        parts: by part, ``validation`` among them, the loss of each of the same tokens by forecaster (``unigram`` and
            ``ngram`` among them), and how many characters they are.
        margin: share by which the network's loss on validation must be below the counts'.
    """
    scores = {part: score_all(nats, characters=characters) for part, (nats, characters) in parts.items()}
    losses = _losses(parts["validation"][0])
    test = _losses(parts["test"][0]) if "test" in parts else {}
    counts = losses["ngram"]
    better = losses.get("network", counts) < counts * (1 - margin)
    fails = better and test.get("network", 0.0) > test.get("ngram", math.inf)
    served: ForecasterName = "network" if better and not fails else "ngram"
    reason = f"{served} serves, by nats a token on validation: {_told(losses)}"
    if fails:
        reason = f"ngram serves: network is better on validation ({_told(losses)}) and worse on test ({_told(test)})"
    return Continued(served=served, reason=f"{reason}.", scores=scores)


def _losses(nats: Mapping[ForecasterName, Nats]) -> dict[ForecasterName, float]:
    """Each one's mean; of no token there is none."""
    return {name: float(each.mean()) for name, each in nats.items() if len(each)}


def _told(losses: Mapping[ForecasterName, float]) -> str:
    return ", ".join(f"{name} {loss:.4g}" for name, loss in losses.items())


def score_all(nats: Mapping[ForecasterName, Nats], *, characters: int) -> Scores:
    """Score everybody on one part; of a part without a token there is nothing to say."""
    return {name: score_text(each, unigram=nats[UNIGRAM], characters=characters) for name, each in nats.items()}


@dataclass(frozen=True, kw_only=True)
class TextEntrant:
    """A version in the race.

    Attributes:
        served: who of it writes.
        reason: why.
        scores: by part.
    """

    served: ForecasterName
    reason: str
    scores: Mapping[str, Scores]


@dataclass(frozen=True, kw_only=True)
class TextVerdict:
    """Which version serves.

    Attributes:
        version: its name.
        promoted: whether it is the challenger, which becomes the champion.
        served: who of it writes.
        reason: why, in words.
        test: ``perplexity``, ``bits_per_character`` and ``skill`` of the one that writes on the test part, and the
            ``ngram_perplexity`` and ``unigram_perplexity``; none where the part is too short.
    """

    version: str
    promoted: bool
    served: ForecasterName
    reason: str
    test: Mapping[str, float | None]


def decide_texts(
    entrants: Mapping[str, TextEntrant], *, challenger: str | None, champion: str | None, margin: float
) -> TextVerdict:
    """Let the version serve whose own writer has the less bits a character on validation, by the margin to replace one.

    Not the perplexity: tokens are the version's own, and of words that it does not know each version has its own.

    Args:
        entrants: by version, the challenger and the champion where there are such.
        challenger: the new version; none where the champion is reused.
        champion: the version that serves; none where there is none yet.
        margin: share by which the challenger's must be below the champion's.

    Raises:
        ValueError: there is neither a challenger nor a champion.
    """
    errors = {version: _errors(entrant) for version, entrant in entrants.items()}
    first, second = (errors[name] if name else None for name in (challenger, champion))
    promoted, _, sentence = duel(first, champion=second, margin=margin)
    version = str(challenger if promoted else champion)
    entrant = entrants[version]
    test = entrant.scores.get("test", {})
    return TextVerdict(
        version=version,
        promoted=promoted,
        served=entrant.served,
        reason=f"{sentence} {entrant.reason}",
        test={
            **{name: _value(test, entrant.served, name) for name in ("perplexity", "bits_per_character", "skill")},
            **{f"{name}_perplexity": _value(test, name, "perplexity") for name in ("ngram", UNIGRAM)},
        },
    )


def _errors(entrant: TextEntrant) -> Errors:
    bits = (_value(entrant.scores[part], entrant.served, "bits_per_character") for part in ("validation", "test"))
    validation, test = (math.inf if each is None else each for each in bits)
    return Errors(validation=validation, test=test)


def _value(scores: Scores, name: ForecasterName, metric: TextMetric) -> float | None:
    found = scores.get(name, {}).get(metric)
    return found[0] if found else None
