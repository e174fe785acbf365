"""How good probabilities of labels are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daycast.storage.terms.words import LabelMetric

Probabilities = NDArray[np.float64]
"""``(documents, labels)``, each row with the sum 1."""
Codes = NDArray[np.int64]
"""``(documents,)``: the number of each one's label, from 0."""

BINS = 15
_TINY = 1e-12
"""The least probability that the logarithm is taken of: one that was told with certainty and wrong costs 27.6."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Reliability:
    """What was told with how much certainty, and how often it was so; bins that nothing falls in are left out.

    Attributes:
        told: ``(bins,)``, mean probability of the label that was told.
        right: ``(bins,)``, share of documents whose label it was.
        n: ``(bins,)``, documents.
    """

    told: NDArray[np.float64]
    right: NDArray[np.float64]
    n: NDArray[np.int64]


def score_labels(
    probabilities: Probabilities, actual: Codes, *, majority: Probabilities
) -> dict[LabelMetric, tuple[float, int]]:
    """Every metric's value with the number of documents that it is of; one that is not defined is left out.

    ``skill`` is 1 - log loss / the majority's on the same documents.

    Args:
        probabilities: what was told.
        actual: what came.
        majority: what the majority told of the same documents.

    >>> told, flat = np.array([[0.9, 0.1], [0.2, 0.8]]), np.full((2, 2), 0.5)
    >>> {name: round(value, 3) for name, (value, _) in score_labels(told, np.array([0, 1]), majority=flat).items()}
    {'accuracy': 1.0, 'log_loss': 0.164, 'auc': 1.0, 'calibration_error': 0.15, 'skill': 0.763}
    """
    n, loss, of_majority = len(actual), log_loss(probabilities, actual), log_loss(majority, actual)
    values: dict[LabelMetric, float] = {
        "accuracy": accuracy(probabilities, actual),
        "log_loss": loss,
        "auc": auc(probabilities, actual),
        "calibration_error": calibration_error(probabilities, actual),
        "skill": 1 - loss / of_majority if of_majority > 0 else np.nan,
    }
    return {name: (float(value), n) for name, value in values.items() if np.isfinite(value)}


def accuracy(probabilities: Probabilities, actual: Codes) -> float:
    """The share of documents whose most probable label came; not a number without documents."""
    return float((probabilities.argmax(axis=1) == actual).mean()) if len(actual) else float("nan")


def log_loss(probabilities: Probabilities, actual: Codes) -> float:
    """The mean of -ln of the probability of what came, in nats; not a number without documents."""
    if not len(actual):
        return float("nan")
    came = probabilities[np.arange(len(actual)), actual]
    return float(-np.log(np.maximum(came, _TINY)).mean())


def auc(probabilities: Probabilities, actual: Codes) -> float:
    """How often a document of a label is given more of it than one of another, ties counting half.

    Of two labels it is that of the second; of more the mean over each against the rest, of those that came (Fawcett,
    "An introduction to ROC analysis", 2006, sections 7 and 9). Not a number where only one label came.
    """
    labels = range(1, 2) if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    areas = [_area(probabilities[:, label], actual == label) for label in labels]
    known = [area for area in areas if np.isfinite(area)]
    return float(np.mean(known)) if known else float("nan")


def calibration_error(probabilities: Probabilities, actual: Codes) -> float:
    """The mean distance of certainty from truth over 15 bins of equal width, each as heavy as its documents.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, https://arxiv.org/abs/1706.04599,
    equation 3.
    """
    found = reliability(probabilities, actual)
    return float((np.abs(found.told - found.right) * found.n).sum() / found.n.sum()) if len(actual) else float("nan")


def reliability(probabilities: Probabilities, actual: Codes) -> Reliability:
    """How often what was told came, by how certainly it was told."""
    told, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == actual
    bins = np.minimum((told * BINS).astype(np.int64), BINS - 1)
    n = np.bincount(bins, minlength=BINS)
    sums = [np.bincount(bins, weights=values, minlength=BINS) for values in (told, right.astype(float))]
    some = n > 0
    return Reliability(told=sums[0][some] / n[some], right=sums[1][some] / n[some], n=n[some])


def confusion(probabilities: Probabilities, actual: Codes) -> NDArray[np.int64]:
    """How many documents of each label (row) were told to be of each (column)."""
    labels = probabilities.shape[1]
    cells = actual * labels + probabilities.argmax(axis=1)
    return np.bincount(cells, minlength=labels**2).reshape(labels, labels)


def _area(told: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Mann and Whitney's statistic from ranks, ties having the mean of theirs."""
    count = int(positive.sum())
    if not 0 < count < len(told):
        return float("nan")
    _, inverse, counts = np.unique(told, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[inverse]
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(told) - count)))
