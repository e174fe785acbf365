"""The pages of runs in the storage folder, as every kind of pipeline writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daycast.tasks.handover.job import AnyJob

if TYPE_CHECKING:
    from daycast.storage.reports.any_report import AnyReport
    from daycast.storage.reports.pages import Line, Pages
    from daycast.storage.sql.database import Database


def artifact_key(job: AnyJob) -> str:
    """What the keys of a pipeline's artifacts begin with."""
    return job.pipeline.name.replace("_", "-")


def keep_page(database: Database, pages: Pages, report: AnyReport) -> str:
    """Write a run's own page, whose place is given; the pipeline's too where no newer run has written it."""
    from daycast.storage.sql.runs import latest_runs

    own = pages.keep(report)
    if report.run.run_id in {run.run_id for run in latest_runs(database)}:
        pages.show(report)
    pages.index(index_lines(database))
    return own


def index_lines(database: Database) -> list[Line]:
    """A line a pipeline, for the page over all of them."""
    from daycast.storage.reports.pages import Line
    from daycast.storage.sql.runs import latest_runs

    return [
        Line(pipeline=run.pipeline, status=run.status, as_of=run.as_of, version=run.version, message=run.message or "")
        for run in latest_runs(database)
    ]
