"""The commands that answer: status, forecasts, runs, logs, report; and the one that brings the schema up to date."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from daycast.flows.command.completion import pipelines_like
from daycast.flows.command.terminal import out

app = typer.Typer()

OnePipeline = Annotated[str | None, typer.Argument(help="One pipeline; all by default.", autocompletion=pipelines_like)]


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


class Form(StrEnum):
    """How an answer is printed: for people, or for programs."""

    table = "table"
    json = "json"


@app.command()
def status(format: Annotated[Form, typer.Option(help="How it is printed.")] = Form.table) -> None:  # noqa: A002
    """Show for each pipeline the champion, its age, the last run, live skill, and what is stale or failing."""
    from daycast.flows.command.printing import print_status, print_status_as_json
    from daycast.flows.running.clock import now
    from daycast.flows.server.running_server import paused_pipelines
    from daycast.storage.config.settings import Settings
    from daycast.tasks.answers.status import status_report

    at = now()
    found, paused = status_report(Settings(), at=at), paused_pipelines()
    if format is Form.json:
        print_status_as_json(found, at=at, paused=paused)
    else:
        print_status(out, found, at=at, paused=paused)
    if any(row.troubles for row in found.pipelines):
        raise typer.Exit(1)


@app.command()
def forecasts(
    pipeline: OnePipeline = None,
    series: Annotated[str | None, typer.Option(help="One series, such as prices/AMZN.")] = None,
    format: Annotated[Format, typer.Option(help="How the rows are printed.")] = Format.table,  # noqa: A002
) -> None:
    """Show the latest forecasts; of a pipeline on text the labels that were told last, or the texts written last."""
    from daycast.flows.command.printing import print_forecasts
    from daycast.flows.command.printing_labels import print_labels
    from daycast.flows.command.printing_texts import print_texts
    from daycast.storage.config.settings import Settings
    from daycast.tasks.answers import queries

    predicts = "values" if pipeline is None else queries.predicts(Settings(), pipeline=pipeline)
    if pipeline is not None and predicts != "values":
        ask, show = {"labels": (queries.labels, print_labels), "text": (queries.texts, print_texts)}[predicts]
        show(out, ask(Settings(), pipeline=pipeline, series_id=series), form=format.value, pipeline=pipeline)
        return
    rows = queries.forecasts(Settings(), pipeline=pipeline, series_id=series)
    print_forecasts(out, rows, form=format.value)


@app.command()
def runs(
    pipeline: OnePipeline = None,
    last: Annotated[int, typer.Option(min=1, help="How many of them.")] = 20,
    format: Annotated[Form, typer.Option(help="How they are printed.")] = Form.table,  # noqa: A002
) -> None:
    """Show the last runs, newest first: how each ended, why it trained and what it served."""
    from daycast.flows.command.printing_runs import print_runs
    from daycast.storage.config.settings import Settings
    from daycast.tasks.answers import queries

    print_runs(out, queries.runs(Settings(), pipeline=pipeline, last=last), form=format.value)


@app.command()
def logs(
    run: Annotated[str, typer.Argument(help="A run_id, as daycast runs shows it, or a pipeline for its last run.")],
) -> None:
    """Show what a run logged, step by step, as the Prefect server keeps it."""
    from daycast.flows.command.printing_runs import print_logs
    from daycast.flows.server.local_server import prefect_api
    from daycast.storage.config.settings import Settings
    from daycast.tasks.answers import queries

    row = queries.run(Settings(), run=run)
    with prefect_api() as ready:
        from daycast.flows.server.run_logs import logs_of

        ready()
        lines = logs_of(row.prefect_flow_run_id)
    print_logs(out, row, lines)


@app.command()
def report(pipeline: OnePipeline = None) -> None:
    """Write a page with plots and figures for each pipeline that has run, whole in itself, and print where it is."""
    from daycast.flows.command.printing import print_report
    from daycast.storage.config.settings import Settings
    from daycast.tasks.answers.pages import write_pages

    print_report(out, write_pages(Settings(), pipeline=pipeline))


@app.command()
def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,  # noqa: FBT002
) -> None:
    """Bring the database to this daycast's schema, and make views again that are gone or were altered."""
    from daycast.flows.command.printing_runs import print_migration
    from daycast.storage.config.settings import Settings
    from daycast.tasks.answers import queries

    print_migration(out, queries.migration(Settings(), dry_run=dry_run), dry_run=dry_run)
