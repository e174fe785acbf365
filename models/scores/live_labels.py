"""What labels that were told turned out to be worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from daycast.models.scores.labels import Codes, Probabilities, log_loss, score_labels
from daycast.storage.terms.rules import LiveRules
from daycast.storage.terms.words import (
    ALL_LEADS,
    ALL_SERIES,
    AS_OF,
    AVAILABLE_AT,
    DOCUMENT_ID,
    LABEL,
    VERSION,
    LabelMetric,
)

ACTUAL = "actual"


@dataclass(frozen=True)
class Known:
    """What a version knew.

    Attributes:
        labels: those of its training documents.
        shares: how frequent each was among them.
    """

    labels: tuple[str, ...]
    shares: tuple[float, ...]


def resolve_labels(told: pd.DataFrame, came: pd.DataFrame) -> pd.DataFrame:
    """What was told of documents whose label came afterwards, beside it.

    Args:
        told: ``document_id``, ``as_of``, ``label``, ``probability``, ``forecaster`` and ``version``.
        came: ``document_id``, ``label`` and ``available_at``.

    Returns:
        ``told`` with ``actual`` and ``available_at``.
    """
    both = told.merge(came.rename(columns={LABEL: ACTUAL}), on=DOCUMENT_ID, how="inner")
    return both[both[AVAILABLE_AT] > both[AS_OF]].reset_index(drop=True)


def judged_labels(
    outcomes: pd.DataFrame, *, rules: LiveRules, as_of: datetime, retrained: datetime | None
) -> pd.DataFrame:
    """What the rules look at: labels of the last days, told by more than the majority since the last retrain."""
    since = pd.Timestamp(as_of) - pd.Timedelta(days=rules.live_days)
    chosen = (outcomes[AVAILABLE_AT] > since) & (outcomes["forecaster"] != "majority")
    if retrained is not None:
        chosen &= outcomes[AS_OF] >= pd.Timestamp(retrained)
    return outcomes[chosen]


def label_figures(outcomes: pd.DataFrame, *, known: Mapping[str, Known]) -> dict[str, float | int | None]:
    """``n``, ``accuracy``, ``log_loss`` and ``skill`` of labels that were told; none of the latter without any.

    A label that the version did not know counts in none of them.
    """
    parts = [_of_version(rows, known[str(version)]) for version, rows in outcomes.groupby(VERSION, sort=True)]
    parts = [part for part in parts if len(part[1])]
    n = sum(len(actual) for _, actual, _ in parts)
    figures = [score_labels(told, actual, majority=flat) for told, actual, flat in parts]
    losses = [(len(part[1]), each["log_loss"][0], _flat_loss(part)) for part, each in zip(parts, figures, strict=True)]
    loss, flat = (sum(each[0] * each[place] for each in losses) for place in (1, 2))
    right = sum(len(part[1]) * each["accuracy"][0] for part, each in zip(parts, figures, strict=True))
    return {
        "n": n,
        "accuracy": right / n if n else None,
        "log_loss": loss / n if n else None,
        "skill": 1 - loss / flat if flat > 0 else None,
    }


def score_live_labels(outcomes: pd.DataFrame, *, known: Mapping[str, Known]) -> pd.DataFrame:
    """Rows of ``evaluations`` of each version and forecaster, over all documents."""
    rows = [
        {VERSION: version, "forecaster": name, "metric": metric, "value": value, "n": n}
        for (version, name), told in outcomes.groupby([VERSION, "forecaster"], sort=True)
        for metric, (value, n) in _scores(told, known[str(version)]).items()
    ]
    frame = pd.DataFrame(rows, columns=[VERSION, "forecaster", "metric", "value", "n"])
    return frame.assign(series_id=ALL_SERIES, lead=ALL_LEADS, split="live")


def _scores(told: pd.DataFrame, known: Known) -> Mapping[LabelMetric, tuple[float, int]]:
    probabilities, actual, flat = _of_version(told, known)
    return score_labels(probabilities, actual, majority=flat) if len(actual) else {}


def _of_version(rows: pd.DataFrame, known: Known) -> tuple[Probabilities, Codes, Probabilities]:
    """Each row's probabilities, its label's number and what the majority tells.

    A row says the probability of one label; what is left is spread evenly over the others, of which there is one where
    there are two labels.
    """
    rows = rows[rows[ACTUAL].isin(known.labels)]
    numbers = {label: number for number, label in enumerate(known.labels)}
    label, actual = (rows[name].map(numbers).to_numpy(dtype=np.int64) for name in (LABEL, ACTUAL))
    probability = rows["probability"].to_numpy(dtype=float)
    told = np.repeat((1 - probability)[:, None] / max(len(known.labels) - 1, 1), len(known.labels), axis=1)
    told[np.arange(len(rows)), label] = probability
    return told, actual, np.tile(np.array(known.shares), (len(rows), 1))


def _flat_loss(part: tuple[Probabilities, Codes, Probabilities]) -> float:
    return log_loss(part[2], part[1])
