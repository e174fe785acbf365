"""``daycast models``: what is kept of each model version, and which one serves."""

from __future__ import annotations

from typing import Annotated

import typer

from daycast.flows.command.answer_commands import Form, OnePipeline
from daycast.flows.command.terminal import out

app = typer.Typer(help="The model versions: list, show, promote, rollback, verify.", no_args_is_help=True)


@app.command("list")
def list_models(
    pipeline: OnePipeline = None,
    format: Annotated[Form, typer.Option(help="How they are printed.")] = Form.table,  # noqa: A002
) -> None:
    """List the versions, newest first."""
    from daycast.flows.command.printing import print_versions
    from daycast.storage.config.settings import Settings
    from daycast.tasks.answers import queries

    print_versions(out, queries.versions(Settings(), pipeline=pipeline), form=format.value)


@app.command("show")
def show_model(
    pipeline: str, version: Annotated[str | None, typer.Argument(help="The champion by default.")] = None
) -> None:
    """Show one version: where it comes from, what it is, how good it is."""
    from daycast.flows.command.printing import print_version
    from daycast.storage.config.settings import Settings
    from daycast.tasks.answers import queries

    print_version(out, queries.version(Settings(), pipeline=pipeline, name=version))


@app.command("promote")
def promote_model(pipeline: str, version: str) -> None:
    """Let a version serve from now on; its files are verified first."""
    from daycast.flows.command.printing import print_next
    from daycast.flows.running.clock import now
    from daycast.storage.config.settings import Settings
    from daycast.tasks.answers import queries

    queries.promote(Settings(), pipeline=pipeline, name=version, at=now())
    out.print(f"{pipeline}: {version} is the champion now.", highlight=False)
    print_next(out, f"daycast run {pipeline} --train reuse", f"daycast models rollback {pipeline}")


@app.command("rollback")
def rollback_model(pipeline: str) -> None:
    """Let the version that served before the champion serve again."""
    from daycast.flows.command.printing import print_next
    from daycast.flows.running.clock import now
    from daycast.storage.config.settings import Settings
    from daycast.tasks.answers import queries

    before, after = queries.rollback(Settings(), pipeline=pipeline, at=now())
    out.print(f"{pipeline}: {after} is the champion again, instead of {before}.", highlight=False)
    print_next(out, f"daycast run {pipeline} --train reuse", f"daycast models list {pipeline}")


@app.command("verify")
def verify_models(
    pipeline: OnePipeline = None,
) -> None:
    """Hash every stored file again and hold it against its manifest."""
    from daycast.flows.command.printing import print_verification
    from daycast.storage.config.settings import Settings
    from daycast.tasks.answers import queries

    files = queries.verify(Settings(), pipeline=pipeline)
    print_verification(out, files)
    if any(not file.ok for file in files):
        raise typer.Exit(1)
