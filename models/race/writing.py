"""The race of those who continue text: single tokens, runs of tokens, and the network."""

from collections.abc import Mapping
from dataclasses import dataclass

from daycast.models.scores.text import Nats, score_text
from daycast.storage.terms.words import ForecasterName, TextMetric

UNIGRAM: ForecasterName = "unigram"


@dataclass(frozen=True, kw_only=True)
class Continued:
    """What the race came to.

    Attributes:
        served: who writes.
        reason: why, in words.
        scores: by part (``validation``, ``test``) and forecaster, every metric with the tokens that it is of.
    """

    served: ForecasterName
    reason: str
    scores: Mapping[str, Mapping[ForecasterName, Mapping[TextMetric, tuple[float, int]]]]


def hold_texts(parts: Mapping[str, tuple[Mapping[ForecasterName, Nats], int]], *, margin: float) -> Continued:
    """Score on validation and test, and decide: the network writes where it is better than the counts by the margin.

    Args:
        parts: by part, the loss of each of the same tokens by forecaster (``unigram`` and ``ngram`` among them), and
            how many characters they are.
        margin: share by which the network's loss on validation must be below the counts'.
    """
    scores = {
        part: {name: score_text(each, unigram=nats[UNIGRAM], characters=characters) for name, each in nats.items()}
        for part, (nats, characters) in parts.items()
    }
    losses = {name: float(each.mean()) for name, each in parts["validation"][0].items()}
    counts = losses["ngram"]
    better = losses.get("network", counts) < counts * (1 - margin)
    served: ForecasterName = "network" if better else "ngram"
    told = ", ".join(f"{name} {loss:.4g}" for name, loss in losses.items())
    return Continued(served=served, reason=f"{served} serves, by nats a token on validation: {told}.", scores=scores)
