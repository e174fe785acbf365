"""Let the versions tell the labels of the held-out and of the new documents."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.tasks.apart.label_telling import tell_and_keep
from daycast.tasks.apart.process import HERE, Asked
from daycast.tasks.handover.documents_job import LabelsJob


@task(name="tell", cache_policy=NO_CACHE)
def tell(job: LabelsJob, *, versions: tuple[str, ...], process: Asked = HERE) -> None:
    """Keep what each version tells; what it has told before is not computed again.

    Args:
        job: the run.
        versions: which.
        process: where it is done.
    """
    process.ask(tell_and_keep, job, versions)
