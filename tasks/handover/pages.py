"""The pages of runs in the storage folder, as every kind of pipeline writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from prefect.artifacts import create_markdown_artifact

from daycast.storage.terms.words import REASON
from daycast.tasks.handover.job import AnyJob
from daycast.tasks.handover.stores import Stores

if TYPE_CHECKING:
    from daycast.storage.registry.store import Manifest
    from daycast.storage.reports.any_report import AnyReport, Aside, Picture
    from daycast.storage.reports.pages import Line, Pages
    from daycast.storage.sql.database import Database
    from daycast.storage.sql.runs import RunRow

    Report = TypeVar("Report", bound=AnyReport)


def show(job: AnyJob, report_of: Callable[[Database, RunRow], Report]) -> tuple[Report, str]:
    """Write a run's pages, and its markdown artifact in the Prefect UI.

    Args:
        job: the run's, whose row in SQL is closed.
        report_of: makes the report of that row.

    Returns:
        The report, and where the run's own page is.
    """
    from daycast.storage.reports.pages import render_markdown
    from daycast.storage.sql.runs import list_runs

    with job.database() as database:
        (run,) = list_runs(database, job.pipeline.name, since=job.as_of, until=job.as_of)
        report = report_of(database, run)
        page = keep_page(database, job.stores.pages(), report)
    create_markdown_artifact(
        render_markdown(report, page=page), key=f"{artifact_key(job)}-report", description=f"{run.run_id}: {run.status}"
    )
    return report, page


def documents_aside(stores: Stores, run: RunRow) -> Iterator[Aside]:
    """Why documents were set aside, with how many of each reason."""
    from daycast.storage.reports.any_report import Aside

    counts = Counter(stores.documents(run.pipeline).aside(run.started_at)[REASON])
    for reason, count in counts.most_common():
        yield Aside(symbol="documents", reason=reason, count=count)


def losses(manifest: Manifest | None, *, unit: str = "scaled units") -> Iterator[Picture]:
    """The losses of a version by epoch; nothing where it is not there or was not trained."""
    from daycast.models.pictures.panels import losses_in_words
    from daycast.models.pictures.plots import draw_losses
    from daycast.storage.reports.any_report import Picture

    history = manifest.history if manifest else {}
    told, validation = tuple(history.get("loss", ())), tuple(history.get("val_loss", ()))
    if manifest and told and validation:
        title = f"Loss of {manifest.version}"
        words = losses_in_words(told, validation, title=title)
        yield Picture(of="network", alt=words, svg=draw_losses(told, validation, title=title, unit=unit))


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
