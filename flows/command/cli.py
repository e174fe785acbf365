"""The command line: each command prints what it did and the command to run next.

Exit codes: 0 good, 1 the work failed, 2 wrong usage.
"""

from __future__ import annotations

import os
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from daycast.flows.command import (
    answer_commands,
    benchmark_commands,
    check_command,
    generate_command,
    model_commands,
    tune_command,
)
from daycast.flows.command.completion import pipelines_like
from daycast.flows.command.terminal import complain, out, say
from daycast.flows.running.safe_path import keep_working_folder_out, take_back_dash_m
from daycast.flows.running.stopping import Stopped, end_now, heeding_signals
from daycast.flows.running.surroundings import leave_loopback_alone
from daycast.storage.terms.errors import DaycastError

app = typer.Typer(
    help="Scheduled batch forecasting: prices and transformer data in, forecasts and their accuracy in SQL.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(answer_commands.app)
app.add_typer(model_commands.app, name="models")
app.command("check")(check_command.check)
app.command("tune")(tune_command.tune)
app.command("generate")(generate_command.generate)
app.add_typer(benchmark_commands.app, name="benchmark")


def _version(asked: bool) -> None:  # noqa: FBT001 — as Typer calls it
    if asked:
        from importlib.metadata import version

        out.print(f"daycast {version('daycast')}", highlight=False)
        raise typer.Exit


class Train(StrEnum):
    """How a run comes by its network."""

    auto = "auto"
    retrain = "retrain"
    fine_tune = "fine_tune"
    reuse = "reuse"


@app.callback()
def _daycast(
    version: Annotated[  # noqa: FBT002
        bool, typer.Option("--version", help="Say which daycast this is, and leave.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Scheduled batch forecasting: prices and transformer data in, forecasts and their accuracy in SQL."""


def main() -> None:
    """Run the command line; errors that daycast raises on purpose become one message and an exit code."""
    _quiet()
    keep_working_folder_out()
    leave_loopback_alone()
    try:
        app()
    except DaycastError as error:
        complain(str(error))
        raise SystemExit(error.exit_code) from None
    except Stopped as stopped:
        complain(f"{stopped}. Nothing is half-written; the same command goes on from there.")
        end_now(stopped.code)


@app.command()
def run(
    pipelines: Annotated[
        list[str] | None,
        typer.Argument(help="Those to run; all of the pipeline file by default.", autocompletion=pipelines_like),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="The instant the run pretends it is: ISO 8601; a date means its end. Times are UTC."),
    ] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Take every series from the built-in generator.")] = False,  # noqa: FBT002
    train: Annotated[
        Train, typer.Option(help="How to come by a network; auto goes by the pipeline's rules.")
    ] = Train.auto,
) -> None:
    """Do the daily job now: fetch, prepare, train, evaluate, forecast."""
    from daycast.flows.command.printing import print_run
    from daycast.flows.running.clock import parse_as_of
    from daycast.flows.server.local_server import prefect_api

    instant = parse_as_of(as_of)
    with heeding_signals(), prefect_api() as ready:
        from daycast.storage.config.pipeline_file import choose_pipelines, load_pipelines
        from daycast.storage.config.settings import Settings

        chosen = choose_pipelines(load_pipelines(Settings().pipelines), pipelines or [], sample=sample)
        from daycast.tasks.apart.process import prepare

        prepare()
        from daycast.tasks.apart.preload import importing, preload

        with importing():
            from daycast.flows.daily import run_now
            from daycast.flows.running.turns import in_waves, side_by_side
            from daycast.tasks.apart.cores import most_at_once

            preload()
        ready()
        summaries = []
        for wave in in_waves(chosen):
            runs = [partial(run_now, spec.name, as_of=instant, training=train.value) for spec in wave]
            summaries += side_by_side(runs, at_once=most_at_once())
    print_run(out, summaries)
    if any(summary.status == "failed" for summary in summaries):
        raise typer.Exit(1)


@app.command()
def backfill(
    pipeline: Annotated[str, typer.Argument(help="Its name in the pipeline file.", autocompletion=pipelines_like)],
    first: Annotated[str, typer.Option("--from", help="The first day (UTC), such as 2026-08-03.")],
    last: Annotated[str, typer.Option("--to", help="The last day, included.")],
    force: Annotated[bool, typer.Option("--force", help="Do days again that are done.")] = False,  # noqa: FBT002
    sample: Annotated[bool, typer.Option("--sample", help="Take every series from the built-in generator.")] = False,  # noqa: FBT002
    train: Annotated[
        Train, typer.Option(help="How to come by a network; auto goes by the pipeline's rules.")
    ] = Train.auto,
) -> None:
    """Do the daily run for each past day or session, oldest first, as of that day; days that are done are skipped."""
    from daycast.flows.command.printing import print_backfill
    from daycast.flows.running.clock import parse_day
    from daycast.flows.server.local_server import prefect_api

    days = {"first": parse_day(first, option="--from"), "last": parse_day(last, option="--to")}
    with heeding_signals(), prefect_api() as ready:
        from daycast.tasks.apart.process import prepare

        prepare()
        from daycast.tasks.apart.preload import importing, preload

        with importing():
            from daycast.flows.backfill import backfill_now

            preload()
        ready()
        outcome = backfill_now(pipeline, **days, force=force, training=train.value, sample=sample)
    print_backfill(out, outcome)
    if outcome.failed:
        raise typer.Exit(1)


@app.command()
def up(
    host: Annotated[
        str | None,
        typer.Option(help="The address the server binds to; PREFECT_SERVER_API_HOST, or loopback, by default."),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="The server's port; PREFECT_SERVER_API_PORT, or 4200, by default.")
    ] = None,
    password: Annotated[  # noqa: FBT002
        bool,
        typer.Option("--password", help="Have it ask for a password, made and kept in a file. Recommended."),
    ] = False,
    sample: Annotated[bool, typer.Option("--sample", help="Run every pipeline on generated data.")] = False,  # noqa: FBT002
) -> None:
    """Start a Prefect server with its UI, the schedules, and a process that runs them; Ctrl-C stops it all."""
    from daycast.flows.server.up import Asked, serve
    from daycast.storage.config.pipeline_file import load_pipelines
    from daycast.storage.config.settings import Settings

    settings = Settings()
    pipelines = list(load_pipelines(settings.pipelines).values())
    asked = Asked(host=host, port=port, password=password)
    serve(pipelines, settings=settings, asked=asked, sample=sample, say=say)


@app.command()
def deploy(
    pool: Annotated[str, typer.Option(help="The work pool whose workers run the flows.")],
    sample: Annotated[bool, typer.Option("--sample", help="Run every pipeline on generated data.")] = False,  # noqa: FBT002
) -> None:
    """Register the same deployments with a Prefect server and work pool that exist already."""
    from daycast.flows.command.printing import print_next
    from daycast.flows.server.deploy import register
    from daycast.storage.config.pipeline_file import load_pipelines
    from daycast.storage.config.settings import Settings

    settings = Settings()
    pipelines = list(load_pipelines(settings.pipelines).values())
    register(pipelines, settings=settings, pool=pool, sample=sample, say=say)
    print_next(out, f"prefect worker start --pool {pool}", "daycast status")


def _quiet() -> None:
    """Keep the libraries' own lines out of the terminal; whoever sets these variables sees what they ask for."""
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


if __name__ == "__main__":
    take_back_dash_m()
    main()
