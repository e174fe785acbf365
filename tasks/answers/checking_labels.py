"""What a run of a pipeline that predicts labels would find, for ``daycast check``; nothing is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from daycast.storage.terms.errors import FeedError
from daycast.storage.terms.labels_pipeline import LabelsPipeline
from daycast.storage.terms.words import LABEL, LABELLED_AT, PUBLISHED_AT, REASON
from daycast.tasks.answers.checked_documents import CheckedDocuments, later, none_known

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class CheckedLabels(CheckedDocuments):
    """What a run would find.

    Attributes:
        labels: how many documents of each, the most frequent first.
        counts: labelled documents by part.
        waiting: documents without a label.
    """

    labels: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    waiting: int = 0


def check_labels(spec: LabelsPipeline, *, at: datetime) -> CheckedLabels:
    """Read the documents of a pipeline and cut them by time, as a first run at an instant would.

    Args:
        spec: the pipeline.
        at: the instant, aware.
    """
    from daycast.models.text.parts import divide
    from daycast.storage.feeds.catalog import open_documents

    try:
        read = open_documents(spec).read(at)
    except FeedError as error:
        return CheckedLabels(pipeline=spec.name, troubles=(str(error),))
    known = _known(read.good, at=at)
    aside = dict(Counter(read.set_aside[REASON]).most_common())
    if known.empty:
        return CheckedLabels(pipeline=spec.name, set_aside=aside, troubles=(none_known(read.good, at=at),))
    parts = divide(known, split=spec.split)
    return CheckedLabels(
        pipeline=spec.name,
        documents=len(known),
        first=known[PUBLISHED_AT].min().to_pydatetime(),
        last=known[PUBLISHED_AT].max().to_pydatetime(),
        labels=dict(Counter(known[LABEL].dropna()).most_common()),
        counts={part: len(getattr(parts, part)) for part in ("training", "validation", "test")},
        waiting=len(parts.waiting),
        set_aside=aside,
        troubles=(parts.untrainable,) if parts.untrainable else (),
        notes=(*later(read.good, at=at), *((f"{parts.strangers}, and are left out",) if parts.strange else ())),
    )


def _known(documents: pd.DataFrame, *, at: datetime) -> pd.DataFrame:
    """The documents that a run would know, with the labels that it would."""
    import pandas as pd

    known = documents[documents[PUBLISHED_AT] <= pd.Timestamp(at)].sort_values(PUBLISHED_AT, kind="stable")
    later = known[LABELLED_AT] > pd.Timestamp(at)
    return known.assign(**{LABEL: known[LABEL].where(~later, None)})
