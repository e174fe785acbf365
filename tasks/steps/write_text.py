"""Let the versions score the held-out text and write the night's samples."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.tasks.apart.process import HERE, Asked
from daycast.tasks.apart.text_writing import score_and_write
from daycast.tasks.handover.documents_job import TextJob
from daycast.tasks.handover.text_parts import PreparedText


@task(name="write-text", cache_policy=NO_CACHE)
def write_text(job: TextJob, prepared: PreparedText, *, versions: tuple[str, ...], process: Asked = HERE) -> None:
    """Keep each version's scores and samples; what it has told and written before is not computed again.

    Args:
        job: the run.
        prepared: its text.
        versions: which.
        process: where it is done.
    """
    if versions:
        process.ask(score_and_write, job, prepared, versions)
