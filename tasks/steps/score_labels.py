"""Hold the labels that were told against those that have come."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.errors import RegistryError
from daycast.storage.terms.live import LiveAccuracy
from daycast.storage.terms.words import AVAILABLE_AT, PIPELINE, VERSION
from daycast.tasks.handover.documents_job import LabelsJob
from daycast.tasks.handover.label_told import known_of
from daycast.tasks.handover.results import Scored

if TYPE_CHECKING:
    import pandas as pd

    from daycast.models.scores.live_labels import Known
    from daycast.storage.sql.database import Database

_WEEK, _MONTH = timedelta(days=7), timedelta(days=30)


@task(name="score-labels", cache_policy=NO_CACHE)
def score_labels(job: LabelsJob) -> Scored:
    """Write the labels known at ``as_of`` that SQL does not hold, and what those were worth that were told before.

    Scored are the labels told by runs before this one, of documents whose label came after that.
    """
    from daycast.models.race.retraining import broken_rules
    from daycast.models.scores.live_labels import judged_labels, resolve_labels, score_live_labels
    from daycast.storage.sql.evaluations import live_until, write_evaluations
    from daycast.storage.sql.labels import labels_told
    from daycast.storage.sql.live import write_live
    from daycast.storage.sql.versions import last_retrain

    name, rules = job.pipeline.name, job.pipeline.training
    came = job.documents().labels(job.as_of)
    with job.database() as database:
        actuals = _write_actuals(job, database, came)
        lately = job.as_of - max(_MONTH, timedelta(days=rules.live_days))
        scored = live_until(database, name)
        told = labels_told(database, name, before=job.as_of, since=min(lately, scored) if scored else None)
        outcomes, known = _known(job, resolve_labels(told, came))
        rows = score_live_labels(outcomes, known=known)
        written = write_evaluations(database, rows.assign(**{PIPELINE: name, "evaluated_at": job.as_of}))
        retrained = last_retrain(database, name, before=job.as_of)
        judged = _figures(judged_labels(outcomes, rules=rules, as_of=job.as_of, retrained=retrained), known)
        week, month = (_figures(outcomes[outcomes[AVAILABLE_AT] > job.as_of - span], known) for span in (_WEEK, _MONTH))
        write_live(database, name, as_of=job.as_of, figures={_WEEK.days: week, _MONTH.days: month})
    return Scored(
        actuals=actuals,
        forecasts=len(outcomes),
        evaluations=written,
        week=week,
        month=month,
        judged=judged,
        broken=broken_rules(rules, live=vars(judged)),
    )


def _write_actuals(job: LabelsJob, database: Database, came: pd.DataFrame) -> int:
    """Of the labels known at ``as_of`` those that came since the last one in SQL did."""
    from daycast.storage.sql.labels import actual_labels_until, write_actual_labels

    since = actual_labels_until(database, job.pipeline.name)
    fresh = came if since is None else came[came[AVAILABLE_AT] >= since]
    return write_actual_labels(database, fresh.assign(**{PIPELINE: job.pipeline.name}))


def _known(job: LabelsJob, outcomes: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Known]]:
    """What was told by versions whose manifest is there, and what those knew."""
    found: dict[str, Known] = {}
    for version in outcomes[VERSION].unique():
        try:
            found[str(version)] = known_of(job, str(version))
        except RegistryError:  # it is gone; what it told stands in SQL, and the view says how that turned out
            continue
    return outcomes[outcomes[VERSION].isin(list(found))], found


def _figures(outcomes: pd.DataFrame, known: dict[str, Known]) -> LiveAccuracy:
    from daycast.models.scores.live_labels import label_figures

    figures: Any = label_figures(outcomes, known=known)
    return LiveAccuracy(**figures)
