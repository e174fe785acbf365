"""Probabilities set right on documents that no training has seen: a temperature, and the share of a blend."""

import numpy as np

from daycast.models.scores.labels import Codes, Probabilities, log_loss

TEMPERATURES = np.exp(np.linspace(np.log(0.25), np.log(8.0), 101))
SHARES = np.linspace(0.0, 1.0, 21)
_TINY = 1e-12


def warmed(probabilities: Probabilities, *, temperature: float) -> Probabilities:
    """Probabilities to the power of 1 / temperature, with the sum 1 again: above 1 less certain, in the same order.

    >>> warmed(np.array([[0.9, 0.1]]), temperature=2.0).round(2)
    array([[0.75, 0.25]])
    """
    logits = np.log(np.maximum(probabilities, _TINY)) / temperature
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def fit_temperature(probabilities: Probabilities, actual: Codes) -> float:
    """The temperature with the least log loss on validation, between 1/4 and 8; 1 without documents.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, https://arxiv.org/abs/1706.04599,
    section 4.2.
    """
    if not len(actual):
        return 1.0
    losses = [log_loss(warmed(probabilities, temperature=float(each)), actual) for each in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def blended(network: Probabilities, linear: Probabilities, *, share: float) -> Probabilities:
    """The weighted geometric mean of two forecasters' probabilities, with the sum 1 again.

    Args:
        network: one.
        linear: the other.
        share: the weight of ``linear``, from 0 to 1.

    Source: Hinton, "Training Products of Experts", 2002, section 1: what one of them rules out stays ruled out.
    """
    logits = (1 - share) * np.log(np.maximum(network, _TINY)) + share * np.log(np.maximum(linear, _TINY))
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def fit_share(network: Probabilities, linear: Probabilities, actual: Codes) -> float:
    """The share of ``linear`` with the least log loss on validation, in steps of 1/20; of equals the least."""
    losses = [log_loss(blended(network, linear, share=float(each)), actual) for each in SHARES]
    return float(SHARES[int(np.argmin(losses))])
