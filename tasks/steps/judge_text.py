"""Hold the race of those who continue text, and let the winner serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.errors import DataError
from daycast.tasks.apart.text_writing import SCORES
from daycast.tasks.handover.documents_job import TextJob
from daycast.tasks.handover.results import Evaluated, Plan
from daycast.tasks.handover.telling import score_row
from daycast.tasks.handover.text_parts import PreparedText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daycast.models.race.writing import TextEntrant


@task(name="judge-text", cache_policy=NO_CACHE)
def judge_text(job: TextJob, prepared: PreparedText, plan: Plan) -> Evaluated:
    """Keep the versions' scores on the same text, and promote or reject the challenger.

    Raises:
        DataError: there is no version, as nothing can be trained.
    """
    from daycast.models.race.writing import UNIGRAM, decide_texts

    if not plan.versions:
        why = (prepared.untrainable or plan.reason).rstrip(".")
        raise DataError(f"Nothing can continue the text yet: {why}.")
    entrants = {version: _entrant(job, prepared, version) for version in plan.versions}
    verdict = decide_texts(
        entrants, challenger=plan.challenger, champion=plan.champion, margin=job.pipeline.training.margin
    )
    _keep(job, entrants, challenger=plan.challenger, promoted=verdict.promoted)
    return Evaluated(
        version=verdict.version,
        forecaster=verdict.served,
        promoted=verdict.promoted,
        reason=verdict.reason,
        newcomers=verdict.served,
        baseline=UNIGRAM,
        test=dict(verdict.test),
    )


def _entrant(job: TextJob, prepared: PreparedText, version: str) -> TextEntrant:
    from daycast.models.race.writing import TextEntrant

    state: Any = job.registry().manifest(job.pipeline.name, version).state
    scores: Any = {"validation": {}, "test": {}}
    for row in job.written().read(version, SCORES, prepared.data_hash):
        scores[row["part"]].setdefault(row["forecaster"], {})[row["metric"]] = row["value"], row["n"]
    return TextEntrant(served=state["served"], reason=state["reason"], scores=scores)


def _keep(job: TextJob, entrants: dict[str, TextEntrant], *, challenger: str | None, promoted: bool) -> None:
    from daycast.storage.sql.evaluations import write_evaluations
    from daycast.storage.sql.versions import settle

    with job.database() as database:
        for version, entrant in entrants.items():
            write_evaluations(database, list(_rows(job, version, entrant)))
        settle(database, job.pipeline.name, challenger, promoted=promoted, at=job.as_of)


def _rows(job: TextJob, version: str, entrant: TextEntrant) -> Iterator[dict[str, object]]:
    """The rows of the table; the counts are a part of the version, as are the tokens that they count."""
    for part, scores in entrant.scores.items():
        for name, metrics in scores.items():
            for metric, (value, n) in metrics.items():
                yield score_row(job, version, name, split=part, metric=metric, value=value, n=n)
