"""What labels that were told turned out to be worth: against what came after, and nothing that was known before."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from daycast.models.scores.live_labels import Known, judged_labels, label_figures, resolve_labels, score_live_labels
from daycast.storage.terms.labels_pipeline import LabelRules

AT = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
KNOWN = {"v1": Known(labels=("bad", "good"), shares=(0.5, 0.5)), "v2": Known(labels=("bad", "good"), shares=(0.2, 0.8))}


def _told(*rows):
    names = ["document_id", "as_of", "label", "probability", "forecaster", "version"]
    return pd.DataFrame(rows, columns=names).astype({"as_of": "datetime64[us, UTC]"})


def _came(**labels):
    frame = pd.DataFrame(
        [(name, label, AT + days * DAY) for name, (label, days) in labels.items()],
        columns=["document_id", "label", "available_at"],
    )
    return frame.astype({"available_at": "datetime64[us, UTC]"})


def _outcomes():
    told = _told(
        ("a", AT, "good", 0.9, "network", "v1"),
        ("b", AT, "bad", 0.6, "network", "v1"),
        ("c", AT + 2 * DAY, "good", 0.8, "majority", "v2"),
        ("d", AT, "good", 0.7, "network", "v1"),
    )
    return resolve_labels(told, _came(a=("good", 1), b=("good", 3), c=("bad", 5), d=("good", -1)))


def test_only_labels_that_came_after_they_were_told_count():
    assert _outcomes()["document_id"].tolist() == ["a", "b", "c"]


def test_figures_are_over_all_versions_each_beside_its_own_majority():
    found = label_figures(_outcomes(), known=KNOWN)
    losses, flat = -np.log([0.9, 0.4, 0.2]), -np.log([0.5, 0.5, 0.2])
    assert found["n"] == 3
    assert found["accuracy"] == pytest.approx(1 / 3)
    assert found["log_loss"] == pytest.approx(losses.mean())
    assert found["skill"] == pytest.approx(1 - losses.sum() / flat.sum())


def test_without_labels_nothing_is_known_and_a_strange_one_counts_nowhere():
    assert label_figures(_outcomes().iloc[:0], known=KNOWN) == {
        "n": 0, "accuracy": None, "log_loss": None, "skill": None,
    }  # fmt: skip
    strange = _outcomes().assign(actual=["good", "odd", "odd"])
    assert label_figures(strange, known=KNOWN)["n"] == 1


def test_the_rules_look_at_the_last_days_since_the_last_retrain_and_at_no_majority():
    rules = LabelRules(min_accuracy=0.5, live_days=4)
    outcomes = _outcomes()
    seen = judged_labels(outcomes, rules=rules, as_of=AT + 6 * DAY, retrained=None)
    assert seen["document_id"].tolist() == ["b"]
    assert judged_labels(outcomes, rules=rules, as_of=AT + 6 * DAY, retrained=AT + DAY).empty


def test_rows_are_a_version_and_forecaster_each():
    rows = score_live_labels(_outcomes(), known=KNOWN)
    accuracy = rows[rows["metric"] == "accuracy"].set_index(["version", "forecaster"])
    assert accuracy["value"].to_dict() == {("v1", "network"): 0.5, ("v2", "majority"): 0.0}
    assert set(rows["split"]) == {"live"}
    assert score_live_labels(_outcomes().iloc[:0], known=KNOWN).empty
