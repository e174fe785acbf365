"""How good probabilities of the tokens of a text are."""

import math

import numpy as np
from numpy.typing import NDArray

from daycast.storage.terms.words import TextMetric

Nats = NDArray[np.float64]
"""``(tokens,)``: -ln of the probability that each token was given before it came."""


def score_text(nats: Nats, *, unigram: Nats, characters: int) -> dict[TextMetric, tuple[float, int]]:
    """Every metric's value with the number of tokens that it is of; one that is not defined is left out.

    ``skill`` is 1 - loss / the unigram's on the same tokens.

    Args:
        nats: of the tokens of a text.
        unigram: the same tokens' by how frequent each is, whatever stands before it.
        characters: how long the text is; of characters it is the number of tokens.

    >>> fair, coin = np.full(8, math.log(2)), np.full(8, math.log(4))
    >>> {name: round(value, 3) for name, (value, _) in score_text(fair, unigram=coin, characters=8).items()}
    {'perplexity': 2.0, 'bits_per_character': 1.0, 'skill': 0.5}
    """
    if not len(nats):
        return {}
    values: dict[TextMetric, float] = {
        "perplexity": perplexity(nats),
        "bits_per_character": bits_per_character(nats, characters=characters),
        "skill": 1 - float(nats.mean()) / float(unigram.mean()) if unigram.mean() > 0 else math.nan,
    }
    return {name: (value, len(nats)) for name, value in values.items() if math.isfinite(value)}


def perplexity(nats: Nats) -> float:
    """Among how many tokens the choice was, on the geometric mean: e to the mean loss.

    >>> round(perplexity(np.log([65.0, 65.0])), 6)
    65.0
    """
    return math.exp(min(float(nats.mean()), 700.0))


def bits_per_character(nats: Nats, *, characters: int) -> float:
    """Bits that the text takes by these probabilities, by character: for words too, which are of several each.

    >>> round(bits_per_character(np.full(3, math.log(8)), characters=9), 6)
    1.0
    """
    return float(nats.sum()) / (math.log(2) * characters)
