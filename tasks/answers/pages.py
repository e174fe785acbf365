"""The pages of the newest runs, for ``daycast report``: plain functions, no Prefect server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daycast.storage.config.settings import Settings
from daycast.storage.terms.errors import ConfigError
from daycast.tasks.handover.pages import index_lines
from daycast.tasks.handover.stores import Stores

if TYPE_CHECKING:
    from daycast.storage.reports.any_report import AnyReport
    from daycast.storage.sql.database import Database
    from daycast.storage.sql.runs import RunRow


def write_pages(settings: Settings, *, pipeline: str | None) -> list[str]:
    """Write the page of one pipeline's newest run, or of every one's, and the page over all of them.

    Returns:
        The pages' places, the page over all pipelines last; none where nothing has run yet.

    Raises:
        ConfigError: the pipeline named has never run.
    """
    from daycast.storage.config.pipeline_file import choose_pipelines, load_pipelines
    from daycast.storage.sql.runs import latest_runs

    stores = Stores(settings)
    pages = stores.pages()
    with stores.database() as database:
        runs = {run.pipeline: run for run in latest_runs(database)}
        if pipeline is not None and pipeline not in runs:
            (named,) = choose_pipelines(load_pipelines(settings.pipelines), [pipeline], sample=False)
            raise ConfigError(
                f"A pipeline that has run is required: {', '.join(runs) or 'none has yet'}. Received: {named.name!r}. "
                f"Run it with: daycast run {named.name}"
            )
        chosen = list(runs) if pipeline is None else [pipeline]
        places = [pages.show(_report(database, stores, runs[name])) for name in chosen]
        return [*places, pages.index(index_lines(database))] if places else []


def _report(database: Database, stores: Stores, run: RunRow) -> AnyReport:
    """By what there is of the pipeline in the lake: the pipeline file may have it no more."""
    from daycast.tasks.steps.report import report_of
    from daycast.tasks.steps.report_labels import report_of_labels
    from daycast.tasks.steps.report_text import report_of_text

    if stores.documents(run.pipeline).empty():
        return report_of(database, stores, run)
    if stores.sequences(run.pipeline).empty():
        return report_of_labels(database, stores, run)
    return report_of_text(database, stores, run)
