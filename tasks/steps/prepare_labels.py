"""Cut the labelled documents by time, and say what there is of them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.words import DOCUMENT_ID, LABEL, PUBLISHED_AT, STAMP
from daycast.tasks.handover.documents_job import LabelsJob, require_known
from daycast.tasks.handover.label_parts import PreparedLabels, keyed, parts_of

if TYPE_CHECKING:
    import pandas as pd


@task(name="prepare-labels", cache_policy=NO_CACHE)
def prepare_labels(job: LabelsJob) -> PreparedLabels:
    """Say which documents a run has, as known at its ``as_of``; the vocabulary is the training's, and its version's.

    Args:
        job: the run.

    Raises:
        AsOfError: nothing was known yet.
    """
    import pandas as pd

    require_known(job)
    parts = parts_of(job)
    held = {part: getattr(parts, part) for part in ("training", "validation", "test")}
    return PreparedLabels(
        data_hash=_hash(pd.concat([keyed(frame).assign(part=part) for part, frame in held.items()])),
        documents=sum(map(len, held.values())) + len(parts.waiting) + sum(parts.strange.values()),
        labels=parts.labels,
        counts={part: len(frame) for part, frame in held.items()},
        waiting=len(parts.waiting),
        strange=dict(parts.strange),
        untrainable=parts.untrainable,
    )


def _hash(rows: pd.DataFrame) -> str:
    """A name for one state of labelled documents: which they are, what they say, their labels, their parts."""
    import pandas as pd

    numbers = pd.util.hash_pandas_object(
        rows[[DOCUMENT_ID, STAMP, PUBLISHED_AT, LABEL, "part"]], index=False, categorize=False
    )
    return hashlib.sha256(numbers.to_numpy().tobytes()).hexdigest()
