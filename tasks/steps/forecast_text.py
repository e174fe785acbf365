"""Write the night's samples into SQL, and close the run with them in one transaction."""

from __future__ import annotations

from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.words import NETWORK
from daycast.tasks.apart.text_writing import TEXTS, samples_key
from daycast.tasks.handover.documents_job import TextJob
from daycast.tasks.handover.ending import end_run, quality_on_texts, remarks_on_texts
from daycast.tasks.handover.results import Course, Evaluated, Summary
from daycast.tasks.handover.text_parts import PreparedText


@task(name="forecast-text", cache_policy=NO_CACHE)
def forecast_text(job: TextJob, course: Course[PreparedText], *, at: datetime) -> Summary:
    """Write the samples, what is to be said of the run, and its end.

    Args:
        job: the run.
        course: what the steps before came to.
        at: when the run ends.
    """
    quality = quality_on_texts(course, by_a_network=course.evaluated.forecaster == NETWORK)
    remarks = remarks_on_texts(job, course, serves="The text that came before serves.")
    return end_run(job, course, at=at, remarks=remarks, quality=quality, texts=_rows(job, course.evaluated))


def _rows(job: TextJob, evaluated: Evaluated) -> list[dict[str, object]]:
    """The rows of ``texts``, one a sample."""
    if not job.pipeline.samples.count:
        return []
    shared = {
        "pipeline": job.pipeline.name,
        "as_of": job.as_of,
        "version": evaluated.version,
        "bits_per_character": evaluated.test.get("bits_per_character"),
        "run_id": job.run_id,
    }
    kept = job.written().read(str(evaluated.version), TEXTS, samples_key(job))
    return [{**shared, **row} for row in kept]
