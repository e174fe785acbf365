"""Let versions tell labels, and keep what they tell, and what misled them most; no Prefect."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.words import DOCUMENT_ID, LABEL, TEXT
from daycast.tasks.apart.held_versions import held_version
from daycast.tasks.handover.documents_job import LabelsJob
from daycast.tasks.handover.label_parts import due, keyed, parts_of

if TYPE_CHECKING:
    import pandas as pd

    from daycast.models.networks.label_forecaster import LabelForecaster

_MISTAKES = 8
"""Mistakes that are looked into."""


def tell_and_keep(job: LabelsJob, versions: tuple[str, ...]) -> None:
    """Keep what each version tells of the held-out and of the new documents, in the process that is called."""
    import pandas as pd

    from daycast.storage.lake.told import told_rows

    parts = parts_of(job)
    documents = keyed(pd.concat([parts.validation, parts.test, due(job)], ignore_index=True))
    for version in versions:
        missing = job.told().missing(version, documents)
        if missing.any():
            forecaster, wanted = _load(job, version), documents[missing]
            told = forecaster.tell(wanted[TEXT].tolist())
            rows = told_rows(wanted, {name: told[name] for name in ("linear", "network")})
            # First what is made of it: who is killed in between finds it missing, and makes both again.
            mistakes = _mistakes(job, version, forecaster, parts.test, more=rows)
            job.told().keep_mistakes(version, mistakes, as_of=job.as_of)
            job.told().add(version, rows, as_of=job.as_of)


def _load(job: LabelsJob, version: str) -> LabelForecaster:
    def read(folder: Path, state: Mapping[str, Any]) -> LabelForecaster:
        from daycast.models.networks.label_forecaster import LabelForecaster

        return LabelForecaster.load(folder, state)

    forecaster: LabelForecaster = held_version(job, version, read)
    return forecaster


def _mistakes(
    job: LabelsJob, version: str, forecaster: LabelForecaster, test: pd.DataFrame, *, more: pd.DataFrame
) -> list[dict[str, Any]]:
    """The test documents that were told wrongly with most certainty, with the words that moved it; no text."""
    import numpy as np

    from daycast.models.text.moved import moved_by
    from daycast.tasks.handover.label_told import calibrated, told_of

    if test.empty or forecaster.tellers is None:
        return []
    told = calibrated(told_of(job, version, test, more=more), forecaster.tellers)
    best = told.argmax(axis=1)
    wrong = np.flatnonzero(np.array(forecaster.labels, dtype=object)[best] != test[LABEL].to_numpy(dtype=object))
    worst = wrong[np.argsort(-told[wrong].max(axis=1), kind="stable")][:_MISTAKES]
    return [
        {
            DOCUMENT_ID: test[DOCUMENT_ID].iloc[place],
            "label": test[LABEL].iloc[place],
            "told": forecaster.labels[best[place]],
            "probability": float(told[place].max()),
            "words": [word for word, _ in moved],
            "moved": [by for _, by in moved],
        }
        for place in worst
        for moved in [moved_by(test[TEXT].iloc[place], label=int(best[place]), tell=forecaster.predict)]
    ]
