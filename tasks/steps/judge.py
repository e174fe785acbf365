"""Hold the race of those who tell labels, and let the winner serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.errors import DataError
from daycast.storage.terms.words import ALL_VERSIONS
from daycast.tasks.handover.documents_job import LabelsJob
from daycast.tasks.handover.label_parts import PreparedLabels, parts_of
from daycast.tasks.handover.label_told import known_of, tellers_of, told_of
from daycast.tasks.handover.results import Evaluated, Plan
from daycast.tasks.handover.telling import score_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daycast.models.race.labelling import Entrant, LabelVerdict

_PARTS = ("validation", "test")


@task(name="judge", cache_policy=NO_CACHE)
def judge(job: LabelsJob, prepared: PreparedLabels, plan: Plan) -> Evaluated:
    """Score the versions on the same documents, keep the scores, and promote or reject the challenger.

    Raises:
        DataError: there is no version, as nothing can be trained.
    """
    from daycast.models.race.labelling import decide_labels
    from daycast.models.text.parts import codes

    if not plan.versions:
        why = (prepared.untrainable or plan.reason).rstrip(".")
        raise DataError(f"Nothing can tell labels yet: {why}.")
    parts = parts_of(job)
    known = {version: known_of(job, version).labels for version in plan.versions}
    labels = tuple(sorted({*parts.labels, *(label for each in known.values() for label in each)}))
    verdict = decide_labels(
        {version: _entrant(job, version, labels) for version in plan.versions},
        {part: codes(getattr(parts, part), labels) for part in _PARTS},
        challenger=plan.challenger,
        champion=plan.champion,
        margin=job.pipeline.training.margin,
    )
    _keep(job, verdict, challenger=plan.challenger)
    return Evaluated(
        version=verdict.version,
        forecaster=verdict.served,
        promoted=verdict.promoted,
        reason=verdict.reason,
        newcomers=verdict.served,
        baseline="majority",
        test=dict(verdict.test),
    )


def _entrant(job: LabelsJob, version: str, labels: tuple[str, ...]) -> Entrant:
    from daycast.models.race.labelling import Entrant
    from daycast.models.text.parts import aligned

    parts, own = parts_of(job), known_of(job, version).labels
    told = {part: told_of(job, version, getattr(parts, part)) for part in _PARTS}
    wide: Any = {
        part: {name: aligned(each, labels=own, to=labels) for name, each in raw.items()} for part, raw in told.items()
    }
    return Entrant(tellers=tellers_of(job, version), parts=wide)


def _keep(job: LabelsJob, verdict: LabelVerdict, *, challenger: str | None) -> None:
    from daycast.storage.sql.evaluations import write_evaluations
    from daycast.storage.sql.versions import settle

    with job.database() as database:
        write_evaluations(database, list(_rows(job, verdict)))
        settle(database, job.pipeline.name, challenger, promoted=verdict.promoted, at=job.as_of)


def _rows(job: LabelsJob, verdict: LabelVerdict) -> Iterator[dict[str, object]]:
    """The rows of the table; the majority's stand once, under no version, as those of the version that serves say."""
    for version, parts in verdict.scores.items():
        for part, scores in parts.items():
            for name, metrics in scores.items():
                if name == "majority" and version != verdict.version:
                    continue
                for metric, (value, n) in metrics.items():
                    whose = ALL_VERSIONS if name == "majority" else version
                    yield score_row(job, whose, name, split=part, metric=metric, value=value, n=n)
