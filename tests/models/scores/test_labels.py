"""Scores of labels: golden numbers, scikit-learn's own, and what is not defined."""

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.metrics import roc_auc_score

from daycast.models.scores.labels import auc, calibration_error, confusion, log_loss, reliability, score_labels

TOLD = np.array([[0.9, 0.1], [0.6, 0.4], [0.35, 0.65], [0.2, 0.8]])
ACTUAL = np.array([0, 1, 0, 1])
FLAT = np.full((4, 2), 0.5)


def test_golden_numbers():
    scores = score_labels(TOLD, ACTUAL, majority=FLAT)
    loss = -(math.log(0.9) + math.log(0.4) + math.log(0.35) + math.log(0.8)) / 4
    assert scores["accuracy"] == (0.5, 4)
    assert scores["log_loss"][0] == pytest.approx(loss)
    assert scores["auc"][0] == pytest.approx(0.75)
    assert scores["calibration_error"][0] == pytest.approx((0.1 + 0.6 + 0.65 + 0.2) / 4)
    assert scores["skill"][0] == pytest.approx(1 - loss / math.log(2))


@pytest.mark.parametrize("labels", [2, 3])
def test_area_and_loss_are_those_of_scikit_learn(labels):
    random = np.random.default_rng(1)
    told = random.dirichlet(np.ones(labels), size=200).round(2) + 0.005
    told /= told.sum(axis=1, keepdims=True)
    actual = random.integers(0, labels, size=200)
    theirs = roc_auc_score(actual, told[:, 1]) if labels == 2 else roc_auc_score(actual, told, multi_class="ovr")
    assert auc(told, actual) == pytest.approx(theirs)
    assert log_loss(told, actual) == pytest.approx(sklearn_log_loss(actual, told))


def test_ties_count_half():
    assert auc(FLAT, ACTUAL) == pytest.approx(0.5)


def test_certainty_that_is_right_as_often_as_told_has_no_error():
    told = np.repeat([[0.75, 0.25]], 4, axis=0)
    assert calibration_error(told, np.array([0, 0, 0, 1])) == pytest.approx(0.0)
    found = reliability(told, np.array([0, 0, 0, 1]))
    assert (found.told.tolist(), found.right.tolist(), found.n.tolist()) == ([0.75], [0.75], [4])


def test_one_label_alone_has_no_area_and_no_documents_have_no_scores():
    assert "auc" not in score_labels(TOLD, np.zeros(4, dtype=np.int64), majority=FLAT)
    nobody = np.zeros((0, 2))
    assert score_labels(nobody, np.zeros(0, dtype=np.int64), majority=nobody) == {}


def test_certain_and_wrong_is_finite():
    assert log_loss(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(27.63, abs=0.01)


def test_who_was_taken_for_whom():
    assert confusion(TOLD, ACTUAL).tolist() == [[1, 1], [1, 1]]
