"""Show a run that continues text: an artifact in the Prefect UI, and pages in the storage folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from daycast.tasks.handover.documents_job import TextJob
from daycast.tasks.handover.pages import artifact_key, documents_aside, losses, show
from daycast.tasks.handover.text_parts import PreparedText

if TYPE_CHECKING:
    from daycast.storage.reports.text_report import TextReport
    from daycast.storage.sql.database import Database
    from daycast.storage.sql.runs import RunRow
    from daycast.tasks.handover.stores import Stores

_COLUMNS = ("sample", "prompt", "text", "temperature", "seed", "forecaster", "version")


@task(name="publish-text", cache_policy=NO_CACHE)
def publish_text(job: TextJob, *, prepared: PreparedText | None = None) -> str:
    """Write the run's pages and its artifacts: a markdown report, and a table of the samples.

    Args:
        job: the run's, whose row in SQL is closed.
        prepared: the text; none where the run failed before it came to samples.

    Returns:
        Where the run's own page is.
    """
    report, page = show(job, lambda database, run: report_of_text(database, job.stores, run))
    if prepared is not None and report.texts:
        table = [{name: row[name] for name in _COLUMNS} for row in report.shown]
        create_table_artifact(table, key=f"{artifact_key(job)}-texts", description=f"Samples of {report.run.run_id}")
    return page


def report_of_text(database: Database, stores: Stores, run: RunRow) -> TextReport:
    """The report of a run; where it wrote nothing, with the texts that were written last."""
    from daycast.storage.reports.reading import manifest_of, scores_of, version_of
    from daycast.storage.reports.text_report import TextReport
    from daycast.storage.sql.evaluations import list_evaluations
    from daycast.storage.sql.labels import latest_texts
    from daycast.storage.sql.runs import list_remarks

    texts = latest_texts(database, run.pipeline, until=run.as_of)
    version = version_of(database, run, texts)
    manifest, trouble = manifest_of(stores.registry(), version)
    state: Any = manifest.state if manifest else {}
    rows = list_evaluations(database, run.pipeline, version=version.version, split="test") if version else []
    return TextReport(
        run=run,
        version=version,
        manifest=manifest,
        trouble=trouble,
        scores=scores_of(rows, state.get("served", "")),
        aside=tuple(documents_aside(stores, run)),
        remarks=tuple(list_remarks(database, run.run_id)),
        pictures=tuple(losses(manifest, unit="nats")),
        texts=tuple(texts),
        served=state.get("served"),
        token=str(manifest.spec["token"]) if manifest else "",
    )
